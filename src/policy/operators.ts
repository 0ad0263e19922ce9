import { compileArn } from "./arn.ts";
import { parseInstant } from "./instant.ts";
import { isInRange, parseIp, parseIpRange } from "./ip-range.ts";
import {
  compilePieces,
  type Dialect,
  isLiteral,
  type Matcher,
  readPieces,
  resolveVariable,
  textOf,
} from "./pattern.ts";
import { PolicyError } from "./policy-error.ts";

/** A condition operator: what it compares, and whether its answer is turned round. */
export interface Operator {
  readonly negated: boolean;
  /** Compiles one value of the policy. Throws `PolicyError` when the operator cannot read it. */
  compile(value: string, variables: boolean): Matcher;
}

type Compile = Operator["compile"];

const invalidValue = (): PolicyError => new PolicyError("Syntax errors in policy.");

const equals: Compile = (value, variables) =>
  compilePieces(readPieces(value, { wildcards: false, variables }));

const like: Compile = (value, variables) =>
  compilePieces(readPieces(value, { wildcards: true, variables }));

const equalsIgnoringCase: Compile = (value, variables) => {
  const pieces = readPieces(value, { wildcards: false, variables });
  if (isLiteral(pieces)) {
    const lower = textOf(pieces).toLowerCase();
    return (text) => text.toLowerCase() === lower;
  }
  const lowered = readPieces(value.toLowerCase(), { wildcards: false, variables });
  const matches = compilePieces(lowered);
  return (text, fact) =>
    matches(text.toLowerCase(), (key) => {
      const found = fact(key);
      return typeof found === "string" ? found.toLowerCase() : found;
    });
};

const arn: Compile = (value, variables) => {
  const dialect: Dialect = { wildcards: true, variables };
  const pieces = readPieces(value, dialect);
  const [first] = pieces;
  // A variable may stand for a whole ARN, and `*` for every ARN.
  if (pieces.length === 1 && typeof first === "object")
    return (text, fact) => text === resolveVariable(first, fact);
  if (value === "*") return (text) => text.startsWith("arn:");
  return compileArn(pieces, "matchNothing") ?? (() => false);
};

const bool: Compile = (value) => {
  const wanted = value.toLowerCase();
  if (wanted !== "true" && wanted !== "false") throw invalidValue();
  return (text) => text.toLowerCase() === wanted;
};

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const binary: Compile = (value) => {
  if (!base64.test(value)) throw invalidValue();
  return (text) => text === value;
};

const ip: Compile = (value) => {
  const range = parseIpRange(value);
  if (!range) throw invalidValue();
  return (text) => {
    const address = parseIp(text);
    return address !== undefined && isInRange(address, range);
  };
};

type Order = (given: number, wanted: number) => boolean;

const orders: Readonly<Record<string, Order>> = {
  Equals: (given, wanted) => given === wanted,
  LessThan: (given, wanted) => given < wanted,
  LessThanEquals: (given, wanted) => given <= wanted,
  GreaterThan: (given, wanted) => given > wanted,
  GreaterThanEquals: (given, wanted) => given >= wanted,
};

function ordered(read: (text: string) => number | undefined, order: Order): Compile {
  return (value) => {
    const wanted = read(value);
    if (wanted === undefined) throw invalidValue();
    return (text) => {
      const given = read(text);
      return given !== undefined && order(given, wanted);
    };
  };
}

function parseNumber(text: string): number | undefined {
  return /^[+-]?\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?$/.test(text)
    ? Number(text)
    : undefined;
}

const positive = (compile: Compile): Operator => ({ negated: false, compile });
const negative = (compile: Compile): Operator => ({ negated: true, compile });

function orderedOperators(
  prefix: string,
  read: (text: string) => number | undefined,
): [string, Operator][] {
  const rows = Object.entries(orders).map(([name, order]): [string, Operator] => [
    `${prefix}${name}`,
    positive(ordered(read, order)),
  ]);
  const equal: Order = (given, wanted) => given === wanted;
  return [...rows, [`${prefix}NotEquals`, negative(ordered(read, equal))]];
}

/** Every operator but `Null`, which asks about the key and not about its value. */
export const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["StringEquals", positive(equals)],
  ["StringNotEquals", negative(equals)],
  ["StringEqualsIgnoreCase", positive(equalsIgnoringCase)],
  ["StringNotEqualsIgnoreCase", negative(equalsIgnoringCase)],
  ["StringLike", positive(like)],
  ["StringNotLike", negative(like)],
  ...orderedOperators("Numeric", parseNumber),
  ...orderedOperators("Date", parseInstant),
  ["Bool", positive(bool)],
  ["BinaryEquals", positive(binary)],
  ["IpAddress", positive(ip)],
  ["NotIpAddress", negative(ip)],
  // AWS treats the two spellings alike: both know wildcards.
  ["ArnEquals", positive(arn)],
  ["ArnLike", positive(arn)],
  ["ArnNotEquals", negative(arn)],
  ["ArnNotLike", negative(arn)],
]);
