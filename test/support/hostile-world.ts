import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type HostileCluster, startHostileCluster } from "./hostile-cluster.ts";
import { startWorldWith } from "./warehouse.ts";

/** Begins a script: a table, and a statement that asks for the cluster. */
export const begin = `
flags = {"odps.sql.allow.fullscan": "true"}
spark = {**flags, "hive.execution.engine": "spark"}
def allow(project, value="true"):
    o.rest.put(o.get_project(project).resource(), data="<Project><Properties><Property><Name>odps.spark.cluster</Name>"
        "<Value>" + value + "</Value></Property></Properties></Project>")
def run(sql, hints=flags):
    return o.execute_sql(sql, hints=hints)
def read(sql, hints=spark):
    with run(sql, hints).open_reader(tunnel=True) as reader:
        return [list(record.values) for record in reader]
`;
/** A table of two rows. */
export const table = `
run("create table orders (id bigint, name string)")
run("insert into orders values (1, 'one'), (2, 'two')")
`;
/** Asks for them. */
export const question = `out["rows"] = refused(lambda: out.update(read=read("select id, name from orders")))`;

/** A world whose operator has named one. */
export async function startHostileWorld(t: TestContext, ...projects: readonly string[]) {
  const cluster = await startHostileCluster(t);
  const world = await startWorldWith(t, { sparkCluster: cluster.address }, ...projects);
  return { ...world, cluster };
}

/** Questions at the front door. */
export const piece = { method: "GET", query: { sparkfile: "0", start: "0", end: "4" } } as const;
/** Hands a part in. */
export const part = (name: string) => ({ method: "PUT", query: { sparkpart: name } }) as const;
/** Names those that count. */
export const commit = (...names: readonly string[]) =>
  ({ method: "PUT", query: { sparkcommit: "1" }, text: JSON.stringify(names) }) as const;
/** What a statement that asks for them waits for. */
export const good = { c0: [1, 2], c1: ["one", "two"] };

/** Asks what must be refused; answers why. */
export async function refuses(
  cluster: HostileCluster,
  asked: Parameters<HostileCluster["ask"]>[0],
) {
  const { refused } = await cluster.ask(asked);
  assert.ok(refused, JSON.stringify(asked));
  return refused;
}
