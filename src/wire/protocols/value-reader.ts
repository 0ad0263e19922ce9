import { assert } from "../../lib/assert.ts";
import { ServiceError } from "../../lib/service-error.ts";
import type {
  ListShape,
  MapShape,
  NumberShape,
  Shape,
  StructureShape,
  TimestampFormat,
} from "../model.ts";
import { isInRange } from "./scalars.ts";

/** Nothing that the models describe is deeper; recursive shapes end here. */
const depthMax = 64;

/** How a format carries what JSON and CBOR tell apart; undefined where a value is none. */
export interface Format {
  blob(value: unknown): Buffer | undefined;
  timestamp(value: unknown, format: TimestampFormat | undefined): Date | undefined;
  /** Whether members that REST binds to the URI or to headers are in the body all the same. */
  readonly whole: boolean;
}

/** Turns a parsed value into what the shape says; refuses any other. */
type Read = (value: unknown, depth: number) => unknown;

type ReadInput = (shape: StructureShape, value: unknown) => Record<string, unknown>;

/** Reads structures from values already parsed. Members that a shape does not know are dropped. */
export function createReader(format: Format): ReadInput {
  const readers = new WeakMap<Shape, Read>();

  function readerOf(shape: Shape): Read {
    const known = readers.get(shape);
    if (known) return known;
    const read = compile(shape, format, readerOf);
    readers.set(shape, read);
    return read;
  }

  return (shape, value) => {
    const read = readerOf(shape)(value, 0);
    assert(isObject(read), "a structure is read as an object");
    return read;
  };
}

function compile(shape: Shape, format: Format, readerOf: (shape: Shape) => Read): Read {
  switch (shape.kind) {
    case "structure":
      return compileStructure(shape, format.whole, readerOf);
    case "list":
      return compileList(shape, readerOf);
    case "map":
      return compileMap(shape, readerOf);
    case "string":
      return (value) => (typeof value === "string" ? value : refuse(value, "a String"));
    case "boolean":
      return (value) => (typeof value === "boolean" ? value : refuse(value, "a Boolean"));
    case "blob":
      return (value) => format.blob(value) ?? refuse(value, "a Blob");
    case "timestamp":
      return (value) => format.timestamp(value, shape.format) ?? refuse(value, "a Timestamp");
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

function compileStructure(
  shape: StructureShape,
  whole: boolean,
  readerOf: (shape: Shape) => Read,
): Read {
  let fields: readonly Field[] | undefined;
  return (value, depth) => {
    if (!isObject(value)) return refuse(value, "a structure");
    if (depth > depthMax) throw tooDeep();
    fields ??= shape.members
      .filter(({ location }) => whole || location === undefined)
      .map(({ name, locationName = name, shape: of }) => {
        return { name, wireName: locationName, read: readerOf(of) };
      });
    const read: Record<string, unknown> = {};
    for (const { name, wireName, read: readMember } of fields) {
      const member = value[wireName];
      // Models name no member of Object.prototype, so what is found here was sent.
      if (member !== undefined && member !== null) read[name] = readMember(member, depth + 1);
    }
    return read;
  };
}

function compileList(shape: ListShape, readerOf: (shape: Shape) => Read): Read {
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

function compileMap(shape: MapShape, readerOf: (shape: Shape) => Read): Read {
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
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}

const serializationError = (message: string) => new ServiceError("SerializationException", message);

const tooDeep = () => serializationError(`the input is nested deeper than ${depthMax} levels`);

/** The words of AWS's own parsers. */
function refuse(value: unknown, wanted: string): never {
  if (Array.isArray(value)) throw serializationError("Start of list found where not expected");
  if (isObject(value)) {
    throw serializationError("Start of structure or map found where not expected.");
  }
  const kind = value instanceof Uint8Array ? "binary" : typeof value;
  const found = `${value === null || kind === "boolean" ? value : kind}_VALUE`.toUpperCase();
  throw serializationError(`${found} can not be converted to ${wanted}`);
}
