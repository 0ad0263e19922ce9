import { projectArn } from "../../../projects/project-key.ts";
import type { PythonClass } from "../../../sql/python-classes.ts";
import type { AccountStore, BlobRef, Table } from "../../../storage/store.ts";

/** Types of resources that can be made, by the clients' words. */
export const resourceTypes = [
  ...(["file", "py", "jar", "archive", "table"] as const),
  ...(["volumefile", "volumearchive"] as const),
] as const;

type ResourceType = (typeof resourceTypes)[number];

/** Says whether a client's word is a type that can be made. */
export const isResourceType = (text: string): text is ResourceType =>
  (resourceTypes as readonly string[]).includes(text);

/** A resource as it is stored, by project, schema and name in lower case. */
export interface ResourceRecord {
  /** Stays when the content is replaced; what was dropped and made anew is another resource. */
  readonly id: string;
  readonly schema: string;
  /** As it was written: Python's modules are called so. */
  readonly name: string;
  readonly type: ResourceType;
  readonly owner: string;
  readonly comment: string;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  readonly modifiedBy: string;
  /** One more with each content. */
  readonly version: number;
  /** A piece of an upload that is still to be merged. */
  readonly part: boolean;
  readonly temporary: boolean;
  readonly size: number;
  readonly md5: string;
  /** Absent: a resource that holds a name and no content, of a table or of a file of a volume. */
  readonly blob?: BlobRef;
  /** Id of the project's data key that sealed it; absent: the account's own. */
  readonly sealedBy?: string;
  readonly table?: string;
  readonly volumeFile?: string;
  /** Classes of a Python file that are annotated as functions. */
  readonly classes?: readonly PythonClass[];
  /** How many lines a Python file has. */
  readonly lines?: number;
}

/** What grants and policies call a resource, in whatever case it is written. */
export const resourceArn = (project: string, schema: string, name: string): string =>
  `${projectArn(project)}/schemas/${schema}/resources/${name.toLowerCase()}`;

/** All resources of an account. */
export const resourceRows = (store: AccountStore): Table<ResourceRecord> =>
  store.table("odps-resources");

/** The key of a resource: names differ by more than case. */
export const resourceKey = (projectId: string, schema: string, name: string) => [
  projectId,
  schema,
  name.toLowerCase(),
];
