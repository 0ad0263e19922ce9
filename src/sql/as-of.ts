import { type CatalogTable, fullName, type WantedVersion } from "./catalog.ts";
import type { Environment } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import { findTable } from "./tables.ts";
import type { CallExpression, Expression, TableReference } from "./tree.ts";

/** The version of a table that `TIMESTAMP AS OF` or `VERSION AS OF` means. Its columns are those of today. */
export function tableAsOf(
  table: CatalogTable,
  { asOf, at }: TableReference,
  environment: Environment,
): CatalogTable {
  if (!asOf) return table;
  const name = fullName(table);
  if (table.kind !== "table") return refuse(at, `${name} is a ${table.kind}: it has no versions`);
  const wanted = wantedVersion(asOf, table, environment);
  if (asOf.since) return insertedBetween(asOf.since, asOf, table, environment);
  const found = environment.world.catalog.findVersion(table, wanted);
  return found ?? refuse(asOf.value.at, `table ${name} has no such version, or not any more`);
}

/** What was inserted after one version, up to another: of a transactional table, as in MaxCompute. */
function insertedBetween(
  since: Expression,
  asOf: NonNullable<TableReference["asOf"]>,
  table: CatalogTable,
  environment: Environment,
): CatalogTable {
  const name = fullName(table);
  if (!table.transactional) {
    return refuse(
      since.at,
      `table ${name} is not transactional: what was inserted between versions is not told of it`,
    );
  }
  const from = wantedVersion({ ...asOf, value: since }, table, environment);
  const until = wantedVersion(asOf, table, environment);
  const found = environment.world.catalog.findInserted(table, from, until);
  if (found === "rewritten") {
    return refuse(
      since.at,
      `rows of table ${name} were changed or taken away between these versions`,
    );
  }
  if (found === "too much") {
    return refuse(
      since.at,
      `too much was written to table ${name} between these versions: ask for fewer of them at a time`,
    );
  }
  return (
    found ??
    refuse(
      since.at,
      `table ${name} has no such versions in this order, or not any more: SHOW HISTORY lists what is kept`,
    )
  );
}

/** What AS OF says is a constant: a version is found before anything runs. */
function wantedVersion(
  { by, value }: NonNullable<TableReference["asOf"]>,
  table: CatalogTable,
  environment: Environment,
): WantedVersion {
  const latest = latestOf(value, `get_latest_${by}`, table, environment);
  if (latest) return latest;
  if (by === "version") {
    if (value.kind === "integer") return { kind: "version", version: Number(value.digits) };
    return refuse(value.at, "a version is a whole number, or get_latest_version(..)");
  }
  switch (value.kind) {
    case "string":
    case "date":
    case "datetime":
    case "timestamp":
    case "timestamp_ntz":
      return { kind: "shown", text: value.value };
    default: {
      const plusMs = fromNow(value);
      if (plusMs !== undefined) return { kind: "now", plusMs };
      return refuse(
        value.at,
        "a time is a literal, current_timestamp(), getdate() with or without seconds added, or get_latest_timestamp(..)",
      );
    }
  }
}

const clocks: ReadonlySet<string> = new Set(["current_timestamp", "getdate", "now"]);

/** `getdate() - 3600`: how far from now it is. */
function fromNow(value: Expression): number | undefined {
  if (value.kind === "call") {
    return isPlain(value) && clocks.has(value.name.key) && value.arguments.length === 0
      ? 0
      : undefined;
  }
  if (value.kind !== "binary") return undefined;
  const { operator, left, right } = value;
  if ((operator !== "+" && operator !== "-") || right.kind !== "integer") return undefined;
  const base = fromNow(left);
  const added = Number(right.digits) * 1000;
  return base === undefined ? undefined : operator === "+" ? base + added : base - added;
}

/** `get_latest_version('t', n)`, with or without the table's name: the n-th newest version, the newest without n. */
function latestOf(
  value: Expression,
  name: string,
  table: CatalogTable,
  environment: Environment,
): WantedVersion | undefined {
  if (value.kind !== "call" || !isPlain(value) || value.name.key !== name) return undefined;
  const [first, ...rest] = value.arguments;
  const counts = first?.kind === "string" ? rest : value.arguments;
  if (first?.kind === "string") {
    const parts = first.value.split(".").map((text) => ({
      ...{ text, key: text.trim().toLowerCase(), at: first.at },
    }));
    // What other tables have done is theirs to tell.
    const named = parts.length > 3 ? undefined : findTable({ parts, at: first.at }, environment);
    if (named?.id !== table.id) return refuse(first.at, `${name} tells of the table that is read`);
  }
  const [count] = counts;
  if (counts.length > 1 || (count && count.kind !== "integer")) {
    return refuse(value.at, `${name} takes the table's name and a whole number`);
  }
  const newest = count ? Number(count.digits) : 1;
  if (newest < 1) return refuse(value.at, `${name} counts from 1`);
  return { kind: "latest", newest };
}

const isPlain = ({ qualifier, distinct, over }: CallExpression): boolean =>
  qualifier.length === 0 && !distinct && over === undefined;
