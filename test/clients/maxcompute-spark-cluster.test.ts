import assert from "node:assert/strict";
import { test } from "node:test";
import { startSparkCluster } from "../support/spark-cluster.ts";
import { assertSame, assertWritten, begin, queries, writes } from "../support/spark-statements.ts";
import { startWorldWith } from "../support/warehouse.ts";

test("PyODPS has statements run on a cluster, and reads and writes the same rows as on DuckDB", async (t) => {
  const sparkCluster = await startSparkCluster(t);
  const { asRoot, running, account } = await startWorldWith(
    t,
    { sparkCluster, plainHttp: false },
    "ledger",
  );
  const out = await asRoot(`${begin}
o.rest.put(o.get_project("ledger").resource(), data="<Project><Properties><Property><Name>odps.spark.cluster</Name>"
    "<Value>true</Value></Property></Properties></Project>")
${queries}${writes}
out["explained"] = run("explain select id from orders", spark).open_reader(tunnel=False).raw
out["failed"] = refused(lambda: run("select id * 9223372036854775807 as big from orders", spark))
`);
  assertSame(out["same"]);
  assert.match(String(out["nothing"]), /'ds', 'STRING'\)\], \[\]\]$/);
  assertWritten(out);
  assert.match(String(out["explained"]), /^engine spark, on the cluster sc:\/\/127\.0\.0\.1:\d+$/m);
  assert.match(String(out["failed"]), /Out of Range error while the statement ran/);
  const events = await running.bondstore.opened.trail.find({ account, limit: 1_000 });
  const went = events.filter(({ event }) => event.eventName === "ReadClusterFile");
  assert.ok(went.length > 20, "the cluster has read files");
});
