import { assert } from "../../src/lib/assert.ts";
import type { Member, OperationModel, Shape, StringShape } from "../../src/wire/model.ts";
import { compilePattern } from "../../src/wire/pattern.ts";

/** Values for members, by their names. */
export type Known = Readonly<Record<string, unknown>>;

/** Texts of many forms; the first that a shape admits is taken. */
const texts: readonly string[] = [
  "a",
  "some-name",
  "a-text-that-is-long-enough-for-all",
  "12",
  "111122223333",
  "arn:aws:iam::111122223333:role/some",
  "arn:aws:kinesis:us-east-1:111122223333:stream/some",
  "arn:aws:kinesisanalytics:us-east-1:111122223333:application/some",
  "AKIAIOSFODNN7EXAMPLE",
  "v1",
  "alias/some",
  "eu-west-1",
];

/**
 * The smallest input that the model admits: what it requires, and each known member wherever it stands. A member that
 * is not required is only there when `known` has it under `Operation.Member`.
 */
export function minimalInput(operation: OperationModel, known: Known): Record<string, unknown> {
  const input = structureOf(operation.input.members, known);
  const own = `${operation.name}.`;
  for (const [name, value] of Object.entries(known)) {
    if (name.startsWith(own)) input[name.slice(own.length)] = value;
  }
  return input;
}

function structureOf(members: readonly Member[], known: Known): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const { name, required, shape } of members) {
    if (required) made[name] = known[name] ?? make(name, shape, known);
  }
  return made;
}

function make(name: string, shape: Shape, known: Known): unknown {
  switch (shape.kind) {
    case "structure":
      return structureOf(shape.members, known);
    case "list":
      return [known[name] ?? make(name, shape.member.shape, known)];
    case "map":
      return { [textOf(name, shape.key.shape)]: make(name, shape.value.shape, known) };
    case "string":
      return textOf(name, shape);
    case "blob":
      return Buffer.from("some bytes");
    case "timestamp":
      return new Date(Date.UTC(2026, 10, 22));
    case "boolean":
      return true;
    default:
      return Math.max(shape.min ?? 1, 1);
  }
}

function textOf(name: string, shape: Shape): string {
  assert(shape.kind === "string", `${name} is a text`);
  const found = shape.enum?.[0] ?? texts.find((text) => admits(shape, text));
  assert(found !== undefined, `no text fits ${name}: ${shape.pattern ?? shape.name}`);
  return found;
}

const admits = ({ min = 0, max = 1e6, pattern }: StringShape, text: string): boolean =>
  text.length >= min &&
  text.length <= max &&
  (pattern === undefined || compilePattern(pattern).test(text));
