import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

/** `read` reads all parts of a session; `verdict` tells whether rows came. */
const story = `
from odps.apis.storage_api import StorageApiArrowClient, TableBatchScanRequest, SessionRequest, ReadRowsRequest, SplitOptions, Compression
def client(o=o, table="t"): return StorageApiArrowClient(o, o.get_table(table))
def part(id, o=o, table="t", **how):
    reader = client(o, table).read_rows_arrow(ReadRowsRequest(session_id=id, **how))
    batches = iter(reader.read, None)
    return [list(row.values()) for batch in batches for row in batch.to_pylist()]
def begin(o=o, table="t", **how): return client(o, table).create_read_session(TableBatchScanRequest(**how))
def read(o=o, table="t", **how):
    session = begin(o, table, **how)
    return [row for at in range(session.split_count) for row in part(session.session_id, o, table, split_index=at)]
def verdict(work):
    told = refused(work)
    return "goes" if told is None else told[0]
`;

test("PyODPS reads tables by the Storage API: in parts, some columns and partitions, of one version", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(
    `${story}
o.execute_sql("create table t (a bigint, b string, at timestamp) partitioned by (ds string)")
o.execute_sql("insert into t partition (ds='x') values (1, 'x', timestamp '2026-01-01 00:00:00.5'), (2, null, null)")
o.execute_sql("insert into t partition (ds='y') values (3, 'z', null)")
out["all"] = [row[:2] + row[3:] for row in read()]
out["some"] = read(required_data_columns=["A"], required_partitions=["ds=y"])
parallel = begin(required_data_columns=["a"], required_partition_columns=["ds"], split_options=SplitOptions(split_mode="Parallelism", split_number=2))
told = client().get_read_session(SessionRequest(parallel.session_id))
out["told"] = [told.split_count, told.record_count, told.session_status.value, [c.name for c in told.data_schema.data_columns], [c.type for c in told.data_schema.partition_columns]]
o.execute_sql("insert into t partition (ds='y') values (4, 'later', null)")
out["parallel"] = [part(parallel.session_id, split_index=at) for at in range(2)]
rowwise = begin(required_data_columns=["a"], split_options=SplitOptions(split_mode="RowOffset", split_number=0))
out["rowwise"] = [rowwise.record_count, part(rowwise.session_id, row_index=1, row_count=2, compression=Compression.ZSTD)]
out["refused"] = [refused(work)[1] for work in [
  lambda: read(required_data_columns=["nothing"]), lambda: read(required_partitions=["nothing=1"]),
  lambda: part(parallel.session_id, split_index=9), lambda: part("0" * 32), lambda: begin(split_options=SplitOptions(split_mode="Bucket"))]]
o.execute_sql("create table empty (a bigint)")
out["empty"] = [begin(table="empty").split_count, read(table="empty")]
`,
  );
  assert.deepEqual(out["all"], [
    [1, "x", "x"],
    [2, null, "x"],
    [3, "z", "y"],
  ]);
  assert.deepEqual(out["some"], [[3]]);
  assert.deepEqual(out["told"], [2, 3, "NORMAL", ["a"], ["string"]]);
  assert.deepEqual(out["parallel"], [
    [[1, "x"]],
    [
      [2, "x"],
      [3, "y"],
    ],
  ]);
  assert.deepEqual(out["rowwise"], [4, [[2], [3]]]);
  const why = [/no column/, /no partition/, /split_index is 9/];
  for (const [at, told] of [...why, /does not exist or has/, /SplitMode/].entries())
    assert.match((out["refused"] as string[])[at] ?? "", told);
  assert.deepEqual(out["empty"], [0, []]);
});

