/** What holds no more when a job on a Spark cluster comes to something is asked again; and a job ends with Bondstore. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterLocation } from "../../src/engines/spark/cluster/address.ts";
import { commandLine } from "../support/command-line.ts";
import { startHostileCluster } from "../support/hostile-cluster.ts";
import { begin, piece, refuses, startHostileWorld, table } from "../support/hostile-world.ts";
import { scriptAt } from "../support/warehouse.ts";

test("the project that asks is asked for its leave at each read, also of what is another's", async (t) => {
  const { asRoot, odps, cluster, root } = await startHostileWorld(t, "ledger", "other");
  const script = asRoot(`${begin}
entry("other").execute_sql("create table theirs as select 5 as a")
allow("ledger")
allow("other")
out["rows"] = refused(lambda: read("select a from other.theirs"))
`);
  await cluster.asked();
  assert.deepEqual(await cluster.ask(piece), { bytes: 4 });
  await odps(root, "ledger", `${begin}allow("ledger", "false")`);
  assert.match(await refuses(cluster, piece), /the owner of the project ledger has not set/);
  cluster.say("end");
  assert.match(String((await script)["rows"]), /has not handed in what it was asked for/);
});

test("a statement that waits for a cluster tells it nothing once its owner does not let it", async (t) => {
  const { asRoot, odps, cluster, root } = await startHostileWorld(t, "ledger");
  const script = asRoot(`${begin}${table}allow("ledger")
jobs = [o.run_sql("select id, name from orders", hints=spark) for _ in range(3)]
out["each"] = [refused(job.wait_for_success) for job in jobs]
`);
  await cluster.asked();
  await cluster.asked();
  await odps(root, "ledger", `${begin}allow("ledger", "false")`);
  for (let each = 0; each < 3; each += 1) cluster.say("end");
  const each = (await script)["each"] as unknown[];
  const refusals = each.filter((one) =>
    /the owner of the project ledger has not/.test(String(one)),
  );
  assert.equal(refusals.length, 1, JSON.stringify(each));
});

test("kill -9 ends the credentials of a job on a cluster", async (t) => {
  const cluster = await startHostileCluster(t);
  const bondstore = commandLine(t);
  const options = ["--plain-http", "--spark-connect", clusterLocation(cluster.address)];
  let up = await bondstore.up(...options);
  const keys = up.ready;
  await bondstore.json("project", "create", "sales", "--data", bondstore.data);
  const script = `${begin}${table}allow("sales")\no.run_sql("select id, name from orders", hints=spark)`;
  await scriptAt(up, keys, "sales", script);
  const door = await cluster.asked();
  assert.deepEqual(await cluster.ask(piece), { bytes: 4 });
  await up.kill();
  up = await bondstore.up(...options);
  const as = { ...door, endpoint: up.ready.endpoint };
  const { refused } = await cluster.late({ ...piece, as });
  assert.match(refused ?? "", /not known or not active/);
});
