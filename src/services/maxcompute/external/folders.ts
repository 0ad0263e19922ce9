import { assert } from "../../../lib/assert.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import type { Column } from "../../../sql/types.ts";
import type { PartitionRecord, TableRecord } from "../catalog.ts";
import { partitionPath } from "../relations.ts";
import type { SetLocation } from "./location.ts";
import type { ExternalObjects } from "./objects.ts";

/** What Hive writes as `%` and two digits in a folder's name; also NUL, which it forgets. */
const special = new Set("\"#%'*/:=?\\\u007f{[]^");

const hexOf = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;

/** `ds=2026%2F01`: a folder as Hive names it, so that no value leads to another one. */
const folderName = ({ name }: Column, value: string): string =>
  `${name}=${[...value].map((one) => (one < " " || special.has(one) ? hexOf(one) : one)).join("")}`;

/** The value of a column that a folder's name tells; undefined when it tells none. */
function valueIn(folder: string, { name, type }: Column): string | undefined {
  const [, column = "", written = ""] = /^([^=]+)=(.+)$/s.exec(folder) ?? [];
  if (column.toLowerCase() !== name) return undefined;
  const value = written.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const isNumber = ["tinyint", "smallint", "int", "bigint"].includes(type.kind);
  return isNumber && !/^-?\d{1,19}$/.test(value) ? undefined : value;
}

type Shape = Pick<TableRecord, "partitionColumns">;

type Outside = Shape & Pick<TableRecord, "external" | "owner">;

/** Where the objects of a table lie. */
export function tablePlace({ external, owner }: Pick<Outside, "external" | "owner">): SetLocation {
  assert(external, "an external table says where it lies");
  return { setBy: owner, ...external.location };
}

/** Where the objects of a partition lie: in the folder that it was given, or that of its values. */
export function partitionPlace(
  table: Outside,
  { values, location: own }: Pick<PartitionRecord, "values" | "location">,
): SetLocation {
  if (own) return { setBy: table.owner, ...own };
  const { partitionColumns } = table;
  const location = tablePlace(table);
  const folders = partitionColumns.map((column, at) => `${folderName(column, values[at] ?? "")}/`);
  return { ...location, prefix: `${location.prefix}${folders.join("")}` };
}

/** Refuses values that no partition of an external table may have. */
export function checkValues({ partitionColumns }: Shape, values: readonly string[]): void {
  const empty = partitionColumns[values.indexOf("")];
  if (empty) {
    throw new ServiceError(
      "ODPS-0130071",
      `ODPS-0130071: Semantic analysis exception - the partition column ${empty.name} of an external table is not empty`,
    );
  }
  partitionPath({ partitionColumns }, values);
}

/**
 * The partitions whose folders there are below a table's location. What a folder's name cannot tell is left alone; a
 * folder that another name would be written by keeps its own.
 */
export async function partitionsFound(
  table: Outside,
  objects: ExternalObjects,
): Promise<readonly Pick<PartitionRecord, "values" | "location">[]> {
  let found = [{ values: [] as readonly string[], location: tablePlace(table) }];
  for (const column of table.partitionColumns) {
    const below = await objects.folders(found.map(({ location }) => location));
    found = found.flatMap(({ values, location }, at) =>
      (below[at] ?? []).flatMap((prefix) => {
        const value = valueIn(prefix.slice(location.prefix.length, -1), column);
        if (value === undefined) return [];
        return [{ values: [...values, value], location: { ...location, prefix } }];
      }),
    );
  }
  return found.map(({ values, location }) => {
    checkValues(table, values);
    const { prefix } = partitionPlace(table, { values });
    return prefix === location.prefix ? { values } : { values, location };
  });
}