test("what the Storage API reads leaves a project as a download does, judged at each read", async (t) => {
  const { asRoot, user, account } = await startWorld(t, "vault");
  const ann = await user("ann");
  const out = await asRoot(
    `${story}
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1)")
for query in ["add user RAM$${account}:ann", "grant Describe on table t to user RAM$${account}:ann"]: o.run_security_query(query)
ann = ODPS("${ann.accessKeyId}", "${ann.secretAccessKey}", "vault", endpoint=o.endpoint)
session = begin()
out["granted"] = [verdict(lambda: read(ann)), verdict(lambda: part(session.session_id, ann))]
o.run_security_query("grant Select on table t to user RAM$${account}:ann")
theirs = begin(ann)
out["own"] = [verdict(lambda: part(theirs.session_id, ann)), verdict(lambda: part(theirs.session_id)), verdict(lambda: part(session.session_id, ann))]
o.run_security_query("revoke Select on table t from user RAM$${account}:ann")
out["revoked"] = verdict(lambda: part(theirs.session_id, ann))
out["open"] = verdict(lambda: part(session.session_id))
o.run_security_query("set ProjectProtection=true")
out["protected"] = [verdict(lambda: part(session.session_id)), verdict(read), verdict(lambda: client().get_read_session(SessionRequest(session.session_id)))]
def approve(task):
    config = o.get_project().security_options
    config.reload()
    config.project_protection.exception = json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Principal": "ALIYUN$${account}", "Action": ["odps:Select"], "Resource": "acs:odps:*:projects/vault/tables/t", "Condition": {"StringEquals": {"odps:TaskType": [task]}}}]})
    config.update()
approve("SQL"); out["for SQL"] = verdict(read)
approve("DT"); out["for DT"] = verdict(read)
o.execute_sql("insert into t values (2)")
out["written since"] = [verdict(read), verdict(lambda: part(session.session_id))]
o.run_security_query("set odps.security.enabledownloadprivilege=true")
out["held"] = verdict(read)
o.run_security_query("set ProjectProtection=false")
o.run_security_query("grant Select on table t to user RAM$${account}:ann")
out["controlled"] = verdict(lambda: read(ann))
o.run_security_query("grant Download on table t to user RAM$${account}:ann")
out["given"] = verdict(lambda: read(ann))
`,
  );
  const no = "NoPermission";
  assert.deepEqual(out["granted"], [no, no]);
  assert.deepEqual(out["own"], ["goes", "ODPSError", "ODPSError"]);
  assert.equal(out["revoked"], no);
  assert.equal(out["open"], "goes");
  assert.deepEqual(out["protected"], [no, no, no]);
  assert.deepEqual([out["for SQL"], out["for DT"]], [no, "goes"]);
  assert.deepEqual(out["written since"], [no, "goes"], "the session reads what was approved");
  assert.deepEqual([out["held"], out["controlled"], out["given"]], ["goes", no, "goes"]);
});

test("PyODPS reads rows for which a condition holds, in parts and of one version", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(
    `${story}
o.execute_sql("create table t (a bigint, b string, at datetime, d decimal(10,2)) partitioned by (ds string)")
o.execute_sql("insert into t partition (ds='x') values (1, 'x', datetime '2026-01-01 00:00:00', 1.5BD), (2, null, null, null)")
o.execute_sql("""insert into t partition (ds='y') values (3, "it's", datetime '2026-02-01 00:00:00', 3BD), (4, 'w', null, null)""")
def some(condition, **how): return read(required_data_columns=["a"], filter_predicate=condition, **how)
out["rows"] = [some(one) for one in [
    "a > 1", "b is null or a = 3", "ds = 'y' and a < 4", """b = "it's" """, "at >= datetime '2026-01-15 00:00:00'", "d between 1 and 2",
    "upper(b) in ('X', 'W')", "a > 100", "b like '%t%'", "(a % 2 = 0) and not b is null"]]
out["within"] = some("a > 1", required_partitions=["ds=x"])
out["wide"] = [[str(value) for value in row] for row in read(filter_predicate="a = 1")]
out["names"] = read(required_data_columns=["a"], required_partition_columns=["ds"], filter_predicate="b is not null")
parallel = begin(required_data_columns=["a"], filter_predicate="a >= 2", split_options=SplitOptions(split_mode="Parallelism", split_number=2))
rowwise = begin(required_data_columns=["b"], filter_predicate="a >= 2", split_options=SplitOptions(split_mode="RowOffset", split_number=0))
o.execute_sql("insert overwrite table t partition (ds='y') values (9, 'later', null, null)")
told = client().get_read_session(SessionRequest(parallel.session_id))
out["told"] = [told.split_count, told.record_count]
out["parallel"] = [part(parallel.session_id, split_index=at) for at in range(2)]
out["rowwise"] = [rowwise.record_count, part(rowwise.session_id, row_index=1, row_count=9)]
o.execute_sql("alter table t change column b rename to c")
out["renamed"] = read(required_data_columns=["c"], filter_predicate="c = 'x'")
out["refused"] = [refused(lambda: some(one))[1] for one in ["nothing = 1", "a >", "a = 1; drop table t"]]
`,
  );
  assert.deepEqual(out["rows"], [
    ...[[[2], [3], [4]], [[2], [3]], [[3]], [[3]], [[3]], [[1]], [[1], [4]], []],
    ...[[[3]], [[4]]],
  ]);
  assert.deepEqual(out["within"], [[2]]);
  assert.deepEqual(out["wide"], [["1", "x", "2025-12-31 16:00:00", "1.50", "x"]]);
  assert.deepEqual(out["names"], [
    [1, "x"],
    [3, "y"],
    [4, "y"],
  ]);
  assert.deepEqual(out["told"], [2, 3]);
  assert.deepEqual((out["parallel"] as unknown[][]).flat(), [[2], [3], [4]]);
  assert.deepEqual(out["rowwise"], [3, [["it's"], ["w"]]]);
  assert.deepEqual(out["renamed"], [["x"]]);
  for (const [at, why] of [/nothing/, /ODPS-0130161/, /ODPS-0130161/].entries())
    assert.match((out["refused"] as string[])[at] ?? "", why);
});
