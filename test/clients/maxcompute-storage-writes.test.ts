import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

test("PyODPS writes tables by the Storage API: in blocks, compressed, over and beside what is there", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(
    `
import datetime, decimal, pyarrow
from odps.apis.storage_api import StorageApiArrowClient, TableBatchWriteRequest, SessionRequest, WriteRowsRequest, Compression
def client(table): return StorageApiArrowClient(o, o.get_table(table))
def block(id, table, batch, number=0, attempt=0, compression=Compression.LZ4_FRAME):
    writer = client(table).write_rows_arrow(WriteRowsRequest(session_id=id, block_number=number, attempt_number=attempt, compression=compression))
    for one in pyarrow.table(batch).to_batches(max_chunksize=1000): writer.write(one)
    return writer.finish()[0]
def commit(id, table, messages):
    return client(table).commit_write_session(SessionRequest(id), messages)
def begin(table, **how): return client(table).create_write_session(TableBatchWriteRequest(**how))
o.execute_sql("create table t (a bigint, b string)")
session = begin("t")
out["begun"] = [session.session_status.value, [[c.name, c.type] for c in session.data_schema.data_columns], session.max_block_num > 0]
numbers = lambda start, count: {"a": list(range(start, start + count)), "b": ["r%d" % at for at in range(start, start + count)]}
messages = [block(session.session_id, "t", numbers(at * 5000, 5000), at, compression=one) for at, one in enumerate([Compression.UNCOMPRESSED, Compression.LZ4_FRAME, Compression.ZSTD])]
lost = block(session.session_id, "t", numbers(100000, 7), 1, attempt=1)
out["before"] = rows("select count(*) from t")
done = commit(session.session_id, "t", messages)
again = commit(session.session_id, "t", messages)
out["committed"] = [done.session_status.value, done.status.value, again.session_status.value, client("t").get_write_session(SessionRequest(session.session_id)).session_status.value]
out["rows"] = rows("select count(*), sum(a), max(b) from t")
beside = begin("t", overwrite=False)
commit(beside.session_id, "t", [block(beside.session_id, "t", numbers(1, 1))])
out["beside"] = rows("select count(*) from t")
over = begin("t")
commit(over.session_id, "t", [block(over.session_id, "t", numbers(1, 1))])
out["over"] = rows("select a, b from t")
o.execute_sql("create table p (a bigint) partitioned by (ds string)")
part = begin("p", partition_spec="ds=x")
out["no partition yet"] = [one.name for one in o.get_table("p").partitions]
commit(part.session_id, "p", [block(part.session_id, "p", {"a": [1, None]})])
other = begin("p", partition_spec="ds='y'")
commit(other.session_id, "p", [block(other.session_id, "p", {"a": [3]})])
out["partitions"] = rows("select a, ds from p where ds <> '' order by ds, a limit 9")
o.execute_sql("create table q (a bigint) partitioned by (ds string, n bigint)")
o.execute_sql("insert into q partition (ds='x', n=1) values (100)")
o.execute_sql("insert into q partition (ds='kept', n=1) values (200)")
def divided(batches, **how):
    session = begin("q", **how)
    messages = [block(session.session_id, "q", one, at) for at, one in enumerate(batches)]
    return [commit(session.session_id, "q", messages).session_status.value, commit(session.session_id, "q", messages).session_status.value]
out["divided"] = [divided([{"a": [1, 2, 3], "ds": ["x", "y", "x"], "n": [1, 1, 2]}, {"a": [4], "ds": ["y"], "n": [1]}], overwrite=False), rows("select a, ds, n from q where ds <> '' order by a limit 9")]
out["divided over"] = [divided([{"a": [5, 6], "ds": ["x", "z/ä"], "n": [1, 1]}]), rows("select a, ds, n from q where ds <> '' order by a limit 9")]
types = "a tinyint, b decimal(10,2), c datetime, d timestamp, e array<bigint>, f map<string,bigint>, g struct<x:bigint,y:string>, h date, i binary, j boolean, k float"
o.execute_sql("create table wide (" + types + ")")
schema = pyarrow.schema([("a", pyarrow.int8()), ("b", pyarrow.decimal128(10, 2)), ("c", pyarrow.timestamp("ms")), ("d", pyarrow.timestamp("ns")), ("e", pyarrow.list_(pyarrow.int64())), ("f", pyarrow.map_(pyarrow.string(), pyarrow.int64())),
  ("g", pyarrow.struct([("x", pyarrow.int64()), ("y", pyarrow.string())])), ("h", pyarrow.date32()), ("i", pyarrow.binary()), ("j", pyarrow.bool_()), ("k", pyarrow.float32())])
now = datetime.datetime(2026, 1, 2, 3, 4, 5, 678000)
one = dict(a=1, b=decimal.Decimal("1.50"), c=now, d=now, e=[1, None], f=[("x", 1)], g=dict(x=1, y="z"), h=now.date(), i=b"\\0\\1", j=True, k=0.5)
table = pyarrow.Table.from_pylist([one, {}], schema=schema)
wide = begin("wide")
writer = client("wide").write_rows_arrow(WriteRowsRequest(session_id=wide.session_id))
writer.write(table.to_batches()[0])
commit(wide.session_id, "wide", [writer.finish()[0]])
from odps.apis.storage_api import TableBatchScanRequest, ReadRowsRequest
read = client("wide").create_read_session(TableBatchScanRequest())
reader = client("wide").read_rows_arrow(ReadRowsRequest(session_id=read.session_id, split_index=0))
back = pyarrow.Table.from_batches(iter(reader.read, None)).to_pylist()
read_on = table.slice(0, 1).to_pylist()
out["wide"] = [read.record_count, [name for name, value in read_on[0].items() if str(back[0][name]) != str(value)]]
`,
  );
  const columns = [
    ["a", "bigint"],
    ["b", "string"],
  ];
  assert.deepEqual(out["begun"], ["NORMAL", columns, true]);
  assert.deepEqual(out["before"], [[0]]);
  assert.deepEqual(out["committed"], ["COMMITTED", "OK", "COMMITTED", "COMMITTED"]);
  assert.deepEqual(out["rows"], [[15_000, (15_000 * 14_999) / 2, "r9999"]]);
  assert.deepEqual(out["beside"], [[15_001]]);
  assert.deepEqual(out["over"], [[1, "r1"]]);
  assert.deepEqual(out["no partition yet"], []);
  assert.deepEqual(out["partitions"], [
    [null, "x"],
    [1, "x"],
    [3, "y"],
  ]);
  const committed = ["COMMITTED", "COMMITTED"];
  const kept = [200, "kept", 1];
  const beside = [
    ...[
      [1, "x", 1],
      [2, "y", 1],
      [3, "x", 2],
      [4, "y", 1],
      [100, "x", 1],
    ],
    kept,
  ];
  assert.deepEqual(out["divided"], [committed, beside]);
  const over = [
    [2, "y", 1],
    [3, "x", 2],
    [4, "y", 1],
    [5, "x", 1],
    [6, "z/ä", 1],
  ];
  assert.deepEqual(out["divided over"], [committed, [...over, kept]]);
  assert.deepEqual(out["wide"], [2, []]);
});
