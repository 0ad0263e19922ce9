import assert from "node:assert/strict";
import { test } from "node:test";
import { commands, member, startWorld } from "../support/warehouse.ts";

const story = `
import pyarrow
from odps.apis.storage_api import StorageApiArrowClient, TableBatchScanRequest, TableBatchWriteRequest, SessionRequest, ReadRowsRequest, WriteRowsRequest
def client(o=o, table="t"): return StorageApiArrowClient(o, o.get_table(table))
def part(id, o=o, table="t", **how):
    reader = client(o, table).read_rows_arrow(ReadRowsRequest(session_id=id, **how))
    return [list(row.values()) for batch in iter(reader.read, None) for row in batch.to_pylist()]
def begin(o=o, table="t", **how): return client(o, table).create_read_session(TableBatchScanRequest(**how))
def count(condition, o=o, **how): return begin(o, filter_predicate=condition, **how).record_count
def verdict(work):
    told = refused(work)
    return "goes" if told is None else told[0]
`;
/** What the server refused, and no client on its way there. */
const assertRefused = (told: unknown, what = "") =>
  assert.ok(
    ["InvalidArgument", "ParseError", "ODPSError"].includes(String(told)),
    `${what} ${told}`,
  );
const filled = `
o.execute_sql("create table t (a bigint, b string)")
o.execute_sql("insert into t values (1, 'one'), (2, 'two')")
o.execute_sql("create table other (a bigint) partitioned by (ds string)")
o.execute_sql("insert into other partition (ds='x') values (1)")
`;

test("a condition speaks of its own table, and is a part of the tree and of no text", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`${story}${filled}
o.create_resource("f.py", "py", file_obj="from odps.udf import annotate\\n@annotate('bigint->boolean')\\nclass F(object):\\n    def evaluate(self, a):\\n        return True\\n")
o.create_function("f", class_type="f.F", resources=["f.py"])
tried = [
    "a in (select a from other where ds = 'x')", "exists (select 1 from other where ds = 'x')", "max_pt('other') = 'x'", "a = (select max(a) from other where ds = 'x')",
    "f(a)", "true) union all (select 1", "true; drop table t", "true -- \\n; select 1", "a = 1 limit 1", "a = 1 order by a", "other.a = 1", "sales.other.a = 1",
    "a in (select a from read_parquet('/etc/passwd'))", "read_text('/etc/passwd') = 'x'", "sum(a) > 1", "row_number() over (order by a) = 1", "explode(array(1)) = 1",
    "*", "t.*", "", "@x = 1", "select 1", "'", "\\\\", "/*", "a = 1 and", "(" * 100000 + "a = 1" + ")" * 100000, " or ".join(["a = 1"] * 20000), "a = 1" + " " * 100000]
tried.remove("")
out["tried"] = [[one[:40], verdict(lambda: count(one))] for one in tried]
out["chars"] = [verdict(lambda: count(one)) for one in ["a = 1\\0", "\\u0000", "a = \\ud800"]]
out["kinds"] = [verdict(lambda: o.rest.post(o.endpoint + "/storage/v1/projects/sales/tables/t/sessions", json.dumps({"FilterPredicate": one}), params={"session_type": "batch_read"})) for one in [1, ["a = 1"], {"a": 1}, True]]
out["there"] = [count("a = 1"), count("b = 'one'' or ''x'"), rows("select count(*) from t")]
`);
  for (const [what, told] of out["tried"] as [string, string][]) assertRefused(told, what);
  for (const told of [...(out["chars"] as string[]), ...(out["kinds"] as string[])]) {
    assertRefused(told);
  }
  assert.deepEqual(out["there"], [1, 0, [[2]]]);
});

test("a condition is no oracle: who may not select all of a table learns nothing by one", async (t) => {
  const { asRoot, odps, user, account } = await startWorld(t, "sales");
  const [ann, bob, eve] = [await user("ann"), await user("bob"), await user("eve")];
  const name = (who: string) => `RAM$${account}:${who}`;
  await asRoot(
    `${filled}${member(name("ann"), "Describe on table t")}${member(name("bob"), "Describe, Select on table t")}
o.run_security_query("grant Select(a) on table t to user ${name("ann")}")
${commands("set LabelSecurity=true", "set label 3 to table t(b)", `set label 3 to user ${name("bob")}`)}`,
  );
  const tried = `${story}
out["tried"] = [verdict(lambda: count("b = 'one'")), verdict(lambda: count("b = 'one'", required_data_columns=["a"])), verdict(lambda: count("a = 1", required_data_columns=["a"]))]
`;
  for (const keys of [ann, eve]) {
    const out = await odps<{ tried: string[] }>(keys, "sales", tried);
    assert.deepEqual(out.tried, Array(3).fill("NoPermission"));
  }
  const ofBob = await odps<{ tried: string[]; id: string }>(
    bob,
    "sales",
    `${tried}out["id"] = begin(filter_predicate="b = 'one'").session_id`,
  );
  assert.deepEqual(ofBob.tried, ["goes", "goes", "goes"]);
  const foreign = await asRoot(`${story}out["read"] = verdict(lambda: part("${ofBob.id}"))`);
  assertRefused(foreign["read"], "a session is its user's:");
  await asRoot(commands(`set label 1 to user ${name("bob")}`));
  const lowered = await odps<{ read: string; tried: string[] }>(
    bob,
    "sales",
    `${tried}out["read"] = verdict(lambda: part("${ofBob.id}"))`,
  );
  assert.deepEqual(lowered.tried, Array(3).fill("NoPermission"), "the column is labelled");
  assert.equal(lowered.read, "NoPermission", "each read is judged anew");
});

