import type { Name, ObjectName, Position, Property, Range } from "./tree.ts";
import type { AlterMaterializedView, AlterTable, AlterView, PartitionSpec } from "./tree-alter.ts";
import type { Expression } from "./tree-expression.ts";
import type { Query } from "./tree-query.ts";
import type { CreateMaterializedView, CreateView } from "./tree-view.ts";
import type { SqlType } from "./types.ts";

/** Statements that make, change, drop or show what a project holds. */
export type Definition =
  | CreateTable
  | CreateTableLike
  | CreateView
  | CreateMaterializedView
  | CreateFunction
  | CreateSqlFunction
  | CreateSchema
  | Drop
  | AlterTable
  | AlterView
  | AlterMaterializedView
  | TruncateTable
  | CloneTable
  | RestoreTable
  | PurgeTable
  | RepairTable
  | AnalyzeTable
  | ShowStatistic
  | Use
  | Show
  | Describe;

export interface ColumnDefinition {
  readonly at: Position;
  readonly name: Name;
  readonly type: SqlType;
  /** False: NOT NULL. */
  readonly nullable: boolean;
  readonly default?: { readonly expression: Expression; readonly text: string };
  readonly generated?: Expression;
  readonly primaryKey: boolean;
  readonly comment?: string;
}

export interface Clustering {
  readonly at: Position;
  /** CLUSTERED BY or RANGE CLUSTERED BY. */
  readonly range: boolean;
  readonly columns: readonly Name[];
  readonly sortedBy: readonly { readonly column: Name; readonly descending: boolean }[];
  readonly buckets?: number;
}

export interface CreateTable {
  readonly kind: "create-table";
  readonly at: Position;
  readonly table: ObjectName;
  readonly external: boolean;
  readonly ifNotExists: boolean;
  /** CREATE OR REPLACE TABLE. */
  readonly orReplace: boolean;
  readonly columns: readonly ColumnDefinition[];
  /** Of the table's own PRIMARY KEY clause. */
  readonly primaryKey: readonly Name[];
  readonly partitionColumns: readonly ColumnDefinition[];
  /** AUTO PARTITIONED BY (trunc_time(c, 'day') AS name). */
  readonly autoPartition?: { readonly expression: Expression; readonly name?: Name };
  readonly comment?: string;
  readonly clustering?: Clustering;
  readonly storedAs?: string;
  readonly storedBy?: string;
  readonly rowFormatSerde?: string;
  /** ROW FORMAT DELIMITED: `FIELDS TERMINATED BY` and its kin by name. */
  readonly delimiters: readonly Property[];
  readonly serdeProperties: readonly Property[];
  readonly location?: string;
  /** USING 'a.jar,b.jar' of an external table. */
  readonly resources: readonly string[];
  readonly properties: readonly Property[];
  readonly lifecycle?: number;
  readonly query?: Query;
}

export interface CreateTableLike {
  readonly kind: "create-table-like";
  readonly at: Position;
  readonly table: ObjectName;
  readonly external: boolean;
  readonly ifNotExists: boolean;
  readonly like: ObjectName;
  readonly storedBy?: string;
  readonly location?: string;
  readonly properties: readonly Property[];
  readonly lifecycle?: number;
}

/** A table's columns, a type, or ANY. */
export type ParameterType =
  | { readonly kind: "type"; readonly type: SqlType }
  | { readonly kind: "table"; readonly columns: readonly ColumnDefinition[] }
  | { readonly kind: "any" };

export interface Parameter {
  /** Without its `@`. */
  readonly name: Name;
  readonly type: ParameterType;
  readonly default?: Expression;
}

/** CREATE FUNCTION f AS 'class' USING 'resources'. */
export interface CreateFunction {
  readonly kind: "create-function";
  readonly at: Position;
  readonly function: ObjectName;
  readonly temporary: boolean;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly className: string;
  readonly resources: readonly string[];
  /** In the place of resources: the code itself. */
  readonly embedded?: EmbeddedCode;
}

/** `#CODE ('lang'='PYTHON', 'filename'='f') .. #END CODE`. */
export interface EmbeddedCode {
  readonly language: "Python" | "Java";
  /** Without its ending; empty where none is told. */
  readonly file: string;
  readonly text: string;
}

