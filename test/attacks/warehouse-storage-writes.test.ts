import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { mock, test } from "node:test";
import { ProjectEngines } from "../../src/services/maxcompute/project-engines.ts";
import { member, startWorld } from "../support/warehouse.ts";

/** `verdict` tells how a write ends; `streamed` is a whole Arrow stream. */
const story = `
import pyarrow
from odps.apis.storage_api import StorageApiArrowClient, TableBatchWriteRequest, SessionRequest
def client(o=o, table="t"): return StorageApiArrowClient(o, o.get_table(table))
def begin(o=o, table="t", **how): return client(o, table).create_write_session(TableBatchWriteRequest(**how)).session_id
def streamed(table, **how):
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema, options=pyarrow.ipc.IpcWriteOptions(**how)) as writer: writer.write_table(table)
    return sink.getvalue().to_pybytes()
def put(id, bytes, o=o, table="t", block="0", attempt="0"):
    theirs = client(o, table)
    return theirs.tunnel_rest.post(theirs._get_resource("sessions", id, "data"), data=bytes, params={"block_number": block, "attempt_number": attempt}).json()["CommitMessage"]
def commit(id, messages, o=o, table="t"): return client(o, table).commit_write_session(SessionRequest(id), messages).session_status.value
def verdict(work):
    told = refused(work)
    return "goes" if told is None else told
rows_of = lambda **columns: pyarrow.table(columns)
o.execute_sql("create table t (a bigint, b string)")
good = streamed(rows_of(a=[1], b=["x"]))
`;

import { until } from "../support/until.ts";

test("a hostile stream of the Storage API is refused, leaves no row, and the next one goes on", async (t) => {
  const { asRoot } = await startWorld(t, "vault");
  const out = await asRoot(
    `${story}
id = begin()
strings = lambda kind: pyarrow.array(["x"], kind)
tried = {
  "nothing": b"", "noise": b"\\xff" * 4096, "no schema": good[good.index(b"\\xff\\xff\\xff\\xff", 4):], "cut short": good[:-9], "not ended": good[:-8],
  "twice": good + good, "a head of 4 GiB": b"\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x7f", "no end of noise": good[:-8] + b"\\0" * 100000,
  "a column more": streamed(rows_of(a=[1], b=["x"], c=[1])), "a column less": streamed(rows_of(a=[1])), "another order": streamed(rows_of(b=["x"], a=[1])),
  "another type": streamed(rows_of(a=["1"], b=["x"])), "unsigned": streamed(rows_of(a=pyarrow.array([1], pyarrow.uint64()), b=["x"])), "narrow": streamed(rows_of(a=pyarrow.array([1], pyarrow.int32()), b=["x"])),
  "long texts": streamed(rows_of(a=[1], b=strings(pyarrow.large_string()))), "views": streamed(rows_of(a=[1], b=strings(pyarrow.string_view()))), "dictionary": streamed(rows_of(a=[1], b=strings(pyarrow.string()).dictionary_encode())),
  "a bomb": streamed(rows_of(a=[1], b=["x" * (1 << 28)]), compression="zstd"), "not UTF-8": streamed(rows_of(a=[1], b=["kkkk"])).replace(b"kkkk", b"\\xff\\xfe\\xff\\xfe")}
out["tried"] = {name: verdict(lambda: put(id, bytes)) for name, bytes in tried.items()}
o.execute_sql("create table d (a decimal(10,2))")
wide = begin(table="d")
out["wide decimals"] = verdict(lambda: put(wide, streamed(rows_of(a=pyarrow.array([None], pyarrow.decimal256(10, 2)))), table="d"))
out["blocks"] = {block: verdict(lambda: put(id, good, block=block)) for block in ["-1", "20000", "1e3", "0x1", "../1", "9" * 30]}
out["attempts"] = {attempt: verdict(lambda: put(id, good, attempt=attempt)) for attempt in ["16", "-1", "x"]}
out["specs"] = {spec: verdict(lambda: begin(partition_spec=spec)) for spec in ["ds=x", "ds='../../x'", "';--"]}
o.execute_sql("create table p (a bigint) partitioned by (ds string)")
out["of partitions"] = {spec: verdict(lambda: begin(table="p", partition_spec=spec)) for spec in ["ds=", "ds=x/ds=y", "other=1", "ds=x,more=1"]}
climbing = begin(table="p", partition_spec="ds='../../../x'")
commit(climbing, [put(climbing, streamed(rows_of(a=[5])), table="p")], table="p")
out["climbing"] = rows("select a, ds from p where ds = '../../../x'")
o.execute_sql("create view w as select a from t")
out["a view"] = verdict(lambda: begin(table="w"))
out["rows"] = rows("select count(*) from t")
out["good"] = [commit(id, [put(id, good)]), rows("select a, b from t")]
`,
  );
  for (const kind of ["tried", "blocks", "attempts", "specs", "of partitions"])
    for (const [what, told] of Object.entries(out[kind] as Record<string, unknown>)) {
      assert.notEqual(told, "goes", `${kind}: ${what}`);
      assert.doesNotMatch(String(told), /Internal|inside the service/, `${kind}: ${what}`);
    }
  assert.notEqual(out["wide decimals"], "goes");
  assert.notEqual(out["a view"], "goes");
  assert.deepEqual(out["climbing"], [[5, "../../../x"]]);
  assert.deepEqual(out["rows"], [[0]]);
  assert.deepEqual(out["good"], ["COMMITTED", [[1, "x"]]]);
});

