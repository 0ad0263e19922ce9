import { assert } from "../../lib/assert.ts";
import type { ListShape, MapShape, Member, Shape, StructureShape } from "../model.ts";
import { encodeBase64, formatTimestamp } from "./scalars.ts";

type Write = (value: unknown) => string;

const writers = new WeakMap<Shape, Write>();

/** The body's members of an output, as JSON. What the shape does not name is not written. */
export function writeJson(shape: StructureShape, output: unknown): string {
  return writerOf(shape)(output ?? {});
}

function writerOf(shape: Shape): Write {
  const known = writers.get(shape);
  if (known) return known;
  const write = compile(shape);
  writers.set(shape, write);
  return write;
}

function compile(shape: Shape): Write {
  const why = mismatch(shape);
  switch (shape.kind) {
    case "structure":
      return compileStructure(shape);
    case "list":
      return compileList(shape);
    case "map":
      return compileMap(shape);
    case "string":
      return (value) => {
        assert(typeof value === "string", why);
        return JSON.stringify(value);
      };
    case "boolean":
      return (value) => (value === true ? "true" : "false");
    case "blob":
      return (value) => {
        assert(value instanceof Uint8Array, why);
        return `"${encodeBase64(value)}"`;
      };
    case "timestamp":
      return (value) => {
        assert(value instanceof Date, why);
        const text = formatTimestamp(value, shape.format ?? "unixTimestamp");
        return shape.format === undefined || shape.format === "unixTimestamp" ? text : `"${text}"`;
      };
    default:
      return (value) => {
        assert(typeof value === "number", why);
        return Number.isFinite(value) ? String(value) : `"${value}"`;
      };
  }
}

interface Field {
  readonly name: string;
  readonly label: string;
  readonly write: Write;
}

function compileStructure(shape: StructureShape): Write {
  const why = mismatch(shape);
  let fields: readonly Field[] | undefined;
  return (value) => {
    assert(typeof value === "object" && value !== null, why);
    const members = value as Readonly<Record<string, unknown>>;
    fields ??= shape.members.filter(({ location }) => location === undefined).map(field);
    let text = "";
    for (const { name, label, write } of fields) {
      const member = members[name];
      if (member === undefined || member === null) continue;
      text += (text === "" ? "{" : ",") + label + write(member);
    }
    return text === "" ? "{}" : `${text}}`;
  };
}

function field({ name, locationName, shape }: Member): Field {
  return { name, label: `${JSON.stringify(locationName ?? name)}:`, write: writerOf(shape) };
}

function compileList(shape: ListShape): Write {
  const why = mismatch(shape);
  let write: Write | undefined;
  return (value) => {
    assert(Array.isArray(value), why);
    write ??= writerOf(shape.member.shape);
    let text = "[";
    for (const member of value as readonly unknown[]) {
      text += (text === "[" ? "" : ",") + write(member);
    }
    return `${text}]`;
  };
}

function compileMap(shape: MapShape): Write {
  const why = mismatch(shape);
  let write: Write | undefined;
  return (value) => {
    assert(typeof value === "object" && value !== null, why);
    write ??= writerOf(shape.value.shape);
    let text = "";
    for (const [key, member] of Object.entries(value)) {
      if (member === undefined || member === null) continue;
      text += `${text === "" ? "{" : ","}${JSON.stringify(key)}:${write(member)}`;
    }
    return text === "" ? "{}" : `${text}}`;
  };
}

/** Why an assertion fails: a handler gave what the model does not say. Made once, not for every value. */
const mismatch = ({ name }: Shape) => `the output holds a ${name} of another type than the model's`;
