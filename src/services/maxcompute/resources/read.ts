import type { Document, OdpsAnswer, OdpsInput } from "../../../pipeline/document.ts";
import { operation, ServiceError } from "../../../pipeline/operation.ts";
import type { WantedFlow } from "../../../projects/projects.ts";
import { type OdpsCall, projectOf, schemaOf } from "../find-project.ts";
import { rfc822 } from "../table-answer.ts";
import { pageOfNamed } from "../tables.ts";
import { noBytes, readBlob } from "./content.ts";
import { type ResourceTarget, resourceOf } from "./find.ts";
import { type ResourceRecord, resourceRows } from "./records.ts";

const headersOf = (resource: ResourceRecord): Record<string, string> => ({
  "x-odps-owner": resource.owner,
  "x-odps-resource-type": resource.type,
  "x-odps-resource-name": resource.name,
  "x-odps-resource-size": String(resource.size),
  "x-odps-updator": resource.modifiedBy,
  "x-odps-creation-time": rfc822(resource.createdAtMs),
  "Last-Modified": rfc822(resource.modifiedAtMs),
  ...(resource.comment !== "" && { "x-odps-comment": resource.comment }),
  ...(resource.temporary && { "x-odps-resource-istemp": "true" }),
  ...(resource.table !== undefined && { "x-odps-copy-table-source": resource.table }),
  ...(resource.volumeFile !== undefined && { "x-odps-copy-file-source": resource.volumeFile }),
  ...(resource.blob && { "Content-MD5": resource.md5 }),
});

/** Tells all of a resource but its content. */
export const getResource = operation("GetResource", {
  resolve: (input: OdpsInput, call: OdpsCall) => resourceOf(input, call),
  action: "Read",
  handle: ({ resource }: ResourceTarget): OdpsAnswer => ({ headers: headersOf(resource) }),
});

/** What is in a resource is data of its project: reading it is a download. */
const resourceFlow = ({ project, resource }: ResourceTarget): WantedFlow => ({
  ...{ project, destination: { kind: "download" }, taskType: "DT", action: "Read" },
  creator: resource.owner,
  source: {
    ...{ type: "resource", schema: resource.schema, table: resource.name },
    ...{ id: resource.id, version: String(resource.version) },
  },
});

/** Sends the content of a resource, or bytes of it from `rOffset` on. */
export const readResource = operation("ReadResource", {
  resolve: (input: OdpsInput, call: OdpsCall) => resourceOf(input, call),
  ...{ action: "Read", data: true, readOnly: true },
  flows: (_input, target) => [resourceFlow(target)],
  carries: () => ({ stream: "body" }),
  async handle(target: ResourceTarget, { parameters }, call: OdpsCall): Promise<OdpsAnswer> {
    const { store, resource, project } = target;
    const start = Math.min(countOf(parameters["rOffset"], 0), resource.size);
    const end = Math.min(start + countOf(parameters["rSize"], resource.size), resource.size);
    const { blob } = resource;
    const headers = {
      ...headersOf(resource),
      "Content-Disposition": `attachment;filename=${resource.name}`,
      "x-odps-resource-has-remaining": String(end < resource.size),
    };
    if (!blob || start === end) return { headers, body: noBytes() };
    const sealer = await call.own.sealing.openerOf(project.account, resource);
    return { headers, body: readBlob(store, blob, { range: { start, end }, sealer }) };
  },
});

function countOf(text: string | undefined, other: number): number {
  if (text === undefined) return other;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ServiceError("InvalidArgument", "rOffset and rSize are numbers of bytes.");
}

const elementOf = (resource: ResourceRecord): Document => ({
  Name: resource.name,
  Owner: resource.owner,
  LastUpdator: resource.modifiedBy,
  Comment: resource.comment,
  ResourceType: resource.type,
  CreationTime: rfc822(resource.createdAtMs),
  LastModifiedTime: rfc822(resource.modifiedAtMs),
  ResourceSize: resource.size,
  ...(resource.table !== undefined && { TableName: resource.table }),
  ...(resource.volumeFile !== undefined && { VolumePath: resource.volumeFile }),
});

/** Lists resources by name, some at a time. */
export const listResources = operation("ListResources", {
  resolve: (input: OdpsInput, call: OdpsCall) => projectOf(input, call),
  action: "List",
  handle({ project, store }, input): OdpsAnswer {
    const all = [...resourceRows(store).range({ prefix: [project.id, schemaOf(input)] })]
      .map(({ value }) => value)
      .filter((one) => !one.part);
    const { page, ...rest } = pageOfNamed(all, input);
    return { document: { Resources: { Resource: page.map(elementOf), ...rest } } };
  },
});
