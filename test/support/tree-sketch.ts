import type { Expression, WindowDefinition } from "../../src/sql/tree.ts";
import { type SqlType, typeText } from "../../src/sql/types.ts";

/**
 * A tree in the short form that tests compare: no positions, nothing that is empty or false, names and expressions as
 * text. Operators stand in parentheses, so that the form shows how tightly they bind.
 */
export function sketch(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sketch);
  if (typeof value !== "object" || value === null) return value;
  const found = value as Readonly<Record<string, unknown>>;
  if (typeof found["key"] === "string" && typeof found["text"] === "string") return found["text"];
  if (Array.isArray(found["parts"])) return found["parts"].map(sketch).join(".");
  if (isExpression(found)) return expressionText(found);
  if (isType(found)) return typeText(found);
  const kept = Object.entries(found)
    .filter(([key]) => key !== "at" && !key.endsWith("Range"))
    .map(([key, inner]) => [key, sketch(inner)] as const)
    .filter(
      ([, inner]) =>
        inner !== undefined && inner !== false && !(Array.isArray(inner) && inner.length === 0),
    );
  return shortened(Object.fromEntries(kept));
}

/** What says no more than its one part is that part: an item without an alias, a table, a query without a tail. */
function shortened(found: Readonly<Record<string, unknown>>): unknown {
  const { kind, expression, name, body, alias, ...others } = found;
  if (Object.keys(others).length > 0) return found;
  const named = typeof alias === "string" ? ` as ${alias}` : "";
  if (typeof expression === "string" && (kind === undefined || kind === "key")) {
    return expression + named;
  }
  if (kind === "table" && typeof name === "string") return name + named;
  return kind === "query" && body !== undefined ? body : found;
}

const typeKinds =
  /^(bigint|int|smallint|tinyint|string|double|boolean|datetime|decimal|array|map)$/;

function isType(value: object): value is SqlType {
  return "kind" in value && typeKinds.test(String(value.kind)) && !("at" in value);
}

const expressionKinds: ReadonlySet<string> = new Set(
  `integer double decimal string bytes boolean null date datetime timestamp timestamp_ntz interval name variable star
  field element unary binary and or between in-list in-query like is distinct exists subquery row case cast extract call
  lambda`.split(/\s+/),
);

function isExpression(value: object): value is Expression {
  return "kind" in value && "at" in value && expressionKinds.has(String(value.kind));
}

const join = (items: readonly Expression[]) => items.map(expressionText).join(", ");
const not = (negated: boolean) => (negated ? "not " : "");
const queryText = (query: object) => JSON.stringify(sketch(query));

/** An expression as text. */
export function expressionText(tree: Expression): string {
  const text = expressionText;
  switch (tree.kind) {
    case "integer":
      return `${tree.digits}${tree.suffix ?? ""}`;
    case "double":
      return `double ${tree.text}`;
    case "decimal":
      return `decimal ${tree.text}`;
    case "string":
      return `'${tree.value}'`;
    case "bytes":
      return `x'${tree.hex}'`;
    case "boolean":
      return String(tree.value);
    case "null":
      return "null";
    case "date":
    case "datetime":
    case "timestamp":
    case "timestamp_ntz":
      return `${tree.kind} '${tree.value}'`;
    case "interval":
      return `interval ${text(tree.value)} ${tree.unit}${tree.to ? ` to ${tree.to}` : ""}`;
    case "name":
      return tree.parts.map((part) => part.text).join(".");
    case "variable":
      return `@${tree.name.text}`;
    case "star": {
      const except = tree.except.map((name) => name.text).join(", ");
      const star = [...tree.qualifier.map((part) => part.text), "*"].join(".");
      return except ? `${star} except (${except})` : star;
    }
    case "field":
      return `field(${text(tree.of)}, ${tree.name.text})`;
    case "element":
      return `${text(tree.of)}[${text(tree.index)}]`;
    case "call":
      return callText(tree);
    default:
      return operatorText(tree);
  }
}

type Operators = Exclude<
  Expression,
  {
    readonly kind:
      | "integer"
      | "double"
      | "decimal"
      | "string"
      | "bytes"
      | "boolean"
      | "null"
      | "date"
      | "datetime"
      | "timestamp"
      | "timestamp_ntz"
      | "interval"
      | "name"
      | "variable"
      | "star"
      | "field"
      | "element"
      | "call";
  }
>;

function operatorText(tree: Operators): string {
  const text = expressionText;
  switch (tree.kind) {
    case "unary":
      return `(${tree.operator} ${text(tree.operand)})`;
    case "binary":
      return `(${text(tree.left)} ${tree.operator} ${text(tree.right)})`;
    case "and":
    case "or":
      return `(${tree.operands.map(text).join(` ${tree.kind} `)})`;
    case "between":
      return `(${text(tree.operand)} ${not(tree.negated)}between ${text(tree.low)} and ${text(tree.high)})`;
    case "in-list":
      return `(${text(tree.operand)} ${not(tree.negated)}in (${join(tree.list)}))`;
    case "in-query":
      return `(${text(tree.operand)} ${not(tree.negated)}in ${queryText(tree.query)})`;
    case "like": {
      const escaped = tree.escape ? ` escape ${text(tree.escape)}` : "";
      return `(${text(tree.operand)} ${not(tree.negated)}${tree.operator} ${text(tree.pattern)}${escaped})`;
    }
    case "is":
      return `(${text(tree.operand)} is ${not(tree.negated)}${tree.test})`;
    case "distinct":
      return `(${text(tree.left)} is ${not(tree.negated)}distinct from ${text(tree.right)})`;
    case "exists":
      return `exists ${queryText(tree.query)}`;
    case "subquery":
      return queryText(tree.query);
    case "row":
      return `row(${join(tree.items)})`;
    case "case": {
      const branches = tree.branches.map(
        ({ when, result }) => ` when ${text(when)} then ${text(result)}`,
      );
      const operand = tree.operand ? ` ${text(tree.operand)}` : "";
      const otherwise = tree.otherwise ? ` else ${text(tree.otherwise)}` : "";
      return `case${operand}${branches.join("")}${otherwise} end`;
    }
    case "cast":
      return `cast(${text(tree.operand)} as ${typeText(tree.type)})`;
    case "extract":
      return `extract(${tree.unit} from ${text(tree.operand)})`;
    case "lambda":
      return `(${tree.parameters.map((name) => name.text).join(", ")}) -> ${text(tree.body)}`;
  }
}

function callText(tree: Extract<Expression, { readonly kind: "call" }>): string {
  const path = [...tree.qualifier.map((name) => name.text), tree.name.key].join(":");
  const order = tree.withinGroup?.map((item) => JSON.stringify(sketch(item))).join(",");
  const parts = [
    `${path}(${tree.distinct ? "distinct " : ""}${join(tree.arguments)})`,
    order && `within ${order}`,
    tree.filter && `filter ${expressionText(tree.filter)}`,
    tree.ignoreNulls !== undefined && (tree.ignoreNulls ? "ignore nulls" : "respect nulls"),
    tree.over && `over ${"kind" in tree.over ? windowText(tree.over) : tree.over.text}`,
  ];
  return parts.filter((part) => part).join(" ");
}

function windowText({ base, partitionBy, orderBy, frame }: WindowDefinition): string {
  return JSON.stringify(sketch({ base, partitionBy, orderBy, frame }));
}