test("filtered rows leave a protected project as others do, and as the version that was approved", async (t) => {
  const { asRoot } = await startWorld(t, "vault");
  const out = await asRoot(`${story}${filled}
early = begin(filter_predicate="a = 1")
out["early"] = verdict(lambda: part(early.session_id, split_index=0))
o.run_security_query("set ProjectProtection=true")
out["protected"] = [verdict(lambda: count("a = 1")), verdict(lambda: part(early.session_id, split_index=0))]
exception = {"Version": "1", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["odps:Select"], "Resource": "acs:odps:*:projects/vault/tables/t", "Condition": {"StringEquals": {"odps:TaskType": ["DT"]}}}]}
o.run_security_query("set ProjectProtection=true with exception '" + json.dumps(exception) + "'")
out["excepted"] = [verdict(lambda: count("a = 1")), verdict(lambda: part(early.session_id, split_index=0))]
o.execute_sql("insert into t values (1, 'more')")
out["changed"] = [verdict(lambda: count("a = 1")), part(early.session_id, split_index=0)]
o.execute_sql("drop table t")
out["dropped"] = verdict(lambda: o.rest.get(o.endpoint + "/storage/v1/projects/vault/tables/t/data", params={"session_id": early.session_id, "split_index": "0"}))
`);
  assert.equal(out["early"], "goes");
  assert.deepEqual(out["protected"], ["NoPermission", "NoPermission"]);
  assert.deepEqual(out["excepted"], ["goes", "goes"]);
  assert.deepEqual(out["changed"], ["NoPermission", [[1, "one"]]]);
  assertRefused(out["dropped"]);
});

test("rows that tell their partitions go there all or not at all, and nowhere else", async (t) => {
  const { asRoot, odps, user, account } = await startWorld(t, "sales");
  const ann = await user("ann");
  const write = `
def begin_write(o=o, **how): return client(o, "p").create_write_session(TableBatchWriteRequest(**how)).session_id
def block(id, batch, o=o, number=0):
    writer = client(o, "p").write_rows_arrow(WriteRowsRequest(session_id=id, block_number=number))
    for one in pyarrow.table(batch).to_batches(): writer.write(one)
    return writer.finish()[0]
def commit(id, messages, o=o): return client(o, "p").commit_write_session(SessionRequest(id), messages).session_status.value
def write(values, o=o, **how):
    id = begin_write(o, **how)
    return commit(id, [block(id, {"a": list(range(len(values))), "ds": pyarrow.array(values, pyarrow.string())}, o)], o)
`;
  const out = await asRoot(`${story}${write}
o.execute_sql("create table p (a bigint) partitioned by (ds string)")
o.execute_sql("insert into p partition (ds='kept') values (7)")
out["refused"] = [verdict(lambda: write(values)) for values in [["x", None], [""], ["x", "y" * 5000]]]
out["many"] = verdict(lambda: write(["p%d" % at for at in range(600)]))
from odps.apis.storage_api import DynamicPartitionOptions
out["limit"] = verdict(lambda: write(["x", "y"], dynamic_partition_options=DynamicPartitionOptions(dynamic_partition_limit=1)))
out["strategy"] = verdict(lambda: write(["x"], dynamic_partition_options=DynamicPartitionOptions(invalid_strategy="DropInvalid")))
id = begin_write()
out["columns"] = verdict(lambda: block(id, {"a": [1]}))
out["left"] = rows("select a, ds from p where ds <> ''")
out["climbing"] = [write(["../../x", "a=b/c=d", "%2e%2e", "'; drop table p; --"]), rows("select ds from p where ds <> 'kept' order by ds limit 9")]
out["still"] = rows("select a from p where ds = 'kept'")
id = begin_write()
message = block(id, {"a": [1], "ds": ["late"]})
out["id"], out["message"] = id, message
o.run_security_query("add user RAM$${account}:ann")
o.run_security_query("grant Describe, Select on table p to user RAM$${account}:ann")
`);
  for (const told of out["refused"] as string[]) assertRefused(told);
  for (const what of ["many", "limit", "strategy", "columns"]) assertRefused(out[what], what);
  assert.deepEqual(out["left"], [[7, "kept"]]);
  const climbing = [["%2e%2e"], ["'; drop table p; --"], ["../../x"], ["a=b/c=d"]];
  assert.deepEqual(out["climbing"], ["COMMITTED", climbing]);
  assert.deepEqual(out["still"], [[7]]);
  const ofReader = await odps<{ tried: string[] }>(
    ann,
    "sales",
    `${story}${write}
out["tried"] = [verdict(lambda: write(["x"])), verdict(lambda: commit("${String(out["id"])}", ["${String(out["message"])}"]))]
`,
  );
  assert.deepEqual(ofReader.tried, ["NoPermission", "NoPermission"]);
});
