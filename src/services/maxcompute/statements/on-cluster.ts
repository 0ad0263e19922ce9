import { type ClusterAddress, clusterLocation } from "../../../engines/spark/cluster/address.ts";
import type { ClusterQuestion } from "../../../engines/spark/cluster/cluster.ts";
import { applicationOf } from "../../../identity/principal.ts";
import { clusterJobArn } from "../../../projects/cluster-jobs.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import type { WantedFlow } from "../../../projects/projects.ts";
import { type CatalogTable, isOn } from "../../../sql/catalog.ts";
import type { Plan, Selection } from "../../../sql/plan.ts";
import { refuseSpark } from "../../../sql/spark/reader.ts";
import type { Statement } from "../../../sql/tree.ts";
import type { OdpsCall } from "../find-project.ts";
import type { ReadRecord } from "../jobs/instance-record.ts";
import type { Session } from "../jobs/run-script.ts";
import type { ProjectEngine } from "../project-engine.ts";
import { clusterFlows } from "../spark/cluster-files.ts";
import { clusterFlag, refused } from "../spark/consent.ts";
import { type StatementCatalog, timezoneOf } from "../tunnel/session.ts";
import type { CellQuery, Running } from "./in-cell.ts";
import { askedForSpark } from "./on-spark.ts";

/**
 * The cluster on which a statement runs; undefined: it runs here. It does where its job asks for Spark itself, the
 * operator has named a cluster, and the project, or the job, says so.
 */
export function clusterFor(
  catalog: StatementCatalog,
  session: Session,
  call: OdpsCall,
): ClusterAddress | undefined {
  const { cluster } = call.own.engines;
  // What the code of a Spark job has read is watched here, and only here.
  if (!askedForSpark(catalog.settings, session) || applicationOf(call.principal)) return undefined;
  if (!isOn(catalog, clusterFlag)) return undefined;
  if (!cluster && session.own.has(clusterFlag)) {
    throw refused("the operator of this Bondstore has named no Spark cluster");
  }
  return cluster;
}

/**
 * What of a statement's reads goes to the cluster on which it runs, and of what was decided by before: that it runs tells
 * of it. Refuses where the owner of a project has not allowed that.
 */
export function leavingToCluster(
  plan: Plan,
  reads: readonly ReadRecord[],
  current: ProjectRecord,
  { catalog, session }: { readonly catalog: StatementCatalog; readonly session: Session },
  call: OdpsCall,
): readonly WantedFlow[] {
  if (plan.kind === "definition") return [];
  if (plan.kind === "made-of-query" && staysHere.has(plan.statement.kind)) return [];
  const cluster = clusterFor(catalog, session, call);
  if (!cluster) return [];
  // What goes there is judged by the tables that it is of, and objects are none.
  const writes = plan.kind === "write" ? plan.writes : [];
  if (writes.some(({ selection }) => loadedPlaces(selection).length > 0)) {
    refuseSpark("LOAD on a cluster");
  }
  return clusterFlows(reads, clusterLocation(cluster), current, call);
}

/** What a selection reads that is no table of a project: places of LOAD. */
export const loadedPlaces = ({ relations }: Selection): readonly CatalogTable[] =>
  relations.flatMap((one) => ("table" in one && one.table.kind === "location" ? [one.table] : []));

/** What no cluster runs. */
const staysHere: ReadonlySet<Statement["kind"]> = new Set([
  ...(["create-view", "analyze", "show-statistic"] as const),
]);

/** As long as a job may run, and a little more. */
const credentialsMs = 25 * 60 * 60 * 1000;

/**
 * Runs a query on the cluster, and does `work` while its rows lie in the cell of the project: believed no more than
 * what Spark in a cell leaves. Its credentials are bound to it, and end with it.
 */
export async function runOnCluster<Result>(
  { spark, files }: Required<Pick<CellQuery, "spark" | "files">>,
  cluster: ClusterAddress,
  { target, input, call, judgeAgain }: Running,
  cell: ProjectEngine,
  work: () => Promise<Result>,
): Promise<Result> {
  const { principal, own, parts } = call;
  const { project, reads } = target;
  const { record, signal } = input.job;
  if (!("account" in principal)) throw refused("nobody signed it");
  await cell.checkFiles(files);
  const arn = clusterJobArn(project.name, record.id);
  const location = clusterLocation(cluster);
  const job = own.clusterJobs.begin(arn, {
    ...{ project, instance: record, reads, files, location },
    ...{ engine: cell.engine, folder: `s/${spark.name}` },
  });
  try {
    const expiresAtMs = call.timeMs + credentialsMs;
    const made = await parts.directory.startJobSession(principal, {
      ...{ application: arn, expiresAtMs },
    });
    const { endpoint, ca = "" } = own.engines.frontDoor();
    const door = {
      ...{ endpoint, ca, path: `/projects/${project.name}/instances/${record.id}` },
      ...{ key: made.accessKeyId, secret: made.secret, token: made.token },
    };
    const question = { id: record.id, timezone: timezoneOf(target.catalog), door };
    await cell.onCluster({ ...question, ...numbered({ spark, files }) }, signal, () => {
      // It may have waited for long, and what it is told names partitions by their values.
      clusterFlows(reads, location, project, call);
      judgeAgain();
    });
    job.checkCommitted();
    return await work();
  } finally {
    try {
      await parts.directory.endApplicationSessions(arn);
    } finally {
      await own.clusterJobs.end(arn);
    }
  }
}

/** A query whose files are told by their numbers at the door. */
function numbered({
  spark,
  files,
}: Required<Pick<CellQuery, "spark" | "files">>): Pick<
  ClusterQuestion,
  "name" | "steps" | "sql" | "tables"
> {
  const known = new Map(
    files.map(({ name, record }, at) => [name, { name, at, size: record.blob.size }]),
  );
  const tables = spark.tables.map((table) => ({
    ...table,
    files: table.files.flatMap((name) => known.get(name) ?? []),
  }));
  return { ...spark, tables };
}
