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
  assert.match(String(out["upsert"]), /"new","1997","2","1999" "old","1","1","1"/);
  assert.match(String(out["gone"]), /not found|does not exist/i);
  assert.match(String(out["missing"]), /nothing cannot be resolved/);
});

test("PyODPS writes by key: all of a session at once, into what is there at that moment", async (t) => {
  const { odps, root, user, account } = await startWorld(t, "sales");
  const ann = await user("ann");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
from odps.tunnel import TableTunnel
o.execute_sql("create table t (k bigint not null, b string, primary key (k)) tblproperties ('transactional'='true')")
o.execute_sql("create table parted (k bigint not null, j string not null, filename string, primary key (k, j)) partitioned by (ds string) tblproperties ('transactional'='true')")
o.execute_sql("create table plain (k bigint)")
tunnel = TableTunnel(o)
o.execute_sql("insert into t values (1, 'old'), (2, 'old'), (3, 'old')")
session = tunnel.create_upsert_session("t")
stream = session.open_upsert_stream(compress=True)
for values in [[1, "new"], [4, "four"], [5, "gone"], [4, "vier"]]: stream.upsert(session.new_record(values))
stream.flush()
for values in [[2, "x"], [5, "x"]]: stream.delete(session.new_record(values))
stream.upsert(session.new_record([3, "drei"]))
stream.close()
out["before"] = rows("select * from t order by k limit 9")
o.execute_sql("insert into t values (9, 'meanwhile')")
session.commit()
out["after"] = rows("select * from t order by k limit 9")
session.commit()
out["once"] = rows("select count(*) from t")
out["over"] = refused(lambda: session.open_upsert_stream().upsert(session.new_record([6, "late"])) or session.abort())
parted = tunnel.create_upsert_session("parted", partition_spec="ds=x") if o.get_table("parted").create_partition("ds=x") else None
stream = parted.open_upsert_stream()
for values in [[1, "a", "f"], [1, "b", "g"], [1, "a", "h"]]: stream.upsert(parted.new_record(values))
stream.close()
parted.commit()
out["parted"] = rows("select k, j, filename, ds from parted where ds = 'x' order by j limit 9")
out["no key"] = refused(lambda: tunnel.create_upsert_session("plain"))
aborted = tunnel.create_upsert_session("t")
stream = aborted.open_upsert_stream()
stream.upsert(aborted.new_record([7, "never"])); stream.close()
aborted.abort()
out["aborted"] = [refused(lambda: aborted.reload())[0], rows("select count(*) from t")]
changed = tunnel.create_upsert_session("t")
stream = changed.open_upsert_stream()
stream.upsert(changed.new_record([7, "never"])); stream.close()
o.execute_sql("alter table t add columns (c string)")
out["other columns"] = refused(lambda: changed.commit())
for query in ["add user RAM$${account}:ann", "grant Select, Describe on table t to user RAM$${account}:ann"]: o.run_security_query(query)
out["id"] = tunnel.create_upsert_session("t").id
`,
  );
  assert.deepEqual(out["before"], [
    [1, "old"],
    [2, "old"],
    [3, "old"],
  ]);
  assert.deepEqual(out["after"], [
    [1, "new"],
    [3, "drei"],
    [4, "vier"],
    [9, "meanwhile"],
  ]);
  assert.deepEqual(out["once"], [[4]]);
  assert.notEqual(out["over"], null);
  assert.deepEqual(out["parted"], [
    [1, "a", "h", "x"],
    [1, "b", "g", "x"],
  ]);
  assert.match(JSON.stringify(out["no key"]), /no transactional table with a primary key/);
  assert.deepEqual(out["aborted"], ["UpsertSessionNotFound", [[4]]]);
  assert.match(JSON.stringify(out["other columns"]), /columns of t have changed/);
  const told = await odps<Record<string, unknown>>(
    ann,
    "sales",
    `
from odps.tunnel import TableTunnel
tunnel = TableTunnel(o)
out["may not"] = [refused(lambda: tunnel.create_upsert_session("t"))[0], refused(lambda: tunnel.create_upsert_session("t", upsert_id="${out["id"]}"))[0]]
`,
  );
  assert.deepEqual(told["may not"], ["NoPermission", "NoPermission"]);
});
