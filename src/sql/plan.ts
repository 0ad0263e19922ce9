import type { CatalogTable, CodeCall, FunctionUse } from "./catalog.ts";
import type { PartitionTest } from "./partition-tests.ts";
import type { Statement } from "./tree.ts";
import type { Column } from "./types.ts";

/** What a statement reads of one table or view, by one way. */
export interface Read {
  readonly table: CatalogTable;
  /** In lower case and sorted: all that the statement looks at, in WHERE, ON and GROUP BY too. */
  readonly columns: readonly string[];
  /** The views through which the table is read, the outermost first; empty: the statement names it itself. */
  readonly through: readonly CatalogTable[];
  /** Whether conditions choose partitions; a table without partitions is always read as a whole. */
  readonly partitions: "all" | "chosen";
  /** MAX_PT: which partitions there are is read, and no row. */
  readonly metadataOnly: boolean;
}

/** A relation that the text of a selection names: rows of a table, or a query that is written once. */
export type PlannedRelation =
  | {
      readonly name: string;
      readonly table: CatalogTable;
      readonly columns: readonly string[];
      /** Partitions of which one fails have no rows that are asked for. */
      readonly tests: readonly PartitionTest[];
    }
  /** `once`: calculated a single time, because it numbers its rows. `recursive`: it names itself. */
  | {
      readonly name: string;
      readonly sql: string;
      readonly once?: boolean;
      readonly recursive?: boolean;
    };

/** A query, ready to be told to DuckDB. */
export interface Selection {
  /** Each names only those before it. */
  readonly relations: readonly PlannedRelation[];
  readonly sql: string;
  readonly columns: readonly Column[];
  /** Code that it may call. */
  readonly calls: readonly CodeCall[];
}

/** Rows that go into a table. */
export interface Write {
  readonly table: CatalogTable;
  /** `replace`: the selection is the complete new content of the table (UPDATE, DELETE, MERGE). */
  readonly mode: "into" | "overwrite" | "replace";
  /** Partition columns whose value the statement tells, in the table's order. */
  readonly staticPartition: readonly { readonly column: string; readonly value: string }[];
  /** Partition columns that are the last columns of the selection. */
  readonly dynamicPartition: readonly string[];
  readonly ifNotExists: boolean;
  /** Columns in the table's order and types, then the dynamic partition columns. */
  readonly selection: Selection;
}

/** What a statement touches: all that authorization and protection judge. */
export interface Touches {
  readonly reads: readonly Read[];
  /** Built-in functions by name; a user's by full name. */
  readonly functions: readonly string[];
  /** Functions of users among them. */
  readonly uses: readonly FunctionUse[];
}

/** A statement with all its names found. */
export type Plan = Touches &
  (
    | { readonly kind: "query"; readonly selection: Selection }
    /** One row with one BOOLEAN: what is done next hangs on it. */
    | { readonly kind: "condition"; readonly selection: Selection }
    | { readonly kind: "write"; readonly writes: readonly Write[] }
    /** CREATE TABLE AS, CREATE VIEW, UNLOAD: a query, and what is made of it. */
    | {
        readonly kind: "made-of-query";
        readonly statement: Statement;
        readonly selection: Selection;
      }
    /** Executed by the service; `tables` are those that the statement names and that exist. */
    | {
        readonly kind: "definition";
        readonly statement: Statement;
        readonly tables: readonly CatalogTable[];
      }
  );
