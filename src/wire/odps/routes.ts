import { decodeUrl, readParameters } from "../../identity/signature/odps.ts";
import type { HttpRequest } from "../http.ts";

/** How a body is read: as a document of XML, as text, as data that streams, or not at all. */
type BodyForm = "xml" | "text" | "data" | "none";

/**
 * Operation, `METHOD path?names that the query, or the headers, must have`, and the form of the body. `[schema]` stands for
 * `/schemas/{Schema}` or nothing. The first that fits counts. Of the paths PyODPS, the Java SDK and the JDBC driver ask.
 */
const table: readonly (readonly [operation: string, pattern: string, body?: BodyForm])[] = [
  ["ListProjects", "GET /projects"],
  ["GetTenant", "GET /tenants"],
  ["GetLogviewHost", "GET /logview/host"],
  ["GetTunnelEndpoint", "GET /projects/{Project}/tunnel?service"],
  ["PutClientLogs", "PUT /projects/{Project}/logs", "text"],

  ["GetSecurityConfiguration", "GET /projects/{Project}?security_configuration"],
  [
    "GetSecurityConfiguration",
    "GET /projects/{Project}?security_configuration_without_exception_policy",
  ],
  ["PutSecurityConfiguration", "PUT /projects/{Project}?security_configuration", "xml"],
  ["GetProjectPolicy", "GET /projects/{Project}?policy"],
  ["PutProjectPolicy", "PUT /projects/{Project}?policy", "text"],
  ["GetProject", "GET /projects/{Project}"],
  ["UpdateProject", "PUT /projects/{Project}", "xml"],

  ["SignBearerToken", "POST /projects/{Project}/authorization?sign_bearer_token", "text"],
  ["RunSecurityQuery", "POST /projects/{Project}/authorization", "xml"],
  ["ListUsers", "GET /projects/{Project}/users"],
  ["ListUserRoles", "GET /projects/{Project}/users/{User}?roles"],
  ["GetUser", "GET /projects/{Project}/users/{User}"],
  ["ListRoles", "GET /projects/{Project}/roles"],
  ["ListRoleUsers", "GET /projects/{Project}/roles/{Role}?users"],
  ["GetRolePolicy", "GET /projects/{Project}/roles/{Role}?policy"],
  ["PutRolePolicy", "PUT /projects/{Project}/roles/{Role}?policy", "text"],

  ["ListSchemas", "GET /projects/{Project}/schemas"],
  ["ListTables", "GET /projects/{Project}[schema]/tables"],
  ["PreviewTable", "GET /projects/{Project}[schema]/tables/{Table}?data&linenum"],
  ["PreviewTableArrow", "GET /projects/{Project}[schema]/tables/{Table}/preview"],
  ["ReadTableDownload", "GET /projects/{Project}[schema]/tables/{Table}?data&downloadid"],
  ["GetTableDownload", "GET /projects/{Project}[schema]/tables/{Table}?downloadid"],
  ["CreateTableDownload", "POST /projects/{Project}[schema]/tables/{Table}?downloads"],
  ["CreateTableUpload", "POST /projects/{Project}[schema]/tables/{Table}?uploads"],
  ["PutTableBlock", "PUT /projects/{Project}[schema]/tables/{Table}?uploadid&blockid", "data"],
  ["GetTableUpload", "GET /projects/{Project}[schema]/tables/{Table}?uploadid"],
  ["CommitTableUpload", "POST /projects/{Project}[schema]/tables/{Table}?uploadid"],
  [
    "CreateReadSession",
    "POST /storage/v1/projects/{Project}[schema]/tables/{Table}/sessions?session_type=batch_read",
    "text",
  ],
  [
    "GetReadSession",
    "GET /storage/v1/projects/{Project}[schema]/tables/{Table}/sessions/{Session}?session_type=batch_read",
  ],
  [
    "CreateWriteSession",
    "POST /storage/v1/projects/{Project}[schema]/tables/{Table}/sessions?session_type=batch_write",
    "text",
  ],
  [
    "GetWriteSession",
    "GET /storage/v1/projects/{Project}[schema]/tables/{Table}/sessions/{Session}?session_type=batch_write",
  ],
  [
    "PutWriteBlock",
    "POST /storage/v1/projects/{Project}[schema]/tables/{Table}/sessions/{Session}/data",
    "data",
  ],
  [
    "CommitWriteSession",
    "POST /storage/v1/projects/{Project}[schema]/tables/{Table}/commit?session_id",
    "text",
  ],
  ["ReadSessionRows", "GET /storage/v1/projects/{Project}[schema]/tables/{Table}/data?session_id"],
  ["CommitTableUpsert", "POST /projects/{Project}[schema]/tables/{Table}/upserts?upsertid"],
  ["CreateTableUpsert", "POST /projects/{Project}[schema]/tables/{Table}/upserts"],
  ["PutUpsertBlock", "PUT /projects/{Project}[schema]/tables/{Table}/upserts?upsertid", "data"],
  ["GetTableUpsert", "GET /projects/{Project}[schema]/tables/{Table}/upserts?upsertid"],
  ["AbortTableUpsert", "DELETE /projects/{Project}[schema]/tables/{Table}/upserts?upsertid"],
  ["EndTableStream", "POST /projects/{Project}[schema]/tables/{Table}/streams?uploadid"],
  ["CreateTableStream", "POST /projects/{Project}[schema]/tables/{Table}/streams"],
  ["PutStreamBlock", "PUT /projects/{Project}[schema]/tables/{Table}/streams?uploadid", "data"],
  ["GetTableStream", "GET /projects/{Project}[schema]/tables/{Table}/streams?uploadid"],
  ["ListPartitions", "GET /projects/{Project}[schema]/tables/{Table}?partitions"],
  ["GetPartition", "GET /projects/{Project}[schema]/tables/{Table}?partition"],
  ["GetTable", "GET /projects/{Project}[schema]/tables/{Table}"],

  ["ListResources", "GET /projects/{Project}[schema]/resources"],
  ["CreateResource", "POST /projects/{Project}[schema]/resources", "data"],
  ["GetResource", "GET /projects/{Project}[schema]/resources/{Resource}?meta"],
  ["ReadResource", "GET /projects/{Project}[schema]/resources/{Resource}"],
  ["UpdateResource", "PUT /projects/{Project}[schema]/resources/{Resource}", "data"],
  ["DeleteResource", "DELETE /projects/{Project}[schema]/resources/{Resource}"],

  ["ListVolumes", "GET /projects/{Project}[schema]/volumes"],
  ["CreateVolume", "POST /projects/{Project}[schema]/volumes", "xml"],
  [
    "GetVolumeObject",
    "GET /projects/{Project}[schema]/volumes/{Volume}?meta&x-odps-volume-fs-path",
  ],
  ["GetVolume", "GET /projects/{Project}[schema]/volumes/{Volume}?meta"],
  [
    "ListVolumeObjects",
    "GET /projects/{Project}[schema]/volumes/{Volume}?expectmarker&x-odps-volume-fs-path",
  ],
  ["ReadVolumeObject", "GET /projects/{Project}[schema]/volumes/{Volume}?x-odps-volume-fs-path"],
  [
    "WriteVolumeObject",
    "POST /projects/{Project}[schema]/volumes/{Volume}?x-odps-volume-fs-path",
    "data",
  ],
  [
    "CommitVolumeObject",
    "PUT /projects/{Project}[schema]/volumes/{Volume}?x-odps-volume-sessionid",
  ],
  ["CreateVolumeDirectory", "POST /projects/{Project}[schema]/volumes/{Volume}", "xml"],
  [
    "UpdateVolumeObject",
    "PUT /projects/{Project}[schema]/volumes/{Volume}?meta&x-odps-volume-fs-path",
    "xml",
  ],
  [
    "DeleteVolumeObject",
    "DELETE /projects/{Project}[schema]/volumes/{Volume}?x-odps-volume-fs-path",
  ],
  ["DeleteVolume", "DELETE /projects/{Project}[schema]/volumes/{Volume}"],
  ["ListVolumePartitions", "GET /projects/{Project}[schema]/volumes/{Volume}"],
  ["ListVolumeFiles", "GET /projects/{Project}[schema]/volumes/{Volume}/{Partition}?expectmarker"],
  ["GetVolumePartition", "GET /projects/{Project}[schema]/volumes/{Volume}/{Partition}"],
  ["DeleteVolumePartition", "DELETE /projects/{Project}[schema]/volumes/{Volume}/{Partition}"],
  ["CreateVolumeUpload", "POST /projects/{Project}/tunnel/uploads?type=volumefile&target"],
  ["PutVolumeFile", "POST /projects/{Project}/tunnel/uploads/{Upload}?blockid", "data"],
  ["GetVolumeUpload", "GET /projects/{Project}/tunnel/uploads/{Upload}"],
  ["CommitVolumeUpload", "PUT /projects/{Project}/tunnel/uploads/{Upload}"],
  ["CreateVolumeDownload", "POST /projects/{Project}/tunnel/downloads?type=volumefile&target"],
  ["ReadVolumeDownload", "GET /projects/{Project}/tunnel/downloads/{Download}?data"],
  ["GetVolumeDownload", "GET /projects/{Project}/tunnel/downloads/{Download}"],

  ["ListFunctions", "GET /projects/{Project}[schema]/registration/functions"],
  ["CreateFunction", "POST /projects/{Project}[schema]/registration/functions", "xml"],
  ["GetFunction", "GET /projects/{Project}[schema]/registration/functions/{Function}"],
  [
    "UpdateFunctionOwner",
    "PUT /projects/{Project}[schema]/registration/functions/{Function}?updateowner",
  ],
  ["UpdateFunction", "PUT /projects/{Project}[schema]/registration/functions/{Function}", "xml"],
  ["DeleteFunction", "DELETE /projects/{Project}[schema]/registration/functions/{Function}"],

  ["CreateInstance", "POST /projects/{Project}/instances", "xml"],
  ["ListInstances", "GET /projects/{Project}/instances"],
  ["ReadInstanceDownload", "GET /projects/{Project}/instances/{Instance}?data&downloadid"],
  ["GetInstanceDownload", "GET /projects/{Project}/instances/{Instance}?downloadid"],
  ["CreateInstanceDownload", "POST /projects/{Project}/instances/{Instance}?downloads"],
  ["GetInstanceResult", "GET /projects/{Project}/instances/{Instance}?result"],
  ["GetInstanceTasks", "GET /projects/{Project}/instances/{Instance}?taskstatus"],
  ["GetInstanceSource", "GET /projects/{Project}/instances/{Instance}?source"],
  ["GetInstanceProgress", "GET /projects/{Project}/instances/{Instance}?instanceprogress"],
  ["GetInstanceSummary", "GET /projects/{Project}/instances/{Instance}?instancesummary"],
  ["GetInstanceDetail", "GET /projects/{Project}/instances/{Instance}?instancedetail"],
  ["GetInstanceDetail", "GET /projects/{Project}/instances/{Instance}?detail"],
  ["GetInstanceQueueing", "GET /projects/{Project}/instances/{Instance}?cached"],
  ["GetInstanceInfo", "GET /projects/{Project}/instances/{Instance}?info"],
  ["GetInstanceQuota", "GET /projects/{Project}/instances/{Instance}?instancequota"],
  ["GetInstanceLog", "GET /projects/{Project}/instances/{Instance}?log"],
  ["ReadClusterFile", "GET /projects/{Project}/instances/{Instance}?sparkfile"],
  ["PutClusterPart", "PUT /projects/{Project}/instances/{Instance}?sparkpart", "data"],
  ["CommitClusterParts", "PUT /projects/{Project}/instances/{Instance}?sparkcommit", "text"],
  ["GetInstance", "GET /projects/{Project}/instances/{Instance}"],
  ["StopInstance", "PUT /projects/{Project}/instances/{Instance}", "xml"],
];

