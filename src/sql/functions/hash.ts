import { isOn } from "../catalog.ts";
import type { Typed } from "../conversion.ts";
import type { Macro } from "../prelude.ts";
import { bigint } from "../type-rules.ts";
import type { SqlType } from "../types.ts";
import type { Building, FunctionRow } from "./row.ts";

/** Java's hash codes as Hive takes them of its types: as 32 bits without a sign, until all of them are together. */
export const hashMacros: readonly Macro[] = [
  ["odps_hash_step(sum, n)", "(sum * 31 + n) & 4294967295"],
  ["odps_hash_long(n)", "xor(n & 4294967295, (n >> 32) & 4294967295)"],
  [
    "odps_hash_text(s)",
    `list_reduce(odps_bytes(hex(s)), lambda odps_sum, odps_byte: odps_hash_step(odps_sum,
      CASE WHEN odps_byte > 127 THEN odps_byte - 256 ELSE odps_byte END), CAST(0 AS BIGINT))`,
  ],
  [
    "odps_hash_words(n)",
    `odps_hash_step(odps_hash_step(odps_hash_step(CAST(n // ${2n ** 96n} AS BIGINT), CAST((n % ${2n ** 96n}) // ${2n ** 64n} AS BIGINT)),
      CAST((n % ${2n ** 64n}) // ${2n ** 32n} AS BIGINT)), CAST(n % ${2n ** 32n} AS BIGINT))`,
  ],
  [
    "odps_hash_decimal(s)",
    `odps_hash_step(odps_hash_words(abs(CAST(replace(s, '.', '') AS HUGEINT))) * CASE WHEN starts_with(s, '-') THEN -1 ELSE 1 END,
      length(split_part(s, '.', 2)))`,
  ],
];

/** The hash code of a value that is there. */
function codeOf({ sql, type }: Typed, building: Building): string {
  const ways: Partial<Record<SqlType["kind"], string>> = {
    boolean: `CAST(CAST(${sql} AS INTEGER) AS BIGINT)`,
    tinyint: `(CAST(${sql} AS BIGINT) & 4294967295)`,
    smallint: `(CAST(${sql} AS BIGINT) & 4294967295)`,
    int: `(CAST(${sql} AS BIGINT) & 4294967295)`,
    bigint: `odps_hash_long(${sql})`,
    float: `(CAST(CAST(CAST(${sql} AS BIT) AS INTEGER) AS BIGINT) & 4294967295)`,
    double: `odps_hash_long(CAST(CAST(${sql} AS BIT) AS BIGINT))`,
    decimal: `odps_hash_decimal(odps_decimal_text(${sql}))`,
    string: `odps_hash_text(${sql})`,
    varchar: `odps_hash_text(${sql})`,
    char: `odps_hash_text(${sql})`,
    date: `(CAST(${sql} - DATE '1970-01-01' AS BIGINT) & 4294967295)`,
    datetime: `odps_hash_long(((epoch_ms(${sql}) // 1000) << 30) | ((epoch_ms(${sql}) % 1000) * 1000000))`,
    void: "0",
  };
  return (
    ways[type.kind] ?? building.refuse(`HASH takes no value of type ${type.kind.toUpperCase()}`)
  );
}

/** One hash code of several values, in 32 bits without a sign; NULL counts as 0. */
export const hashCode = (values: readonly Typed[], building: Building): string =>
  values.reduce(
    (sum, value) => `odps_hash_step(${sum}, coalesce(${codeOf(value, building)}, 0))`,
    "CAST(0 AS BIGINT)",
  );

/** HASH: INT where Hive's types are on, else BIGINT. */
function hash(values: readonly Typed[], building: Building): Typed {
  const sql = `CAST(odps_wrap(${hashCode(values, building)}, 4294967296) AS BIGINT)`;
  return isOn(building, "odps.sql.hive.compatible")
    ? { sql: `CAST(${sql} AS INTEGER)`, type: { kind: "int" } }
    : { sql, type: bigint };
}

/** The part, from 0, into which a row falls: by its values, or by chance where it has none. */
function partOf(count: bigint, values: readonly Typed[], building: Building): string {
  const random = `CAST(floor(random() * ${count}) AS BIGINT)`;
  if (values.length === 0) return random;
  const absent = values.map(({ sql }) => `${sql} IS NULL`).join(" AND ");
  return `CASE WHEN ${absent} THEN ${random} ELSE ${hashCode(values, building)} % ${count} END`;
}

/** SAMPLE(x, y, columns..): whether a row is in the y-th of x parts. */
function sample([parts, place, ...values]: readonly Typed[], building: Building): string {
  const count = parts?.literal;
  const chosen = place ? place.literal : 1n;
  if (count === null || chosen === null) return "CAST(NULL AS BOOLEAN)";
  if (typeof count !== "bigint" || typeof chosen !== "bigint" || chosen < 1n || chosen > count)
    return building.refuse("SAMPLE takes a number of parts, and which of them, from 1");
  return `(${partOf(count, values, building)} = ${chosen - 1n})`;
}

/** Hash codes, and what is chosen by them. */
export const hashFunctions: readonly FunctionRow[] = [
  ["hash(any...) -> bigint", hash],
  ["sample(literal bigint, literal bigint?, any...) -> boolean", sample],
];