test("a session of writing is its user's and its table's, and ends with the right to it", async (t) => {
  const { asRoot, user, account } = await startWorld(t, "vault");
  const ann = await user("ann");
  const out = await asRoot(
    `${story}
o.execute_sql("create table other (a bigint, b string)")
${member(`RAM$${account}:ann`, "Describe, Select on table t", "Describe, Update on table other")}
ann = ODPS("${ann.accessKeyId}", "${ann.secretAccessKey}", "vault", endpoint=o.endpoint)
mine = begin()
block = put(mine, good)
code = lambda work: (refused(work) or ["goes"])[0]
out["no right"] = [code(lambda: begin(ann)), code(lambda: put(mine, good, ann)), code(lambda: commit(mine, [block], ann)), code(lambda: client(ann).get_write_session(SessionRequest(mine)))]
theirs = begin(ann, "other")
out["others"] = [code(lambda: put(theirs, good, table="other")), code(lambda: commit(theirs, [], table="other"))]
out["another table"] = [code(lambda: put(mine, good, table="other")), code(lambda: commit(mine, [block], table="other"))]
foreign = put(theirs, good, ann, "other")
out["another's block"] = [code(lambda: commit(mine, [block, foreign])), code(lambda: commit(mine, ["0-x"])), code(lambda: commit(mine, [1]))]
second = put(mine, good, attempt="1")
out["two attempts"] = code(lambda: commit(mine, [block, second]))
out["nothing yet"] = [rows("select count(*) from t"), rows("select count(*) from other")]
o.run_security_query("revoke Update on table other from user RAM$${account}:ann")
out["revoked"] = [code(lambda: put(theirs, good, ann, "other")), code(lambda: commit(theirs, [foreign], ann, "other"))]
out["once"] = [commit(mine, [second, second]), commit(mine, [block]), code(lambda: put(mine, good)), rows("select count(*) from t")]
`,
  );
  const no = "NoPermission";
  assert.deepEqual(out["no right"], [no, no, no, no]);
  for (const what of ["others", "another table", "another's block"])
    for (const told of out[what] as string[]) assert.notEqual(told, "goes", what);
  assert.notEqual(out["two attempts"], "goes");
  assert.deepEqual(out["nothing yet"], [[[0]], [[0]]]);
  assert.deepEqual(out["revoked"], [no, no]);
  const [first, again, late, count] = out["once"] as unknown[];
  assert.deepEqual([first, again, count], ["COMMITTED", "COMMITTED", [[1]]]);
  assert.notEqual(late, "goes");
});

test("who loses the right while rows are divided writes none of them", async (t) => {
  const { asRoot, user, account } = await startWorld(t, "vault");
  const ann = await user("ann");
  const name = `RAM$${account}:ann`;
  const byAnn = (work: string) =>
    asRoot(
      `${story}
ann = ODPS("${ann.accessKeyId}", "${ann.secretAccessKey}", "vault", endpoint=o.endpoint)
${work}`.replace("create table t", "create table if not exists t"),
    );
  await asRoot(`
o.execute_sql("create table p (a bigint) partitioned by (ds string)")
${member(name, "Describe, Update on table p")}`);
  const begun = await byAnn(`
out["id"] = begin(ann, "p")
out["block"] = put(out["id"], streamed(rows_of(a=[1], ds=["x"])), ann, "p")
`);
  const { use } = ProjectEngines.prototype;
  t.after(() => mock.restoreAll());
  let revoked = false;
  mock.method(
    ProjectEngines.prototype,
    "use",
    async function (this: ProjectEngines, ...args: Parameters<typeof use>) {
      const divided = await use.apply(this, args);
      if (!revoked) {
        revoked = true;
        await asRoot(`o.run_security_query("revoke Update on table p from user ${name}")`);
      }
      return divided;
    },
  );
  const out = await byAnn(`
out["commit"] = verdict(lambda: commit(${JSON.stringify(begun["id"])}, [${JSON.stringify(begun["block"])}], ann, "p"))
out["rows"] = rows("select count(*) from p where ds <> ''")
`);
  assert.ok(revoked);
  assert.match(String(out["commit"]), /NoPermission/);
  assert.deepEqual(out["rows"], [[0]]);
});

test("a block that comes too late leaves no file behind", async (t) => {
  const { asRoot, running } = await startWorld(t, "vault");
  const out = await asRoot(`${story}
id = begin()
late = streamed(rows_of(a=[1], b=[os.urandom(100000).hex()]))
def body():
    yield late[:1000]
    commit(id, [])
    yield late[1000:]
out["late"] = verdict(lambda: put(id, body()))
`);
  assert.match(String(out["late"]), /is over/);
  await until("no file", async () => {
    return readdirSync(join(running.data, "store", "blobs")).length === 0 ? true : undefined;
  });
});