interface Row {
  readonly operation: string;
  readonly method: string;
  readonly path: RegExp;
  readonly labels: readonly string[];
  readonly needs: readonly string[];
  readonly body: BodyForm;
}

const rows: readonly Row[] = table.flatMap(([operation, pattern, body = "none"]) => {
  const [, method = "", path = "", needs = ""] = /^(\w+) ([^?]+)\??(.*)$/.exec(pattern) ?? [];
  const forms = path.includes("[schema]")
    ? [path.replace("[schema]", ""), path.replace("[schema]", "/schemas/{Schema}")]
    : [path];
  return forms.map((form) => ({
    operation,
    method,
    // PyODPS escapes the slash in the one folder that has two words, and calls a partition of its list otherwise.
    path: new RegExp(
      `^${form
        .replace("{Volume}/", "{Volume}/(?:partitions/)?")
        .replaceAll(/\{\w+\}/g, "([^/]+)")
        .replace("registration/", "registration(?:/|%2F)")}/?$`,
    ),
    labels: [...form.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name),
    needs: needs === "" ? [] : needs.split("&"),
    body,
  }));
});

/** Every operation that has a path, in the order of the paths. */
export const odpsOperations: readonly string[] = [
  ...new Set(table.map(([operation]) => operation)),
];

/** A request whose operation is known. */
export interface OdpsRouted {
  readonly operation: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly body: BodyForm;
}

