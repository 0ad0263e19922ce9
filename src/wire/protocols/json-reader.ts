import { ServiceError } from "../../lib/service-error.ts";
import type { ListShape, MapShape, Member, NumberShape, Shape, StructureShape } from "../model.ts";
import { decodeBase64, isInRange, parseTimestamp } from "./scalars.ts";

/** Nothing that the models describe is deeper; recursive shapes end here. */
const depthMax = 64;

/** Turns a parsed value into what the shape says; refuses any other. */
type Read = (value: unknown, depth: number) => unknown;

const readers = new WeakMap<Shape, Read>();

/** Reads a structure from JSON already parsed. Members that the shape does not know are dropped. */
export function readJson(shape: StructureShape, value: unknown): Record<string, unknown> {
  return readerOf(shape)(value, 0) as Record<string, unknown>;
}

function readerOf(shape: Shape): Read {
  const known = readers.get(shape);
  if (known) return known;
  const read = compile(shape);
  readers.set(shape, read);
  return read;
}

function compile(shape: Shape): Read {
  switch (shape.kind) {
    case "structure":
      return compileStructure(shape);
    case "list":
      return compileList(shape);
    case "map":
      return compileMap(shape);
    case "string":
      return (value) => (typeof value === "string" ? value : refuse(value, "a String"));
    case "boolean":
      return (value) => (typeof value === "boolean" ? value : refuse(value, "a Boolean"));
    case "blob":
      return (value) =>
        (typeof value === "string" ? decodeBase64(value) : undefined) ?? refuse(value, "a Blob");
    case "timestamp":
      return (value) => parseTimestamp(value, shape.format) ?? refuse(value, "a Timestamp");
    default:
      return compileNumber(shape);
  }
}

function compileNumber(shape: NumberShape): Read {
  const { kind } = shape;
  const name = { integer: "an Integer", long: "a Long", float: "a Float", double: "a Double" }[
    kind
  ];
  return (value) => {
    if (typeof value === "number" && isInRange(value, kind)) return value;
    if (kind === "double" || kind === "float") {
      if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
    }
    return refuse(value, name);
  };
}

interface Field {
  readonly name: string;
  readonly wireName: string;
  readonly read: Read;
}

/** The body's members only: those of the URI and of headers are bound elsewhere. */
function compileStructure(shape: StructureShape): Read {
  let fields: readonly Field[] | undefined;
  return (value, depth) => {
    if (!isObject(value)) return refuse(value, "a structure");
    if (depth > depthMax) throw tooDeep();
    fields ??= shape.members.filter(({ location }) => location === undefined).map(field);
    const read: Record<string, unknown> = {};
    for (const { name, wireName, read: readMember } of fields) {
      const member = value[wireName];
      // Models name no member of Object.prototype, so what is found here was sent.
      if (member !== undefined && member !== null) read[name] = readMember(member, depth + 1);
    }
    return read;
  };
}

function field({ name, locationName, shape }: Member): Field {
  return { name, wireName: locationName ?? name, read: readerOf(shape) };
}

function compileList(shape: ListShape): Read {
  let readMember: Read | undefined;
  return (value, depth) => {
    if (!Array.isArray(value)) return refuse(value, "a list");
    if (depth > depthMax) throw tooDeep();
    readMember ??= readerOf(shape.member.shape);
    const read: unknown[] = [];
    for (const member of value as readonly unknown[]) {
      if (member === null) return refuse(member, "a member of a list");
      read.push(readMember(member, depth + 1));
    }
    return read;
  };
}

function compileMap(shape: MapShape): Read {
  let readValue: Read | undefined;
  return (value, depth) => {
    if (!isObject(value)) return refuse(value, "a map");
    if (depth > depthMax) throw tooDeep();
    readValue ??= readerOf(shape.value.shape);
    const read: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      if (key === "__proto__") throw serializationError("the key `__proto__` is not accepted");
      const member = value[key];
      if (member !== null) read[key] = readValue(member, depth + 1);
    }
    return read;
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const serializationError = (message: string) => new ServiceError("SerializationException", message);

const tooDeep = () => serializationError(`the input is nested deeper than ${depthMax} levels`);

/** The words of AWS's own parsers. */
function refuse(value: unknown, wanted: string): never {
  if (Array.isArray(value)) throw serializationError("Start of list found where not expected");
  if (isObject(value)) {
    throw serializationError("Start of structure or map found where not expected.");
  }
  const found =
    typeof value === "boolean"
      ? `${value}_VALUE`.toUpperCase()
      : value === null
        ? "NULL_VALUE"
        : `${typeof value}_VALUE`.toUpperCase();
  throw serializationError(`${found} can not be converted to ${wanted}`);
}