/** CREATE SQL FUNCTION f(@a BIGINT) RETURNS t AS body; in a script, FUNCTION f(..) AS body is temporary. */
export interface CreateSqlFunction {
  readonly kind: "create-sql-function";
  readonly at: Position;
  readonly function: ObjectName;
  readonly temporary: boolean;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly parameters: readonly Parameter[];
  /** `@result TABLE (..)` has kind `table`. */
  readonly returns?: ParameterType;
  readonly body: Expression | Query;
  readonly bodyRange: Range;
}

export interface CreateSchema {
  readonly kind: "create-schema";
  readonly at: Position;
  readonly schema: ObjectName;
  readonly ifNotExists: boolean;
  readonly comment?: string;
}

export interface Drop {
  readonly kind: "drop";
  readonly at: Position;
  readonly type: "table" | "view" | "materialized-view" | "function" | "schema";
  readonly name: ObjectName;
  readonly ifExists: boolean;
  readonly purge: boolean;
}

export interface TruncateTable {
  readonly kind: "truncate";
  readonly at: Position;
  readonly table: ObjectName;
  readonly partitions: readonly PartitionSpec[];
}

export interface CloneTable {
  readonly kind: "clone";
  readonly at: Position;
  readonly source: ObjectName;
  /** Empty: all partitions. */
  readonly partitions: readonly PartitionSpec[];
  readonly target: ObjectName;
  readonly ifExists?: "overwrite" | "ignore";
}

export interface RestoreTable {
  readonly kind: "restore";
  readonly at: Position;
  readonly table: ObjectName;
  /** ('id'='x') names the table by its identity when several dropped ones share the name. */
  readonly properties: readonly Property[];
  readonly partitions: readonly PartitionSpec[];
  /** TO LSN 'x'; without it a dropped table is meant. */
  readonly lsn?: string;
  /** AS new_table. */
  readonly as?: Name;
}

/** Older versions of a table, and dropped ones of its name, go for good. */
export interface PurgeTable {
  readonly kind: "purge";
  readonly at: Position;
  /** Absent: PURGE ALL, of every table of the project. */
  readonly table?: ObjectName;
}

/** MSCK REPAIR TABLE: an external table gets the partitions whose folders there are. */
export interface RepairTable {
  readonly kind: "repair";
  readonly at: Position;
  readonly table: ObjectName;
}

/** ANALYZE TABLE t COMPUTE|DELETE STATISTICS FOR COLUMNS. */
export interface AnalyzeTable {
  readonly kind: "analyze";
  readonly at: Position;
  readonly table: ObjectName;
  readonly partition?: PartitionSpec;
  readonly action: "compute" | "delete";
  /** Empty: all of them. */
  readonly columns: readonly Name[];
}

/** SHOW STATISTIC t COLUMNS. */
export interface ShowStatistic {
  readonly kind: "show-statistic";
  readonly at: Position;
  readonly table: ObjectName;
  readonly partition?: PartitionSpec;
  /** Empty: all of them. */
  readonly columns: readonly Name[];
}

export interface Use {
  readonly kind: "use";
  readonly at: Position;
  readonly type: "project" | "schema";
  readonly name: ObjectName;
}

export interface Show {
  readonly kind: "show";
  readonly at: Position;
  readonly what:
    | "tables"
    | "views"
    | "materialized-views"
    | "partitions"
    | "create-table"
    | "functions"
    | "history"
    | "schemas"
    | "columns";
  /** The table of PARTITIONS, CREATE TABLE, HISTORY and COLUMNS. */
  readonly table?: ObjectName;
  /** IN or FROM. */
  readonly in?: ObjectName;
  readonly like?: string;
  readonly partition?: PartitionSpec;
}

/** DESC [EXTENDED] t, and DESC FUNCTION f, DESC SCHEMA s. */
export interface Describe {
  readonly kind: "describe";
  readonly at: Position;
  readonly type: "table" | "function" | "schema";
  readonly name: ObjectName;
  readonly extended: boolean;
  readonly partition?: PartitionSpec;
}
