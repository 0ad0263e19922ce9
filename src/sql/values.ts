import { type Catalog, isOn } from "./catalog.ts";
import { castTo, convertTo, resolveCondition, resolveExpression } from "./expression.ts";
import { alignPair } from "./operators.ts";
import { quoteText } from "./quote.ts";
import type { Resolved, Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type {
  CaseExpression,
  ElementExpression,
  ExtractExpression,
  IntervalExpression,
  Literal,
} from "./tree.ts";
import { bigint, boolean, commonType, decimalOf, double, string, voidType } from "./type-rules.ts";
import { type SqlType, typeText } from "./types.ts";

const integerKinds = { y: "tinyint", s: "smallint", l: "bigint" } as const;
const integerBits = { tinyint: 8, smallint: 16, int: 32, bigint: 64 } as const;
const duckIntegers = {
  tinyint: "TINYINT",
  smallint: "SMALLINT",
  int: "INTEGER",
  bigint: "BIGINT",
} as const;

/** A value that is written out. Numbers are cast, so that no bare number reaches ORDER BY or GROUP BY as a position. */
export function resolveLiteral(literal: Literal, catalog: Catalog): Resolved {
  switch (literal.kind) {
    case "integer":
      return integerLiteral(literal, isOn(catalog, "odps.sql.type.system.odps2", true));
    case "double":
      return {
        sql: `CAST(${Number(literal.text)} AS DOUBLE)`,
        type: double,
        uses: [],
        literal: Number(literal.text),
      };
    case "decimal": {
      const [whole = "", fraction = ""] =
        literal.text.toLowerCase().split("e")[0]?.split(".") ?? [];
      const type = decimalOf(Math.max(1, whole.length + fraction.length), fraction.length);
      return castTo({ sql: quoteText(literal.text), type: string, uses: [] }, type, literal.at);
    }
    case "string":
      return { sql: quoteText(literal.value), type: string, uses: [], literal: literal.value };
    case "bytes":
      return { sql: `from_hex(${quoteText(literal.hex)})`, type: { kind: "binary" }, uses: [] };
    case "boolean":
      return {
        sql: literal.value ? "true" : "false",
        type: boolean,
        uses: [],
        literal: literal.value,
      };
    case "null":
      return { sql: "NULL", type: voidType, uses: [], literal: null };
    default: {
      const text: Resolved = { sql: quoteText(literal.value), type: string, uses: [] };
      return castTo(text, { kind: literal.kind }, literal.at);
    }
  }
}

function integerLiteral(literal: Literal & { kind: "integer" }, newTypes: boolean): Resolved {
  const value = BigInt(literal.digits);
  const fits = (kind: keyof typeof integerBits) => value <= 2n ** BigInt(integerBits[kind] - 1);
  const kind = literal.suffix
    ? integerKinds[literal.suffix]
    : newTypes && value < 2n ** 31n
      ? "int"
      : "bigint";
  if (!fits(kind)) {
    return refuse(
      literal.at,
      `the number ${literal.digits} does not fit into ${kind.toUpperCase()}`,
    );
  }
  // The least number is written as the negation of one that does not fit.
  const sql =
    value === 2n ** 63n ? `CAST('${value}' AS HUGEINT)` : `CAST(${value} AS ${duckIntegers[kind]})`;
  return { sql, type: { kind }, uses: [], literal: value };
}

export function resolveCase(expression: CaseExpression, scope: Scope): Resolved {
  const { at, branches, otherwise } = expression;
  const operand = expression.operand && resolveExpression(expression.operand, scope);
  const tests = branches.map(({ when }) => {
    if (!operand) return resolveCondition(when, scope, "WHEN");
    const value = resolveExpression(when, scope);
    const [left, right] = alignPair(operand, value, when.at, "CASE");
    return {
      sql: `(${left.sql} = ${right.sql})`,
      type: boolean,
      uses: [...left.uses, ...right.uses],
    };
  });
  const results = branches.map(({ result }) => resolveExpression(result, scope));
  if (otherwise) results.push(resolveExpression(otherwise, scope));
  const type = unify(results, (left, right) =>
    refuse(at, `CASE has results of types ${left} and ${right}, which have no common type`),
  );
  const values = results.map((result) => convertTo(result, type, at, "a result of CASE").sql);
  const whens = tests.map(({ sql }, index) => `WHEN ${sql} THEN ${values[index]}`);
  const rest = otherwise ? ` ELSE ${values.at(-1)}` : "";
  const uses = [...tests, ...results].flatMap((part) => part.uses);
  return { sql: `CASE ${whens.join(" ")}${rest} END`, type, uses };
}

/** The one type that all values take. */
export function unify(
  values: readonly { readonly type: SqlType }[],
  fail: (left: string, right: string) => never,
): SqlType {
  return values.reduce<SqlType>((type, value) => {
    const common = commonType(type, value.type);
    return common ?? fail(typeText(type).toUpperCase(), typeText(value.type).toUpperCase());
  }, voidType);
}

/** A constant key or index as a step of a JSON path. */
function jsonStep({ literal }: Resolved): string | undefined {
  // To DuckDB a star stands for all keys, quoted or not; of an empty key and of controls it knows no path.
  if (typeof literal === "string")
    return /^[^*\p{C}]+$/u.test(literal) ? `.${JSON.stringify(literal)}` : undefined;
  const place = literal === null || literal === undefined ? "" : String(literal);
  return /^\d{1,9}$/.test(place) ? `[${place}]` : undefined;
}

export function resolveElement({ of, index, at }: ElementExpression, scope: Scope): Resolved {
  const [whole, place] = [resolveExpression(of, scope), resolveExpression(index, scope)];
  const uses = [...whole.uses, ...place.uses];
  if (whole.type.kind === "array") {
    const number = convertTo(place, bigint, index.at, "an array's index").sql;
    // Counted from 0, and nothing before the first.
    const sql = `CASE WHEN ${number} >= 0 THEN list_extract(${whole.sql}, ${number} + 1) END`;
    return { sql, type: whole.type.element, uses };
  }
  if (whole.type.kind === "map") {
    const key = convertTo(place, whole.type.key, index.at, "a map's key").sql;
    return { sql: `map_extract_value(${whole.sql}, ${key})`, type: whole.type.value, uses };
  }
  if (whole.type.kind === "json") {
    const step =
      jsonStep(place) ??
      refuse(
        index.at,
        "a JSON value's key is a constant text without a star or controls, its index one from 0",
      );
    const sql = `TRY(json_extract(${whole.sql}, ${quoteText(`$${step}`)}))`;
    return { sql, type: whole.type, uses };
  }
  return refuse(at, `type ${typeText(whole.type).toUpperCase()} has no elements`);
}

const extracted: Readonly<Record<string, string>> = {
  dayofweek: "(CAST(dayofweek($) AS BIGINT) + 1)",
  dow: "CAST(dayofweek($) AS BIGINT)",
  doy: "CAST(dayofyear($) AS BIGINT)",
  epoch: "CAST(floor(epoch($)) AS BIGINT)",
  second: "CAST(second($) AS BIGINT)",
};

export function resolveExtract({ unit, operand, at }: ExtractExpression, scope: Scope): Resolved {
  const value = resolveExpression(operand, scope);
  const plain = value.type.kind === "date" || value.type.kind === "timestamp_ntz";
  const moment = plain
    ? value
    : convertTo(value, { kind: "datetime" }, at, "the operand of EXTRACT");
  const template = extracted[unit] ?? `CAST(extract('${unit}' FROM $) AS BIGINT)`;
  return { sql: template.replace("$", () => moment.sql), type: { kind: "int" }, uses: moment.uses };
}

export function resolveInterval(
  { value, unit, to, at }: IntervalExpression,
  scope: Scope,
): Resolved {
  const months = unit === "year" || unit === "quarter" || unit === "month";
  const type: SqlType = { kind: months ? "interval_year_month" : "interval_day_time" };
  const amount = resolveExpression(value, scope);
  if (to === undefined) {
    const number = convertTo(amount, bigint, at, "an interval's amount").sql;
    const known = /^(year|quarter|month|week|day|hour|minute|second|millisecond|microsecond)$/.test(
      unit,
    );
    if (!known) return refuse(at, `an interval of ${unit} is not supported`);
    return { sql: `(${number} * INTERVAL 1 ${unit.toUpperCase()})`, type, uses: amount.uses };
  }
  if (typeof amount.literal !== "string") {
    return refuse(at, "an interval from one unit to another is written as a text");
  }
  const found = /^\s*([+-]?)(\d{1,9})-(\d{1,2})\s*$/.exec(amount.literal);
  if (months && found) {
    const total = Number(found[2]) * 12 + Number(found[3]);
    return { sql: `INTERVAL (${found[1] === "-" ? -total : total}) MONTH`, type, uses: [] };
  }
  const clock = /^\s*([+-]?)(\d{1,9}) (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6}))?\s*$/.exec(
    amount.literal,
  );
  if (months || !clock) return refuse(at, `the interval '${amount.literal}' is not understood`);
  const [, sign, days, hours, minutes, seconds, fraction = ""] = clock;
  const micros =
    ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  const whole = BigInt(micros) * 1_000_000n + BigInt(fraction.padEnd(6, "0"));
  return { sql: `to_microseconds(${sign === "-" ? -whole : whole})`, type, uses: [] };
}
