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

/** The same the other way round, as clients read it. */
export const resourceNameText = ({ project, schema, name }: ResourceName): string =>
  schema === defaultSchema
    ? `${project}/resources/${name}`
    : `${project}/schemas/${schema}/resources/${name}`;
