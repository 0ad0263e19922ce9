import {
  type Document,
  type OdpsAnswer,
  type OdpsInput,
  type Part,
  partOf,
  partsOf,
  textOf,
} from "../../pipeline/document.ts";
import { operation, ServiceError } from "../../pipeline/operation.ts";
import { isMember } from "../../projects/permissions/names.ts";
import { type ProjectRecord, principalName, projectTable } from "../../projects/project.ts";
import { checkAdministers } from "./check-administers.ts";
import { type OdpsCall, projectOf } from "./find-project.ts";
import { checkRetention, retentionOfProject } from "./retention.ts";
import { clusterFlag } from "./spark/consent.ts";
import { rfc822 } from "./table-answer.ts";

const propertiesMax = 200;
const propertyBytesMax = 64 * 1024;
/** Who has less of the past kept purges the rest, as PURGE ALL does; who lets rows go to a cluster lets them out. */
const administered = [retentionOfProject, clusterFlag] as const;

const everyProject = (call: OdpsCall) => ({ arn: "*", account: call.account });

/** What a project says of itself. */
function projectElement(project: ProjectRecord): Document {
  return {
    Name: project.name,
    Type: "managed",
    Comment: project.comment,
    Owner: project.owner,
    SuperAdministrator: project.owner,
    CreationTime: rfc822(project.createdAtMs),
    LastModifiedTime: rfc822(project.modifiedAtMs),
    ProjectGroupName: project.account,
    Properties: {
      Property: Object.entries(project.properties).map(([Name, Value]) => ({ Name, Value })),
    },
    State: "AVAILABLE",
    TenantId: project.account,
  };
}

const projectHeaders = (project: ProjectRecord) => ({
  "x-odps-owner": project.owner,
  "x-odps-creation-time": rfc822(project.createdAtMs),
  "Last-Modified": rfc822(project.modifiedAtMs),
});

export const getProject = operation("GetProject", {
  resolve: (input: OdpsInput, call: OdpsCall) => projectOf(input, call),
  action: "Read",
  handle: ({ project }, { parameters }): OdpsAnswer => {
    if ("extended" in parameters) {
      const Property = [{ Name: "size", Value: "0" }];
      return { document: { Project: { ExtendedProperties: { Property } } } };
    }
    return { document: { Project: projectElement(project) }, headers: projectHeaders(project) };
  },
});

/** Sets properties, as `setproject` does. */
export const updateProject = operation("UpdateProject", {
  resolve: (input: OdpsInput, call: OdpsCall) => projectOf(input, call),
  action: "Write",
  async handle({ project, store }, { document }, call): Promise<OdpsAnswer> {
    const body = document?.["Project"];
    await call.parts.store.transaction(() => {
      const now = projectTable(store).find([project.name]);
      if (now?.id !== project.id) return;
      const properties = propertiesAfter(now.properties, partOf(body, "Properties"));
      checkRetention(properties, "project");
      if (administered.some((name) => properties[name] !== now.properties[name])) {
        checkAdministers(now, call);
      }
      const comment = textOf(partOf(body, "Comment"))?.slice(0, 1024) ?? now.comment;
      const changed = { ...now, comment, properties, modifiedAtMs: call.timeMs };
      projectTable(store).put([project.name], changed);
    });
    return {};
  },
});

/** Properties after those of a document were set; an empty value takes one away. */
function propertiesAfter(
  before: Readonly<Record<string, string>>,
  given: Part,
): Readonly<Record<string, string>> {
  const properties = new Map(Object.entries(before));
  const list = given === undefined ? [] : partsOf((given as Document)["Property"]);
  for (const property of list) {
    const name = textOf(partOf(property, "Name")) ?? "";
    const value = textOf(partOf(property, "Value")) ?? "";
    if (name === "") throw badProperty("a property has no Name");
    if (name.length > 256 || value.length > propertyBytesMax) {
      throw badProperty(`the property ${name.slice(0, 64)} is too long`);
    }
    if (value === "") properties.delete(name);
    else properties.set(name, value);
  }
  if (properties.size > propertiesMax) {
    throw badProperty(`a project has at most ${propertiesMax} properties`);
  }
  return Object.fromEntries(properties);
}

const badProperty = (why: string) =>
  new ServiceError("InvalidArgument", `Invalid project: ${why}.`);

/** Projects of the caller's account that it is a member of. */
export const listProjects = operation("ListProjects", {
  resolve: (_input: OdpsInput, call: OdpsCall) => everyProject(call),
  open: true,
  handle: (_target, { parameters }, call): OdpsAnswer => {
    const owner = parameters["owner"];
    const found = [...projectTable(call.store).range()]
      .map(({ value }) => value)
      .filter((project) => owner === undefined || project.owner === owner)
      .filter((project) => isMember(call.parts.projects.permissionsOf(project), callerName(call)));
    const Project = found.map((project) => projectElement(project));
    return { document: { Projects: { Project, Marker: "", MaxItems: String(found.length) } } };
  },
});

/** The caller's account as clients ask for it before each statement. */
export const getTenant = operation("GetTenant", {
  resolve: (_input: OdpsInput, call: OdpsCall) => everyProject(call),
  open: true,
  handle: (_target, _input, call): OdpsAnswer => ({
    json: {
      Tenant: {
        TenantId: call.account,
        Name: call.account,
        OwnerId: `ALIYUN$${call.account}`,
        TenantState: "NORMAL",
        CreateTime: 0,
        UpdateTime: 0,
        TenantMeta: "",
        Parameters: {},
      },
    },
  }),
});

/** Where the tunnel is: the same door. Clients copy the scheme, and leave the path out. */
export const getTunnelEndpoint = operation("GetTunnelEndpoint", {
  resolve: (input: OdpsInput, call: OdpsCall) => projectOf(input, call),
  action: "Read",
  open: true,
  handle: (_target, _input, call): OdpsAnswer => ({
    text: new URL(call.parts.endpoint()).host,
  }),
});

/** There is no web page for jobs yet: clients print what they get. */
export const getLogviewHost = operation("GetLogviewHost", {
  resolve: (_input: OdpsInput, call: OdpsCall) => everyProject(call),
  open: true,
  handle: (_target, _input, call): OdpsAnswer => ({ text: call.parts.endpoint() }),
});

/** What clients tell about themselves is not kept. */
export const putClientLogs = operation("PutClientLogs", {
  resolve: (input: OdpsInput, call: OdpsCall) => projectOf(input, call),
  open: true,
  data: true,
  handle: (): OdpsAnswer => ({}),
});

/** Who the caller is in MaxCompute's words. */
export const callerName = ({ principal }: OdpsCall): string => principalName(principal);
