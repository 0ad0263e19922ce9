import type { Catalog, CatalogTable, CodeCall, FunctionUse, NamePlace } from "./catalog.ts";
import type { Typed } from "./conversion.ts";
import type { PartitionTest } from "./partition-tests.ts";
import { refuse } from "./semantic-error.ts";
import type { AssignVariable, CommonTable, Position, WindowDefinition } from "./tree.ts";
import type { Column } from "./types.ts";

const relationsMax = 1000;

/** A base table or view as it is being read; columns are added as they are met. */
export interface OpenRead {
  readonly table: CatalogTable;
  readonly columns: Set<string>;
  readonly through: readonly CatalogTable[];
  readonly at: Position;
  readonly metadataOnly: boolean;
  /** Columns that are copied and not looked at, where a table's whole content is written anew. */
  readonly copied: readonly string[];
  /** What WHERE says of its partition columns. */
  readonly tests: PartitionTest[];
  chosen: boolean;
}

/** A relation of the emitted text that is still being read. */
export type OpenRelation =
  | { readonly name: string; readonly read: OpenRead }
  | {
      readonly name: string;
      readonly sql: string;
      readonly once?: boolean;
      /** Rows that a view shows: code of a user sees no others. */
      readonly view?: boolean;
      /** It names itself. */
      readonly recursive?: boolean;
    };

/** A query's rows under a name that the emitted text defines once. */
export interface NamedRows {
  readonly name: string;
  readonly columns: readonly OutputColumn[];
}

/** What one statement gathers while its names are found. */
export interface World {
  readonly catalog: Catalog;
  readonly relations: OpenRelation[];
  readonly reads: OpenRead[];
  readonly functions: Set<string>;
  readonly uses: FunctionUse[];
  readonly calls: CodeCall[];
  readonly views: Map<string, NamedRows>;
  /** How long the texts of views and values are that were written out, each as often as it was. */
  writtenOut: number;
  /** Names that the emitted text has used. */
  names: number;
  /** How deep expressions and queries are nested at this moment. */
  depth: number;
}

/** WITH's tables and a script's variables, read when they are first named. */
export interface LazyRows {
  readonly source: CommonTable | AssignVariable;
  readonly environment: Environment;
  rows?: NamedRows;
}

/** In which project names are looked up, and what shadows it. */
export interface Environment extends NamePlace {
  readonly world: World;
  readonly commonTables: ReadonlyMap<string, LazyRows>;
  readonly variables: ReadonlyMap<string, LazyRows>;
  readonly through: readonly CatalogTable[];
  /** The text that is read is a view's: its names mean what its maker meant, also where nobody is lent anything. */
  readonly stored?: boolean;
  /** Parameters of an SQL function, while its body is read. */
  readonly parameters: ReadonlyMap<string, Resolved>;
}

/** Which column of which table a value is, as long as nothing was calculated with it. */
export interface Origin {
  readonly read: OpenRead;
  readonly column: string;
}

/** A column that an expression looks at, outside of aggregates. */
export interface ColumnUse {
  /** The sources of the SELECT to which the column belongs: INVARIANT, one array for one SELECT. */
  readonly of: readonly Source[];
  readonly sql: string;
  readonly name: string;
  readonly at: Position;
  readonly origins: readonly Origin[];
}

/** An expression with its type and the columns it depends on. */
export interface Resolved extends Typed {
  readonly uses: readonly ColumnUse[];
  readonly origins?: readonly Origin[];
}

/** A column of a query's result: what it is called, and its type. In the emitted text it is `c` and its place. */
export interface OutputColumn {
  readonly name: string;
  readonly type: Typed["type"];
  readonly origins: readonly Origin[];
  /** Tells that the column is looked at. */
  readonly touch?: () => void;
}

export interface SourceColumn extends OutputColumn {
  readonly sql: string;
  /** Joined by USING: reached with its table's name only. */
  hidden?: boolean;
}

/** What FROM brings in under one name. */
export interface Source {
  readonly alias: string | undefined;
  /** Project, schema and table, for columns that are written out in full. */
  readonly table?: CatalogTable;
  readonly columns: readonly SourceColumn[];
}

/** Where names are looked up: one SELECT, inside another or not. */
export interface Scope {
  readonly environment: Environment;
  readonly parent: Scope | undefined;
  readonly sources: Source[];
  readonly lambdas: readonly ReadonlyMap<string, Typed>[];
  /** Texts of the GROUP BY keys, from the moment they are known. */
  readonly keys: ReadonlySet<string>;
  readonly windows: ReadonlyMap<string, WindowDefinition>;
  /** Whether an aggregate was met; an object, so that scopes that differ in a detail share it. */
  readonly met: { aggregate: boolean };
  /** Aliases of SELECT, where they may be used: ORDER BY, HAVING, QUALIFY. */
  readonly aliases: ReadonlyMap<string, Resolved>;
  readonly aliasesFirst: boolean;
  /** Where this is, where aggregates are refused. */
  readonly noAggregates: string | undefined;
}

export function openScope(
  environment: Environment,
  parent: Scope | undefined,
  windows: Scope["windows"] = new Map(),
): Scope {
  return {
    environment,
    parent,
    sources: [],
    lambdas: [],
    keys: new Set(),
    windows,
    met: { aggregate: false },
    aliases: new Map(),
    aliasesFirst: false,
    noAggregates: undefined,
  };
}

/** A name that the emitted text does not have yet. */
export function freshName(world: World, letter: string, at: Position): string {
  world.names += 1;
  if (world.names > relationsMax)
    refuse(at, `the statement has more than ${relationsMax} relations`);
  return `${letter}${world.names}`;
}

const writtenOutMax = 16 * 1024 * 1024;

/** Counts what a name stands for: views and values that name each other cannot grow without end. */
export function writeOut(world: World, length: number, at: Position): void {
  world.writtenOut += length;
  if (world.writtenOut <= writtenOutMax) return;
  refuse(at, `views and variables are longer than ${writtenOutMax} characters written out`);
}

const depthMax = 200;

/** Runs one step down; a statement that is nested too deep is refused before the stack is full. */
export function deeper<Result>(world: World, at: Position, step: () => Result): Result {
  world.depth += 1;
  if (world.depth > depthMax) refuse(at, `the statement is nested deeper than ${depthMax}`);
  try {
    return step();
  } finally {
    world.depth -= 1;
  }
}

/** Columns as a plan tells them. */
export function plainColumns(columns: readonly OutputColumn[]): Column[] {
  return columns.map(({ name, type }) => ({ name, type, nullable: true }));
}
