import type { AssignVariable, Name, ObjectName, Position, Property, Range } from "./tree.ts";
import type { Clustering, ColumnDefinition, Parameter } from "./tree-definition.ts";
import type { Query } from "./tree-query.ts";

/** A view's column has no type of its own. */
export interface ViewColumn {
  readonly name: Name;
  readonly comment?: string;
}

export interface CreateView {
  readonly kind: "create-view";
  readonly at: Position;
  readonly view: ObjectName;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly columns: readonly ViewColumn[];
  readonly comment?: string;
  readonly query: Query;
  /** The text of the query, which the view keeps. */
  readonly queryRange: Range;
  /** CREATE VIEW v(@a BIGINT) AS ..: a view with parameters. */
  readonly parameters: readonly Parameter[];
  /** The text of the parameters, and of RETURNS, which the view keeps. */
  readonly signatureRange?: Range;
  /** RETURNS @name TABLE (..). */
  readonly returns?: { readonly name: Name; readonly columns: readonly ColumnDefinition[] };
  /** AS BEGIN .. END: variables that are assigned first. The query then reads the one that is returned. */
  readonly assigned: readonly AssignVariable[];
}

export interface CreateMaterializedView {
  readonly kind: "create-materialized-view";
  readonly at: Position;
  readonly view: ObjectName;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly lifecycle?: number;
  readonly buildDeferred: boolean;
  readonly columns: readonly ViewColumn[];
  /** DISABLE REWRITE. */
  readonly rewriteDisabled: boolean;
  readonly comment?: string;
  readonly partitionedOn: readonly Name[];
  readonly clustering?: Clustering;
  /** REFRESH EVERY n MINUTES, HOURS or DAYS. */
  readonly refreshMinutes?: number;
  readonly properties: readonly Property[];
  readonly query: Query;
  readonly queryRange: Range;
}
