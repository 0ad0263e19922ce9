import type { Name, ObjectName, Position, Property } from "./tree.ts";
import type {
  CallExpression,
  Expression,
  NameExpression,
  OrderItem,
  WindowDefinition,
} from "./tree-expression.ts";
import type { SqlType } from "./types.ts";

/** A query: what it selects, and what happens to its rows as a whole. */
export interface Query {
  readonly kind: "query";
  readonly at: Position;
  readonly with: readonly CommonTable[];
  readonly body: QueryBody;
  readonly orderBy: readonly OrderItem[];
  readonly distributeBy: readonly Expression[];
  readonly sortBy: readonly OrderItem[];
  readonly clusterBy: readonly Expression[];
  readonly limit?: Expression;
  readonly offset?: Expression;
}

/** What stands around a query's body where nothing does. */
export const emptyTail = {
  ...{ with: [], orderBy: [], distributeBy: [], sortBy: [], clusterBy: [] },
} as const;

/** A query in parentheses that has a tail of its own stays a query. */
export type QueryBody = Select | SetOperation | Values | Query;

export interface CommonTable {
  readonly name: Name;
  readonly columns: readonly Name[];
  readonly query: Query;
  /** WITH RECURSIVE: the query may name the table. */
  readonly recursive?: true;
}

export interface Select {
  readonly kind: "select";
  readonly at: Position;
  /** The text of each hint, such as `MAPJOIN(a)`. */
  readonly hints: readonly string[];
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  /** SELECT TRANSFORM: then `items` is empty. */
  readonly transform?: Transform;
  readonly from?: Relation;
  readonly where?: Expression;
  readonly groupBy?: GroupBy;
  readonly having?: Expression;
  readonly qualify?: Expression;
  readonly windows: readonly NamedWindow[];
}

/** An expression with its alias; `*` and `t.*` are expressions of kind `star`. */
export interface SelectItem {
  readonly at: Position;
  readonly expression: Expression;
  readonly alias?: Name;
  /** `AS (a, b)`: the columns of a table-valued function. */
  readonly aliases?: readonly Name[];
  /** `* REPLACE (a + 1 AS a)`: what stands in the place of columns. */
  readonly replace?: readonly { readonly expression: Expression; readonly name: Name }[];
}

/** The rows' groups are the cross product of the items, as SQL has it. */
export interface GroupBy {
  readonly at: Position;
  readonly items: readonly GroupItem[];
}

export type GroupItem =
  | { readonly kind: "key"; readonly expression: Expression }
  /** `GROUP BY a, b WITH CUBE` is one item of this kind, and so is `GROUP BY a, b GROUPING SETS (..)`. */
  | {
      readonly kind: "grouping-sets" | "cube" | "rollup";
      readonly at: Position;
      /** Each element in its parentheses; a bare one is a list of one, and `()` an empty list. */
      readonly sets: readonly (readonly Expression[])[];
      /** Of `GROUP BY a, b GROUPING SETS (..)`: all keys, of which some may stand in no set. */
      readonly keys?: readonly Expression[];
    };

export interface NamedWindow {
  readonly name: Name;
  readonly window: WindowDefinition;
}

export interface Transform {
  readonly at: Position;
  readonly arguments: readonly Expression[];
  readonly inputFormat?: TransformFormat;
  readonly command: string;
  readonly resources: readonly string[];
  readonly columns: readonly { readonly name: Name; readonly type?: SqlType }[];
  readonly outputFormat?: TransformFormat;
}

/** ROW FORMAT of a TRANSFORM: a serde's class, or DELIMITED with its delimiters by name. */
export interface TransformFormat {
  readonly serde?: string;
  readonly properties: readonly Property[];
}

/** Sets are combined in turn from the left: `a EXCEPT b EXCEPT c` is one operation of three inputs. */
export interface SetOperation {
  readonly kind: "set-operation";
  readonly at: Position;
  readonly operator: "union" | "intersect" | "except";
  readonly all: boolean;
  readonly inputs: readonly QueryBody[];
}

export interface Values {
  readonly kind: "values";
  readonly at: Position;
  readonly rows: readonly (readonly Expression[])[];
}

export type Relation =
  | TableReference
  | VariableReference
  | DerivedTable
  | TableFunction
  | LateralView
  | Pivot
  | Unpivot
  | Join;

export interface TableReference {
  readonly kind: "table";
  readonly at: Position;
  readonly name: ObjectName;
  /** With `since`: what was inserted after that version, up to the other: `VERSION BETWEEN since AND value`. */
  readonly asOf?: {
    readonly by: "timestamp" | "version";
    readonly value: Expression;
    readonly since?: Expression;
  };
  readonly sample?: TableSample;
  readonly alias?: Name;
}

export interface TableSample {
  readonly at: Position;
  readonly method: "bucket" | "percent" | "rows";
  /** BUCKET `amount` OUT OF `outOf` ON columns; otherwise the percentage or the number of rows. */
  readonly amount: Expression;
  readonly outOf?: Expression;
  readonly on: readonly Expression[];
}

/** `@a` of script mode. */
export interface VariableReference {
  readonly kind: "variable-table";
  readonly at: Position;
  readonly name: Name;
  readonly alias?: Name;
}

/** A subquery or an inline VALUES list, which is a query too. */
export interface DerivedTable {
  readonly kind: "derived";
  readonly at: Position;
  readonly query: Query;
  readonly alias?: Name;
  readonly columns: readonly Name[];
}

/** FROM TABLE(f(..)) or FROM f(..). */
export interface TableFunction {
  readonly kind: "table-function";
  readonly at: Position;
  readonly call: CallExpression;
  readonly alias?: Name;
  readonly columns: readonly Name[];
}

/** `input` LATERAL VIEW [OUTER] call alias AS columns. */
export interface LateralView {
  readonly kind: "lateral-view";
  readonly at: Position;
  readonly input: Relation;
  readonly outer: boolean;
  readonly call: CallExpression;
  readonly alias?: Name;
  readonly columns: readonly Name[];
}

/** `input` PIVOT (functions FOR axes IN (values)) [alias]. */
export interface Pivot {
  readonly kind: "pivot";
  readonly at: Position;
  readonly input: Relation;
  readonly aggregates: readonly PivotAggregate[];
  readonly axes: readonly Name[];
  readonly values: readonly PivotValue[];
  readonly alias?: Name;
}

export interface PivotAggregate {
  readonly call: CallExpression;
  readonly alias?: Name;
}

/** A value for each axis, and how they were written. */
export interface PivotValue {
  readonly at: Position;
  readonly values: readonly Expression[];
  readonly text: string;
  readonly alias?: Name;
}

/** `input` UNPIVOT [INCLUDE NULLS] (values FOR names IN (groups)) [alias]: each group of columns becomes a row. */
export interface Unpivot {
  readonly kind: "unpivot";
  readonly at: Position;
  readonly input: Relation;
  readonly includeNulls: boolean;
  readonly values: readonly Name[];
  readonly names: readonly Name[];
  readonly groups: readonly UnpivotGroup[];
  readonly alias?: Name;
}

/** A column for each value, and a constant for each name where they are written. */
export interface UnpivotGroup {
  readonly at: Position;
  readonly columns: readonly NameExpression[];
  readonly labels?: readonly Expression[];
}

export interface Join {
  readonly kind: "join";
  readonly at: Position;
  /** A comma is `cross`. */
  readonly type: "inner" | "left" | "right" | "full" | "cross" | "left-semi" | "left-anti";
  readonly natural: boolean;
  readonly left: Relation;
  readonly right: Relation;
  readonly on?: Expression;
  readonly using?: readonly Name[];
}
