import assert from "node:assert/strict";
import { test } from "node:test";
import { addBuckets } from "../support/buckets.ts";
import { startSparkCluster } from "../support/spark-cluster.ts";
import {
  assertSame,
  assertSameOutside,
  assertWritten,
  begin,
  lakeObjects,
  outside,
  queries,
  writes,
} from "../support/spark-statements.ts";
import { startWorldWith } from "../support/warehouse.ts";

test("PyODPS has statements run on a cluster, and reads and writes the same rows as on DuckDB", async (t) => {
  const sparkCluster = await startSparkCluster(t);
  const world = await startWorldWith(t, { sparkCluster, plainHttp: false }, "ledger");
  const { asRoot, running, account } = world;
  const { put } = await addBuckets(t, world, ["lake"]);
  for (const [key, body] of lakeObjects) await put(key, body);
  const out = await asRoot(`${begin}
o.rest.put(o.get_project("ledger").resource(), data="<Project><Properties><Property><Name>odps.spark.cluster</Name>"
    "<Value>true</Value></Property></Properties></Project>")
${queries}${outside}${writes}
out["explained"] = run("explain select id from orders", spark).open_reader(tunnel=False).raw
out["failed"] = refused(lambda: run("select id * 9223372036854775807 as big from orders", spark))
`);
  assertSame(out["same"]);
  assert.match(String(out["nothing"]), /'ds', 'STRING'\)\], \[\]\]$/);
  assertSameOutside(out);
  assertWritten(out);
  assert.match(String(out["explained"]), /^engine spark, on the cluster sc:\/\/127\.0\.0\.1:\d+$/m);
  assert.match(String(out["failed"]), /Out of Range error while the statement ran/);
  const events = await running.bondstore.opened.trail.find({ account, limit: 1_000 });
  const went = events.filter(({ event }) => event.eventName === "ReadClusterFile");
  assert.ok(went.length > 20, "the cluster has read files");
});
