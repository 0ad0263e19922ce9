import assert from "node:assert/strict";
import { test } from "node:test";
import { java } from "../support/java.ts";
import { startWorld } from "../support/warehouse.ts";

test("PyODPS writes by streams: what a flush has brought is there", async (t) => {
  const { odps, root, user, account } = await startWorld(t, "sales", "vault");
  const ann = await user("ann");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
from odps.tunnel import TableTunnel
o.execute_sql("create table t (a bigint, b string)")
o.execute_sql("create table parted (a bigint) partitioned by (ds string)")
tunnel = TableTunnel(o)
def stream(table, values, session=None, **how):
    session = session or tunnel.create_stream_upload_session(table, **how)
    with session.open_record_writer() as writer:
        for value in values: writer.write(session.new_record(value))
    return session
session = stream("t", [[1, "x"], [2, None]])
out["first"] = rows("select * from t order by a limit 9")
stream("t", [[3, "z"]], session)
session.reload(force=True)
out["second"] = [rows("select count(*) from t"), session.last_batch_id]
stream("parted", [[1, "new"], [2, "new"]], partition_spec="ds=new", create_partition=True)
out["parted"] = rows("select a, ds from parted where ds = 'new' order by a limit 9")
out["no partition"] = refused(lambda: stream("parted", [[1, "old"]], partition_spec="ds=old"))[0]
strict = tunnel.create_stream_upload_session("t", allow_schema_mismatch=False)
lax = tunnel.create_stream_upload_session("t")
o.execute_sql("alter table t add columns (c bigint)")
out["schema"] = [refused(lambda: stream("t", [[4, "w"]], strict))[0], refused(lambda: stream("t", [[4, "w"]], lax)), rows("select * from t where a = 4")]
session.abort() if hasattr(session.slots, "__next__") else None
out["ended"] = refused(lambda: session.reload(force=True))[0]
v = entry("vault")
v.execute_sql("create table t (a bigint)")
v.run_security_query("set ProjectProtection=true")
with TableTunnel(v).create_stream_upload_session("t").open_record_writer() as writer: writer.write(v.get_table("t").new_record([1]))
out["inflow"] = rows("select a from t", v)
for query in ["add user RAM$${account}:ann", "grant Select, Describe on table t to user RAM$${account}:ann"]: o.run_security_query(query)
out["lax"] = lax.id
`,
  );
  assert.deepEqual(out["first"], [
    [1, "x"],
    [2, null],
  ]);
  assert.deepEqual(out["second"], [[[3]], 2]);
  assert.deepEqual(out["parted"], [
    [1, "new"],
    [2, "new"],
  ]);
  assert.equal(out["no partition"], "NoSuchPartition");
  assert.deepEqual(out["schema"], ["NoSuchSchema", null, [[4, "w", null]]]);
  assert.equal(out["ended"], "StreamSessionNotFound");
  assert.deepEqual(out["inflow"], [[1]]);
  const told = await odps<Record<string, unknown>>(
    ann,
    "sales",
    `
from odps.tunnel import TableTunnel
tunnel = TableTunnel(o)
out["may not"] = [refused(lambda: tunnel.create_stream_upload_session("t"))[0], refused(lambda: tunnel.create_stream_upload_session("t", upload_id="${out["lax"]}"))[0]]
`,
  );
  assert.deepEqual(told["may not"], ["NoPermission", "NoPermission"]);
});

test("MaxCompute's SDK for Java writes by streams, into partitions that its rows name", async (t) => {
  const { running, root } = await startWorld(t, "sales");
  const source = "test/support/java/WarehouseStreams.java";
  const out = (await java("warehouse-java", running, root, source)) as Record<string, unknown>;
  assert.match(String(out["stream"]), /"n" "100" .*"n" "200" /);
  assert.match(String(out["dynamic"]), /"p0","?5"? "p1","?5"?/);
  assert.match(String(out["gone"]), /not found|does not exist/i);
  assert.match(String(out["missing"]), /nothing cannot be resolved/);
});
