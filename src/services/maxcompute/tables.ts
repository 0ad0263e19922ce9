import type { OdpsAnswer, OdpsInput } from "../../pipeline/document.ts";
import { operation, ServiceError } from "../../pipeline/operation.ts";
import { defaultSchema } from "../../sql/catalog.ts";
import {
  contentAt,
  type PartitionRecord,
  partitionName,
  readPartition,
  schemaRows,
  type TableRecord,
  tableRows,
} from "./catalog.ts";
import { namedTable, type OdpsCall, projectOf, schemaOf } from "./find-project.ts";
import { namesFlow, showRows } from "./flows.ts";
import { isOutdated } from "./materialized.ts";
import { partitionElement, partitionJson, rfc822, tableElement } from "./table-answer.ts";

const pageMax = 1000;

/** One page of what a list has, and where the next one begins: clients stop at an empty marker. */
export function pageOf<Item>(
  items: Iterable<Item>,
  nameOf: (item: Item) => string,
  { parameters }: OdpsInput,
): { readonly page: Item[]; readonly Marker: string; readonly MaxItems: string } {
  const asked = Number(parameters["maxitems"] ?? pageMax);
  const size = Number.isInteger(asked) && asked > 0 ? Math.min(asked, pageMax) : pageMax;
  const after = parameters["marker"] ?? "";
  const page: Item[] = [];
  let Marker = "";
  for (const item of items) {
    if (after !== "" && nameOf(item) <= after) continue;
    if (page.length === size) {
      Marker = nameOf(page.at(-1) as Item);
      break;
    }
    page.push(item);
  }
  return { page, Marker, MaxItems: String(size) };
}

/** One page of those things whose name begins as `name` asks, or as told, and whose owner `owner` is. */
export function pageOfNamed<Item extends { readonly name: string; readonly owner: string }>(
  items: readonly Item[],
  input: OdpsInput,
  begins = input.parameters["name"] ?? "",
): ReturnType<typeof pageOf<Item>> {
  const { owner = "" } = input.parameters;
  const nameOf = ({ name }: Item) => name.toLowerCase();
  const wanted = items.filter(
    (item) =>
      nameOf(item).startsWith(begins.toLowerCase()) && (owner === "" || item.owner === owner),
  );
  return pageOf(wanted, nameOf, input);
}

const typesAsked: Readonly<Record<string, readonly TableRecord["kind"][]>> = {
  MANAGED_TABLE: ["table"],
  EXTERNAL_TABLE: ["external"],
  VIRTUAL_VIEW: ["view"],
  MATERIALIZED_VIEW: ["materialized view"],
};

export const listTables = operation("ListTables", {
  resolve: (input: OdpsInput, call: OdpsCall) => projectOf(input, call),
  action: "List",
  handle: ({ project, store }, input): OdpsAnswer => {
    const { name = "", type } = input.parameters;
    const kinds = type === undefined ? undefined : typesAsked[type];
    const all = [...tableRows(store).range({ prefix: [project.id, schemaOf(input)] })]
      .map(({ value }) => value)
      .filter((table) => !kinds || kinds.includes(table.kind));
    const { page, ...rest } = pageOfNamed(all, input, name.replace(/%$/, ""));
    const Table = page.map((table) => tableElement(project.name, table));
    return { document: { Tables: { Table, ...rest } } };
  },
});

export const getTable = operation("GetTable", {
  ...namedTable,
  action: "Describe",
  handle: ({ project, store, table }, _input, call): OdpsAnswer => {
    const { partitions } = contentAt(store, table, table.version) ?? { partitions: [] };
    const outdated = table.kind === "materialized view" && {
      outdated: isOutdated(table, project, call.parts),
    };
    return {
      document: { Table: tableElement(project.name, table, { partitions, ...outdated }) },
      headers: {
        "x-odps-owner": table.owner,
        "x-odps-creation-time": rfc822(table.createdAtMs),
        "Last-Modified": rfc822(table.definedAtMs),
      },
    };
  },
});

