import { typeText } from "../../../sql/types.ts";
import {
  bytesIn,
  carriedBy,
  contentAt,
  lastModifiedMs,
  type PartitionRecord,
  partitionName,
  type TableRecord,
  tableRows,
} from "../catalog.ts";
import { tableArn } from "../find-project.ts";
import { functionArn, functionRows } from "../functions/records.ts";
import { resourceArn, resourceRows } from "../resources/records.ts";
import { typeNames } from "../table-answer.ts";
import type { InformationAsker } from "./asker.ts";
import type { InformationRow } from "./relation.ts";

/** Tables and views that the asker may describe. */
function* described({ project, store, may }: InformationAsker): Generator<TableRecord> {
  for (const { value: table } of tableRows(store).range({ prefix: [project.id] })) {
    if (may("Describe", tableArn(project.name, table.schema, table.name), table.owner)) yield table;
  }
}

const contentOf = ({ store }: InformationAsker, table: TableRecord): readonly PartitionRecord[] =>
  contentAt(store, table, table.version)?.partitions ?? [];

/** What all rows about a table begin with. */
const named = ({ project }: InformationAsker, { schema, name }: TableRecord) => ({
  table_catalog: "odps",
  table_schema: project.name,
  table_name: name,
  schema_name: schema,
});

/** Tables and views, with their sizes. */
export function* tables(asker: InformationAsker): Generator<InformationRow> {
  for (const table of described(asker)) {
    const content = contentOf(asker, table);
    yield {
      ...named(asker, table),
      table_type: typeNames[table.kind],
      is_partitioned: table.partitionColumns.length > 0,
      ...{ owner_id: table.owner, owner_name: table.owner, create_time: table.createdAtMs },
      last_modified_time: lastModifiedMs(table, content),
      data_length: carriedBy(content).bytes,
      ...{ table_comment: table.comment, life_cycle: table.lifecycleDays ?? -1 },
      ...{ is_archived: false, view_original_text: table.view?.text ?? null },
    };
  }
}

/** Views, with their texts. */
export function* views(asker: InformationAsker): Generator<InformationRow> {
  for (const table of described(asker)) {
    if (table.view) yield { ...named(asker, table), view_definition: table.view.text };
  }
}

/** Columns of tables and views, those of partitions last. */
export function* columns(asker: InformationAsker): Generator<InformationRow> {
  for (const table of described(asker)) {
    const all = [...table.columns, ...table.partitionColumns];
    for (const [at, { name, type, comment = "", nullable, ...rest }] of all.entries()) {
      yield {
        ...named(asker, table),
        ...{ column_name: name, ordinal_position: at + 1, column_default: rest.default ?? null },
        ...{ is_nullable: nullable ? "true" : "false", data_type: typeText(type) },
        ...{ column_comment: comment, is_partition_key: at >= table.columns.length },
      };
    }
  }
}

/** Names of partitions hold values: in a protected project they are shown to who may read the table. */
export function* partitions(asker: InformationAsker): Generator<InformationRow> {
  const { project, state, may } = asker;
  for (const table of described(asker)) {
    const { schema, name, owner, partitionColumns } = table;
    if (partitionColumns.length === 0) continue;
    if (state.protection && !may("Select", tableArn(project.name, schema, name), owner)) continue;
    for (const partition of contentOf(asker, table)) {
      yield {
        ...named(asker, table),
        partition_name: partitionName(table, partition.values),
        ...{ create_time: partition.createdAtMs, last_modified_time: partition.modifiedAtMs },
        ...{ data_length: bytesIn(partition), is_archived: false },
      };
    }
  }
}

/** Functions that the asker may read. */
export function* udfs({ project, store, may }: InformationAsker): Generator<InformationRow> {
  for (const { value } of functionRows(store).range({ prefix: [project.id] })) {
    const { schema, name, owner, createdAtMs, className } = value;
    const arn = functionArn(project.name, schema, name);
    if (!may("Read", arn, owner)) continue;
    yield {
      ...{ udf_catalog: "odps", udf_schema: project.name, udf_name: name, owner_id: owner },
      ...{ owner_name: owner, create_time: createdAtMs, last_modified_time: createdAtMs },
      ...{ class_name: className, schema_name: schema },
    };
  }
}

/** Resources that the asker may read, whole ones only. */
export function* resources({ project, store, may }: InformationAsker): Generator<InformationRow> {
  for (const { value } of resourceRows(store).range({ prefix: [project.id] })) {
    const { schema, name, owner, type } = value;
    const arn = resourceArn(project.name, schema, name);
    if (value.part || !may("Read", arn, owner)) continue;
    yield {
      ...{ resource_catalog: "odps", resource_schema: project.name, resource_name: name },
      ...{ resource_type: type, owner_id: owner, owner_name: owner },
      ...{ create_time: value.createdAtMs, last_modified_time: value.modifiedAtMs },
      ...{ size: value.size, comment: value.comment, is_temp_resource: value.temporary },
      schema_name: schema,
    };
  }
}
