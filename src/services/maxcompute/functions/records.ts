import { projectArn } from "../../../projects/project-key.ts";
import type { NamePlace } from "../../../sql/catalog.ts";
import type { EmbeddedCode } from "../../../sql/tree.ts";
import type { AccountStore, Table } from "../../../storage/store.ts";

/** A function as it is stored, by project, schema and name. */
export interface FunctionRecord {
  /** Never used again: what was dropped and made anew is another function. */
  readonly id: string;
  readonly schema: string;
  /** In lower case. */
  readonly name: string;
  readonly owner: string;
  /** Who said what it is made of: its resources are read as far as this one may. */
  readonly madeBy: string;
  readonly createdAtMs: number;
  /** `module.Class`; empty for a function in SQL. */
  readonly className: string;
  readonly resources: readonly UsedResource[];
  /** Code that the statement holds which made it: of a function that lives as long as its job. */
  readonly embedded?: EmbeddedCode;
  /** The text of CREATE SQL FUNCTION, and how its maker read the names in it. */
  readonly sql?: { readonly text: string } & NamePlace;
}

/** A resource that a function is made of: another one of its name is not meant. */
interface UsedResource {
  readonly id: string;
  /** The project that holds it; absent: the function's own. */
  readonly project?: string;
  readonly schema: string;
  readonly name: string;
}

/** What grants and policies call a function. */
export const functionArn = (project: string, schema: string, name: string): string =>
  `${projectArn(project)}/schemas/${schema}/functions/${name}`;

/** All functions of an account. */
export const functionRows = (store: AccountStore): Table<FunctionRecord> =>
  store.table("odps-functions");