export const listPartitions = operation("ListPartitions", {
  ...namedTable,
  action: "Describe",
  flows: (_input, target, call) => namesFlow(target, call),
  async handle(target, input, call): Promise<OdpsAnswer> {
    const { store, table } = target;
    const flows = namesFlow(target, call);
    if (table.partitionColumns.length === 0) throw notPartitioned(table);
    const { partitions } = contentAt(store, table, table.version) ?? { partitions: [] };
    const wanted = partWanted(table, input.parameters["partition"] ?? "");
    const named = partitions
      .filter(({ values }) =>
        wanted.every((value, at) => value === undefined || value === values[at]),
      )
      .map((partition) => ({ partition, name: partitionName(table, partition.values) }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
    const { page, ...rest } = pageOf(named, ({ name }) => name, input);
    await showRows(flows, page.length, call, () => tooMany(table));
    const Partition = page.map(({ partition }) => partitionElement(table, partition));
    return { document: { Partitions: { Partition, ...rest } }, carried: { rows: page.length } };
  },
  carries: ({ carried }) => carried,
});

/** Values of those partition columns that a filter names. */
function partWanted(table: TableRecord, text: string): readonly (string | undefined)[] {
  return table.partitionColumns.map(({ name }) => {
    const found = new RegExp(`(?:^|[,/])\\s*${name}\\s*=\\s*['"]?([^'",/]*)`, "i").exec(text);
    return found?.[1];
  });
}

export const getPartition = operation("GetPartition", {
  ...namedTable,
  action: "Describe",
  flows: (_input, target, call) => namesFlow(target, call),
  handle: ({ store, table }, { parameters }): OdpsAnswer => {
    const content = contentAt(store, table, table.version);
    const partition = findPartition(
      table,
      content?.partitions ?? [],
      parameters["partition"] ?? "",
    );
    return {
      document: {
        Partition: { Schema: { "@format": "Json", "#": partitionJson(partition) } },
      },
    };
  },
});

/** The partition that a client names. Refuses what is no partition, or not there. */
export function findPartition(
  table: TableRecord,
  partitions: readonly PartitionRecord[],
  text: string,
): PartitionRecord {
  const values = readPartition(table, text);
  if (!values) {
    throw new ServiceError(
      "InvalidArgument",
      `ODPS-0130071: The partition \`${text.slice(0, 200)}\` does not name each partition column of ${table.name} once.`,
    );
  }
  const found = partitions.find((partition) =>
    partition.values.every((value, at) => value === values[at]),
  );
  if (found) return found;
  throw new ServiceError(
    "NoSuchPartition",
    `ODPS-0130131: The specified partition does not exist: ${partitionName(table, values)} of ${table.name}.`,
  );
}

const tooMany = (table: TableRecord) =>
  new ServiceError(
    "ODPS-0130013",
    `ODPS-0130013:Authorization exception - ${table.name} has more partitions than its protected project may show`,
  );

const notPartitioned = (table: TableRecord) =>
  new ServiceError("InvalidArgument", `The table ${table.name} has no partitions.`);

export const listSchemas = operation("ListSchemas", {
  resolve: (input: OdpsInput, call: OdpsCall) => projectOf(input, call),
  action: "List",
  handle: ({ project, store }, input): OdpsAnswer => {
    const first = { name: defaultSchema, owner: project.owner, createdAtMs: project.createdAtMs };
    const further = [...schemaRows(store).range({ prefix: [project.id] })].map(
      ({ value }) => value,
    );
    const { page, ...rest } = pageOf([first, ...further], ({ name }) => name, input);
    const Schema = page.map(({ name, owner, createdAtMs }) => ({
      Name: name,
      Owner: owner,
      CreateTime: rfc822(createdAtMs),
      Type: "MANAGED",
    }));
    return { document: { Schemas: { Schema, ...rest } } };
  },
});
