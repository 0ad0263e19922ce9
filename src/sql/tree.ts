import type { Definition, ParameterType } from "./tree-definition.ts";
import type { Expression } from "./tree-expression.ts";
import type { Query, Relation } from "./tree-query.ts";

export type * from "./tree-alter.ts";
export type * from "./tree-definition.ts";
export * from "./tree-expression.ts";
export type * from "./tree-query.ts";
export type * from "./tree-view.ts";

/** Where something stands in the text, both counted from 1; a column is one UTF-16 unit. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Text from `start` up to and without `end`, in UTF-16 units from 0. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A name as it was written, without its backquotes. */
export interface Name {
  readonly text: string;
  /** In lower case: names are compared by it. */
  readonly key: string;
  readonly at: Position;
}

/** `table`, `project.table` or `schema.table`, `project.schema.table`: one to three parts. */
export interface ObjectName {
  readonly parts: readonly Name[];
  readonly at: Position;
}

/** `"key"="value"` of TBLPROPERTIES, SERDEPROPERTIES and their kin. */
export interface Property {
  readonly key: string;
  readonly value: string;
  readonly at: Position;
}

/** What one text says: statements in their order. */
export interface Script {
  readonly text: string;
  readonly statements: readonly ScriptStatement[];
}

/** A statement and the text it was read from, without comments around it and without its semicolon. */
export interface ScriptStatement {
  readonly statement: Statement;
  readonly range: Range;
}

export type Statement =
  | Query
  | Insert
  | MultiInsert
  | Update
  | Delete
  | Merge
  | Unload
  | Load
  | SetFlag
  | Explain
  | AssignVariable
  | If
  | Definition;

/** Script mode: IF (condition) .. ELSE ..: one of two lists of statements is done. */
export interface If {
  readonly kind: "if";
  readonly at: Position;
  readonly condition: Expression;
  /** IF and the condition. */
  readonly head: Range;
  readonly holds: readonly ScriptStatement[];
  readonly otherwise: readonly ScriptStatement[];
}

/** `column='value'`, or a bare `column` whose values come from the query (a dynamic partition). */
export interface PartitionItem {
  readonly column: Name;
  readonly value?: Expression;
}

/** INSERT. WITH before INSERT and a shared FROM are already part of `source`, which is complete. */
export interface Insert {
  readonly kind: "insert";
  readonly at: Position;
  readonly mode: "into" | "overwrite";
  readonly table: ObjectName;
  readonly partition?: readonly PartitionItem[];
  /** PARTITION (..) IF NOT EXISTS. */
  readonly ifNotExists: boolean;
  /** Empty: all columns in their order. */
  readonly columns: readonly Name[];
  readonly source: Query;
}

/** FROM source INSERT .. SELECT .. INSERT .. SELECT ..: every query has that source as its `from`. */
export interface MultiInsert {
  readonly kind: "multi-insert";
  readonly at: Position;
  readonly inserts: readonly Insert[];
}

/** `a = expression` of UPDATE; a column may be written with its table before it. */
export interface Assignment {
  readonly column: readonly Name[];
  readonly value: Expression;
}

export interface Update {
  readonly kind: "update";
  readonly at: Position;
  readonly table: ObjectName;
  readonly alias?: Name;
  readonly set: readonly Assignment[];
  readonly from?: Relation;
  readonly where?: Expression;
}

export interface Delete {
  readonly kind: "delete";
  readonly at: Position;
  readonly table: ObjectName;
  readonly alias?: Name;
  readonly where?: Expression;
}

export interface Merge {
  readonly kind: "merge";
  readonly at: Position;
  readonly table: ObjectName;
  readonly alias?: Name;
  readonly using: Relation;
  readonly on: Expression;
  readonly branches: readonly MergeBranch[];
}

/** WHEN [NOT] MATCHED [AND condition] THEN action. */
export interface MergeBranch {
  readonly at: Position;
  readonly matched: boolean;
  readonly condition?: Expression;
  readonly action:
    | { readonly kind: "update"; readonly set: readonly Assignment[] }
    | { readonly kind: "delete" }
    /** Without columns: all of them. `VALUES *` has one value of kind `star`. */
    | {
        readonly kind: "insert";
        readonly columns: readonly Name[];
        readonly values: readonly Expression[];
      };
}

/** Objects outside, and the form that they have. */
export interface OutsidePlace {
  readonly location: string;
  readonly storedBy?: string;
  /** STORED AS, or FILEFORMAT: as it was written. */
  readonly storedAs?: string;
  readonly rowFormatSerde?: string;
  readonly serdeProperties: readonly Property[];
  readonly properties: readonly Property[];
}

/** LOAD: an INSERT of what an external table at a place would give. */
export interface Load extends Omit<Insert, "kind" | "source">, OutsidePlace {
  readonly kind: "load";
}

export interface Unload extends OutsidePlace {
  readonly kind: "unload";
  readonly at: Position;
  readonly source:
    | Query
    | {
        readonly kind: "table";
        readonly name: ObjectName;
        readonly partition?: readonly PartitionItem[];
      };
}

/** SET key=value; the value is the text up to the semicolon. */
export interface SetFlag {
  readonly kind: "set";
  readonly at: Position;
  readonly key: string;
  readonly value: string;
}

export interface Explain {
  readonly kind: "explain";
  readonly at: Position;
  readonly statement: Statement;
}

/** Script mode: `@a := query`, `@a TABLE (..) := query`, `@a BIGINT := expression`. */
export interface AssignVariable {
  readonly kind: "assign";
  readonly at: Position;
  /** Without its `@`. */
  readonly name: Name;
  /** @a := CACHE ON|OFF query. */
  readonly cache?: boolean;
  readonly type?: ParameterType;
  readonly value: Query | Expression;
}
