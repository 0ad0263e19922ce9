import type { OutsidePlace } from "./tree.ts";
import type { Column, SqlType } from "./types.ts";

/** A table, view or external table as a statement may name it. */
export interface CatalogTable {
  readonly project: string;
  readonly schema: string;
  readonly name: string;
  /** Never reused: a table that is dropped and made again is another one. */
  readonly id: string;
  readonly kind: "table" | "view" | "materialized view" | "external" | "location" | "system view";
  readonly columns: readonly Column[];
  readonly partitionColumns: readonly Column[];
  /** What a view shows: its query's text, read as its maker read it, whatever the reader's flags are. */
  readonly view?: ViewText & NamePlace;
  /** Where an older version is read: which. */
  readonly version?: number;
  /** Where only rows are read that were inserted after a version: which. */
  readonly since?: number;
  readonly transactional: boolean;
  /** Column names in lower case; empty without a key. */
  readonly primaryKey: readonly string[];
}

/** What a view keeps of the statement that made it. */
export interface ViewText {
  /** Its query, or BEGIN .. END. */
  readonly text: string;
  /** `(@a BIGINT) RETURNS ..`: then it is called with what stands for its parameters. */
  readonly parameters?: string;
}

/** A command that is given rows as lines of text, and gives lines. */
export interface Command {
  readonly line: string;
  readonly input: LineFormat;
  readonly output: LineFormat;
}

/** How the values of a row stand in a line. */
export interface LineFormat {
  readonly between: string;
  readonly null: string;
  /** Stands before a character that is meant as itself; empty without one. */
  readonly escape: string;
}

/** A class that is called, or a command. */
export interface CodeClass {
  readonly language: "Python" | "Java" | "command";
  readonly kind: "scalar" | "table" | "aggregate";
  /** `bigint,string->double`: one in Python, in Java one for each `evaluate`. */
  readonly signatures: readonly string[];
}

/** A table that code reads under the name of a resource. */
export interface ResourceTable {
  readonly name: string;
  readonly table: CatalogTable;
  /** Values of the one partition that is meant; absent: all of the table. */
  readonly partition?: readonly string[];
}

/** A function that a project holds: written in SQL, or code that runs outside of the engine. */
export interface CatalogFunction extends CatalogName {
  /** Never reused. */
  readonly id: string;
  /** The text of CREATE SQL FUNCTION, where it is one, and how its maker read the names in it. */
  readonly definition?: { readonly text: string } & NamePlace;
  /** Of SELECT TRANSFORM: what is started. */
  readonly command?: Command;
  /** The class that is called. Neither this nor a definition: `why` it cannot be. */
  readonly code?: CodeClass;
  /** Tables that the code reads: a call of it reads all of them. */
  readonly tables?: readonly ResourceTable[];
  readonly why?: string;
}

/** A function that a statement calls, directly or through the views in which it stands, the outermost first. */
export interface FunctionUse {
  readonly function: CatalogFunction;
  readonly through: readonly CatalogTable[];
}

/** Code that a query calls, by the name that the emitted text has for it: it takes one text and gives one. */
export interface CodeCall extends FunctionUse {
  readonly name: string;
  /** Of the function's, the one that the call means. */
  readonly signature: string;
  /** It is told when no row follows. */
  readonly closes: boolean;
  readonly parameters: readonly SqlType[];
  readonly results: readonly SqlType[];
}

/** The schema of names that tell none, where schemas are not used. */
export const defaultSchema = "default";

/** The schema in which every project shows its own catalog. As a project's name it means the project that one is in. */
export const informationSchema = "information_schema";

/** Where names are read: what those that do not say it are of. */
export interface NamePlace {
  readonly project: string;
  readonly schema: string;
  /** `odps.namespace.schema`: the first of two parts is a schema, before it is a project. */
  readonly namespaces: boolean;
}

/** A name of an object, in lower case and whole. */
export interface CatalogName {
  readonly project: string;
  readonly schema: string;
  readonly name: string;
}

/** Which version of a table is meant. */
export type WantedVersion =
  | { readonly kind: "version"; readonly version: number }
  /** The n-th newest, counted from 1. */
  | { readonly kind: "latest"; readonly newest: number }
  /** The newest at a moment, so far from now. */
  | { readonly kind: "now"; readonly plusMs: number }
  /** The newest when clocks of the session's zone showed a date, with a time or without. */
  | { readonly kind: "shown"; readonly text: string };

/** All that the meaning of a statement depends on. */
export interface Catalog {
  readonly project: string;
  readonly schema: string;
  findTable(name: CatalogName): CatalogTable | undefined;
  /** A version of a table that was found; undefined when it is not there, or not any more. */
  findVersion(table: CatalogTable, wanted: WantedVersion): CatalogTable | undefined;
  /**
   * The rows that were inserted into a table after one version, up to another; undefined when one of them is not there,
   * or not any more, `rewritten` where rows were changed or taken away between them, and `too much` where that takes too
   * long to see.
   */
  findInserted(
    table: CatalogTable,
    since: WantedVersion,
    until: WantedVersion,
  ): CatalogTable | "rewritten" | "too much" | undefined;
  /** `direct`: the statement itself names it, not a view, so that it may be one of the session's own. */
  findFunction(name: CatalogName, direct: boolean): CatalogFunction | undefined;
  /** What lies outside, with the columns of the table that it goes into: it has no name, and is of one statement. */
  findLocation(
    place: OutsidePlace,
    into: CatalogTable,
    partitionColumns: readonly Column[],
  ): CatalogTable;
  /** Whether a table has the partition of these values. */
  hasPartition(table: CatalogTable, values: readonly string[]): boolean;
  /** The account of who asks. */
  readonly account: string;
  /** What the statement's own TRANSFORM starts, with resources as they are written. Undefined: none may be meant. */
  findCommand(command: Command, resources: readonly string[]): CatalogFunction | undefined;
  /** The value of the first partition column of the greatest partition that holds data. */
  maxPartition(table: CatalogTable): string | undefined;
  /** Flags of SET and of the project, by name in lower case. */
  readonly settings: ReadonlyMap<string, string>;
}

/** A flag that is on when it is set to `true`. */
export function isOn(catalog: Pick<Catalog, "settings">, flag: string, byDefault = false): boolean {
  const value = catalog.settings.get(flag);
  return value === undefined ? byDefault : value.trim().toLowerCase() === "true";
}

/** A table's full name, as messages and trails tell it. */
export function fullName({ project, schema, name }: CatalogName): string {
  return schema === "default" || schema === ""
    ? `${project}.${name}`
    : `${project}.${schema}.${name}`;
}