const parametersMax = 100;

/** Whether a parameter is there, and has the value that a pattern tells. Headers are asked for by their prefix. */
function isMet(
  need: string,
  parameters: Readonly<Record<string, string>>,
  header: HttpRequest["header"],
): boolean {
  if (need.startsWith("x-odps-")) return header(need) !== undefined;
  const [name = "", value] = need.split("=");
  return name in parameters && (value === undefined || parameters[name] === value);
}

/** Finds what a request asks for; `path` is what follows the endpoint's prefix. Undefined: nothing that is known. */
export function routeOdps(
  request: Pick<HttpRequest, "method" | "query" | "header">,
  path: string,
): OdpsRouted | undefined {
  const { method, query } = request;
  const header = (name: string) => request.header(name);
  const parameters = Object.create(null) as Record<string, string>;
  let count = 0;
  for (const [name, value] of readParameters(query)) {
    count += 1;
    if (count > parametersMax) return undefined;
    parameters[name] = value;
  }
  for (const row of rows) {
    if (row.method !== method || !row.needs.every((need) => isMet(need, parameters, header)))
      continue;
    const found = row.path.exec(path);
    if (!found) continue;
    const labels = Object.fromEntries(
      row.labels.map((name, at) => [name, decodeUrl(found[at + 1] ?? "")]),
    );
    return { operation: row.operation, labels, parameters, body: row.body };
  }
  return undefined;
}
