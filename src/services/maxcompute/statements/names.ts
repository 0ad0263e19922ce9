import { ServiceError } from "../../../pipeline/operation.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import { SqlError } from "../../../sql/sql-error.ts";
import { meantNames } from "../../../sql/tables.ts";
import type { Expression, Name, ObjectName, PartitionItem, Position } from "../../../sql/tree.ts";
import {
  type PartitionRecord,
  partitionName,
  type TableRecord,
  type VersionRecord,
} from "../catalog.ts";
import type { OdpsCall } from "../find-project.ts";
import type { FoundTable, StatementCatalog } from "../tunnel/session.ts";
import { sameValues } from "../versions.ts";

/** Where something is or is to be made. */
export interface PlacedName {
  readonly project: ProjectRecord;
  readonly schema: string;
  readonly name: string;
  readonly at: Position;
}

/** A refusal in MaxCompute's words for what a statement means. */
export const semantic = (at: Position, reason: string): SqlError =>
  new SqlError("ODPS-0130071", at, `Semantic analysis exception - ${reason}`);

export const notFound = ({ project, schema, name, at }: PlacedName): SqlError =>
  new SqlError(
    "ODPS-0130131",
    at,
    `Table not found - table ${project.name}.${schema === "default" ? "" : `${schema}.`}${name} cannot be resolved`,
  );

const nameForm = /^[a-z_][a-z0-9_]{0,127}$/;

/** The project, schema and name that a statement's name stands for. Refuses a project that is not there. */
export function placed(
  { parts, at }: ObjectName,
  catalog: StatementCatalog,
  call: OdpsCall,
): PlacedName {
  const names = meantNames({ parts }, catalog.place);
  const meant = names.find((name) => catalog.findTable(name)) ?? names[0];
  const project = call.parts.projects.find(call.account, meant.project);
  if (project) return { project, schema: meant.schema, name: meant.name, at };
  throw new SqlError(
    "ODPS-0130131",
    at,
    `Project not found - project ${meant.project} cannot be resolved`,
  );
}

/** The same for what is to be made: its name must be one, and its schema be there. */
export function placedNew(
  written: ObjectName,
  catalog: StatementCatalog,
  call: OdpsCall,
): PlacedName {
  const found = placed(written, catalog, call);
  if (!nameForm.test(found.name)) {
    throw semantic(
      written.at,
      `${found.name.slice(0, 130)} is not a name of letters, digits and underscores`,
    );
  }
  if (!catalog.hasSchema(found.project, found.schema)) {
    throw semantic(written.at, `schema ${found.project.name}.${found.schema} cannot be resolved`);
  }
  return found;
}

/** The table of a name; undefined when there is none. */
export function tableAt(
  { project, schema, name }: PlacedName,
  catalog: StatementCatalog,
): FoundTable | undefined {
  const table = catalog.findTable({ project: project.name, schema, name });
  return table && catalog.found(table);
}

/** Values of a PARTITION (a='x', b='y') that names each partition column once, in the table's order. */
export function partitionValues(
  items: readonly PartitionItem[],
  table: TableRecord,
  at: Position,
): readonly string[] {
  const values = new Map<string, string>();
  for (const { column, value } of items) {
    if (!table.partitionColumns.some(({ name }) => name === column.key)) {
      throw semantic(column.at, `partition column ${column.text} cannot be resolved`);
    }
    if (!value) throw semantic(column.at, `partition column ${column.text} has no value`);
    values.set(column.key, filled(constant(value), column));
  }
  return table.partitionColumns.map(({ name }) => {
    const value = values.get(name);
    if (value === undefined) throw semantic(at, `partition column ${name} has no value`);
    return value;
  });
}

function filled(value: string, { text, at }: Name): string {
  if (value === "") throw semantic(at, `the value of partition column ${text} is empty`);
  return value;
}

/** The partition that is meant. Refuses what is not there. */
export function foundPartition(
  items: readonly PartitionItem[],
  table: TableRecord,
  { partitions }: Pick<VersionRecord, "partitions">,
  at: Position,
): PartitionRecord {
  const values = partitionValues(items, table, at);
  const found = partitions.find((one) => sameValues(one.values, values));
  if (found) return found;
  throw new ServiceError(
    "NoSuchPartition",
    `ODPS-0130131: Partition not found - partition ${partitionName(table, values)} does not exist`,
  );
}

/** The text of a literal where only one may stand. */
export function constant(value: Expression): string {
  switch (value.kind) {
    case "string":
    case "date":
    case "datetime":
      return value.value;
    case "integer":
      return value.digits;
    case "double":
    case "decimal":
      return value.text;
    case "boolean":
      return String(value.value);
    case "unary":
      if (value.operator === "-") return `-${constant(value.operand)}`;
      break;
    default:
  }
  throw semantic(value.at, "a constant is expected here");
}
