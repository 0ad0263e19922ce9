import type { Name, ObjectName, PartitionItem, Position, Property } from "./tree.ts";
import type { Clustering, ColumnDefinition } from "./tree-definition.ts";
import type { Expression } from "./tree-expression.ts";
import type { SqlType } from "./types.ts";

export interface AlterTable {
  readonly kind: "alter-table";
  readonly at: Position;
  readonly table: ObjectName;
  readonly action: AlterTableAction;
}

/** The values of one PARTITION (..). */
export type PartitionSpec = readonly PartitionItem[];

export type AlterTableAction =
  | {
      readonly kind: "add-partitions";
      readonly ifNotExists: boolean;
      readonly partitions: readonly { readonly spec: PartitionSpec; readonly location?: string }[];
    }
  /** Each partition is conditions that all hold: comparisons of partition columns with values. */
  | {
      readonly kind: "drop-partitions";
      readonly ifExists: boolean;
      readonly partitions: readonly (readonly Expression[])[];
    }
  | { readonly kind: "rename"; readonly to: Name }
  | {
      readonly kind: "add-columns";
      readonly ifNotExists: boolean;
      readonly columns: readonly ColumnDefinition[];
    }
  | { readonly kind: "drop-columns"; readonly columns: readonly Name[] }
  /** CHANGE [COLUMN] old new type: without a type only the name or the comment changes. */
  | {
      readonly kind: "change-column";
      readonly column: Name;
      readonly name: Name;
      readonly type?: SqlType;
      readonly comment?: string;
      /** `false`: NOT NULL, `true`: NULL. */
      readonly nullable?: boolean;
      /** FIRST, or AFTER a column. */
      readonly place?: { readonly after?: Name };
    }
  | { readonly kind: "set-comment"; readonly comment: string }
  | { readonly kind: "set-lifecycle"; readonly days: number; readonly partition?: PartitionSpec }
  | { readonly kind: "enable-lifecycle" | "disable-lifecycle"; readonly partition?: PartitionSpec }
  | { readonly kind: "set-properties"; readonly properties: readonly Property[] }
  | { readonly kind: "touch"; readonly partition?: PartitionSpec }
  | {
      readonly kind: "rename-partition";
      readonly partition: PartitionSpec;
      readonly to: PartitionSpec;
    }
  | {
      readonly kind: "merge-partitions";
      readonly ifExists: boolean;
      readonly partitions: readonly (readonly Expression[])[];
      readonly into: PartitionSpec;
      readonly overwrite: boolean;
      readonly purge: boolean;
    }
  | {
      readonly kind: "exchange-partition";
      readonly partition: PartitionSpec;
      readonly with: ObjectName;
    }
  | { readonly kind: "change-owner"; readonly owner: string }
  | {
      readonly kind: "set-location";
      readonly location: string;
      readonly partition?: PartitionSpec;
    }
  | { readonly kind: "merge-small-files"; readonly partition?: PartitionSpec }
  | {
      readonly kind: "compact";
      readonly mode: "major" | "minor";
      readonly partition?: PartitionSpec;
    }
  | { readonly kind: "set-clustering"; readonly clustering?: Clustering };

export interface AlterView {
  readonly kind: "alter-view";
  readonly at: Position;
  readonly view: ObjectName;
  readonly action:
    | { readonly kind: "rename"; readonly to: Name }
    | { readonly kind: "change-owner"; readonly owner: string }
    | { readonly kind: "set-comment"; readonly comment: string };
}

export interface AlterMaterializedView {
  readonly kind: "alter-materialized-view";
  readonly at: Position;
  readonly view: ObjectName;
  readonly action:
    | { readonly kind: "rebuild"; readonly partitions: readonly (readonly Expression[])[] }
    | { readonly kind: "set-lifecycle"; readonly days: number }
    | { readonly kind: "enable-lifecycle" | "disable-lifecycle" }
    | { readonly kind: "enable-rewrite" }
    | { readonly kind: "disable-rewrite" }
    | { readonly kind: "set-properties"; readonly properties: readonly Property[] }
    | {
        readonly kind: "drop-partitions";
        readonly ifExists: boolean;
        readonly partitions: readonly (readonly Expression[])[];
      };
}
