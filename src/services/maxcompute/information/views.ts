import { parseType } from "../../../sql/parse-type.ts";
import type { Column } from "../../../sql/types.ts";
import type { InformationAsker } from "./asker.ts";
import { tasksHistory } from "./of-history.ts";
import {
  installedPackages,
  packagePrivileges,
  roles,
  tablePrivileges,
  userRoles,
  users,
} from "./of-members.ts";
import { columns, partitions, resources, tables, udfs, views } from "./of-tables.ts";
import type { InformationRow } from "./relation.ts";

/** A view of the catalog: its columns, and its rows as one asker may see them. */
export interface InformationView {
  readonly columns: readonly Column[];
  readonly rows: (asker: InformationAsker) => Iterable<InformationRow>;
}

/** Columns as a definition has them: `name type, …`. */
const shaped = (text: string): readonly Column[] =>
  text.split(",").map((definition) => {
    const [name = "", type = ""] = definition.trim().split(" ");
    return { name, type: parseType(type), nullable: true };
  });

const ofTable = "table_catalog string, table_schema string, table_name string";
const owned =
  "owner_id string, owner_name string, create_time datetime, last_modified_time datetime";
const toGrantee =
  "grantee_type string, user_id string, user_name string, privilege_type string, effect string, expires datetime";

const definitions: readonly (readonly [
  name: string,
  columns: string,
  rows: InformationView["rows"],
])[] = [
  [
    "tables",
    `${ofTable}, table_type string, is_partitioned boolean, ${owned}, data_length bigint, table_comment string, life_cycle bigint, is_archived boolean, view_original_text string, schema_name string`,
    tables,
  ],
  ["views", `${ofTable}, view_definition string, schema_name string`, views],
  [
    "columns",
    `${ofTable}, column_name string, ordinal_position bigint, column_default string, is_nullable string, data_type string, column_comment string, is_partition_key boolean, schema_name string`,
    columns,
  ],
  [
    "partitions",
    `${ofTable}, partition_name string, create_time datetime, last_modified_time datetime, data_length bigint, is_archived boolean, schema_name string`,
    partitions,
  ],
  [
    "udfs",
    `udf_catalog string, udf_schema string, udf_name string, ${owned}, class_name string, schema_name string`,
    udfs,
  ],
  [
    "resources",
    `resource_catalog string, resource_schema string, resource_name string, resource_type string, ${owned}, size bigint, comment string, is_temp_resource boolean, schema_name string`,
    resources,
  ],
  [
    "users",
    "user_catalog string, user_schema string, user_name string, user_id string, user_label string",
    users,
  ],
  [
    "roles",
    "role_catalog string, role_schema string, role_name string, role_label string, comment string",
    roles,
  ],
  [
    "user_roles",
    "user_role_catalog string, user_role_schema string, role_name string, user_name string, user_id string",
    userRoles,
  ],
  ["table_privileges", `${ofTable}, ${toGrantee}, schema_name string`, tablePrivileges],
  [
    "package_privileges",
    `package_catalog string, package_schema string, package_name string, ${toGrantee}`,
    packagePrivileges,
  ],
  [
    "installed_packages",
    "installed_package_catalog string, installed_package_schema string, package_owner_project string, package_name string, installed_time datetime",
    installedPackages,
  ],
  [
    "tasks_history",
    "task_catalog string, task_schema string, task_name string, task_type string, inst_id string, status string, owner_id string, owner_name string, result string, start_time datetime, end_time datetime, output_records bigint, input_tables string, output_tables string, operation_text string, ds string",
    tasksHistory,
  ],
];

/** The views of a project's information schema, by name in lower case. */
export const informationViews: ReadonlyMap<string, InformationView> = new Map(
  definitions.map(([name, text, rows]) => [name, { columns: shaped(text), rows }]),
);
