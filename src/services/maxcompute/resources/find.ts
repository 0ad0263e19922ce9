import type { AccessDemand } from "../../../access/authorize.ts";
import type { OdpsInput } from "../../../pipeline/document.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import { defaultSchema } from "../../../sql/catalog.ts";
import { type OdpsCall, type ProjectTarget, projectOf, schemaOf } from "../find-project.ts";
import { type ResourceRecord, resourceArn, resourceKey, resourceRows } from "./records.ts";

/** A resource of a project. */
export interface ResourceTarget extends ProjectTarget {
  readonly resource: ResourceRecord;
}

/** The resource that the path names; a missing one is refused only after access to its name was judged. */
export function resourceOf(input: OdpsInput, call: OdpsCall): ResourceTarget {
  const within = projectOf(input, call);
  const schema = schemaOf(input);
  const name = input.labels["Resource"] ?? "";
  const resource = resourceRows(within.store).find(resourceKey(within.project.id, schema, name));
  const target = {
    ...within,
    arn: resourceArn(within.project.name, schema, name),
    type: "ODPS::Resource",
  };
  if (resource) return { ...target, resource, creator: resource.owner };
  return { ...target, resource: nothing, absent: { refusal: noSuchResource(name) } };
}

/** The refusal of a resource that is not there. */
export const noSuchResource = (name: string): ServiceError =>
  new ServiceError(
    "NoSuchObject",
    `ODPS-0422155: Resource not found - '${name.slice(0, 256)}' does not exist`,
  );

/** In the place of a resource that is not there; never handled. */
const nothing: ResourceRecord = {
  ...{ id: "", schema: "", name: "", type: "file", owner: "", comment: "", createdAtMs: 0 },
  ...{
    modifiedAtMs: 0,
    modifiedBy: "",
    version: 0,
    part: false,
    temporary: false,
    size: 0,
    md5: "",
  },
};

/** Where a resource is: `x.py`, `p/resources/x.py` and `p/schemas/s/resources/x.py` name one. */
export interface ResourceName {
  readonly project: string;
  readonly schema: string;
  readonly name: string;
}

/** Reads the name of a resource as functions tell it. */
export function readResourceName(
  text: string,
  { project, schema }: { readonly project: string; readonly schema: string },
): ResourceName {
  const [, inProject, inSchema, name] =
    /^([^/]+)(?:\/schemas\/([^/]+))?\/resources\/([^/]+)$/.exec(text) ?? [];
  if (inProject === undefined || name === undefined) return { project, schema, name: text };
  return {
    project: inProject.toLowerCase(),
    schema: inSchema?.toLowerCase() ?? defaultSchema,
    name,
  };
}

/** A resource as a statement or a job has found it. */
export interface FoundResource extends Pick<ProjectTarget, "project" | "store"> {
  readonly name: ResourceName;
  /** Absent: there is none of this name. */
  readonly record: ResourceRecord | undefined;
}

/** One that is there. */
export type PresentResource = FoundResource & { readonly record: ResourceRecord };

export const isPresent = (found: FoundResource): found is PresentResource =>
  found.record !== undefined;

/** Finds what the name of a resource means to who works in a project; it may be another project's. */
export function findResource(
  text: string,
  place: Pick<ResourceName, "project" | "schema">,
  call: OdpsCall,
): FoundResource {
  const found = resourceAt(readResourceName(text, place), call);
  if (!found) throw noSuchResource(text);
  return found;
}

/** What is there now under a name; undefined: its project is not there either. */
export function resourceAt(name: ResourceName, call: OdpsCall): FoundResource | undefined {
  const project = call.parts.projects.find(call.account, name.project);
  if (!project) return undefined;
  const store = call.parts.store.account(project.account);
  const record = resourceRows(store).find(resourceKey(project.id, name.schema, name.name));
  return { project, store, name, record: record?.part ? undefined : record };
}

/** Read of a resource, as its own project judges it. */
export const readDemand = (
  { project, name, record }: FoundResource,
  context: NonNullable<AccessDemand["context"]>,
): AccessDemand => ({
  action: "odps:Read",
  target: {
    arn: resourceArn(project.name, name.schema, name.name),
    account: project.account,
    ...(record && { creator: record.owner }),
  },
  context,
});

/** The same the other way round, as clients read it. */
export const resourceNameText = ({ project, schema, name }: ResourceName): string =>
  schema === defaultSchema
    ? `${project}/resources/${name}`
    : `${project}/schemas/${schema}/resources/${name}`;
