import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { commandLine, type Up } from "../support/command-line.ts";
import { checkStore, killAmid, makeBucket, marker, script } from "../support/warehouse-crash.ts";

/** One round of changes, each told once it is done: `n * 10` and which. Each leaves one of two states that are whole. */
const changes = `
import pyarrow
from odps.apis.storage_api import StorageApiArrowClient, TableBatchWriteRequest, SessionRequest, WriteRowsRequest
full = {"odps.sql.allow.fullscan": "true"}
def divided(n):
    client = StorageApiArrowClient(o, o.get_table("w"))
    session = client.create_write_session(TableBatchWriteRequest(overwrite=False))
    block = client.write_rows_arrow(WriteRowsRequest(session_id=session.session_id, block_number=0))
    rows = {"n": [n, n], "word": ["${marker}"] * 2, "ds": ["a%d" % n, "b%d" % n]}
    for one in pyarrow.table(rows).to_batches(): block.write(one)
    client.commit_write_session(SessionRequest(session.session_id), [block.finish()[0]])
def renamed(n):
    [at] = o.get_table("r").partitions
    o.execute_sql("alter table r partition (%s) rename to partition (ds='r%d')" % (at.partition_spec, n))
def restored(n):
    if n % 2: o.execute_sql("alter table d drop if exists partition (ds='x')")
    elif not list(o.get_table("d").partitions): o.execute_sql("restore table d partition (ds='x')")
def found(n):
    o.execute_sql("alter table x drop if exists partition (ds='m')" if n % 2 else "msck repair table x add partitions")
def rebuilt(n):
    o.execute_sql("alter materialized view m rebuild", hints=full)
def written(n):
    with o.get_volume("disk").open_writer("in/same") as writer: writer.write(b"%08d" % n * 20000)
works = [divided, renamed, restored, found, rebuilt, written]
`;

test("kill -9 amid changes of partitions, a rebuild and writes of files leaves each of them whole or undone", async (t) => {
  const bondstore = commandLine(t);
  let up = await bondstore.up("--plain-http");
  const keys = up.ready;
  await bondstore.json("project", "create", "sales", "--data", bondstore.data);
  await makeBucket(up, keys, "lake");
  const make = `${changes}
o.execute_sql("create table w (n bigint, word string) partitioned by (ds string)")
for name in "rd":
    o.execute_sql("create table %s (n bigint) partitioned by (ds string)" % name)
    o.execute_sql("insert into %s partition (ds='x') values (7)" % name)
o.execute_sql("create external table x (n bigint) partitioned by (ds string) stored by 'com.aliyun.odps.CsvStorageHandler' location 'oss://lake/x/'")
o.execute_sql("insert into x partition (ds='m') values (7)")
o.execute_sql("create materialized view m as select count(*) as c, sum(n) as s from w where ds > ''", hints=full)
o.create_fs_volume("disk")
`;
  assert.equal(await script(up, keys, make, () => {}).ended, "");
  const done: (readonly [n: number, work: number])[] = [];
  for (const round of [1, 2, 3, 4, 5, 6]) {
    const write = `${changes}
n = ${round} * 100
while True:
    n += 1
    for at, work in enumerate(works):
        work(n)
        print(n * 10 + at)
`;
    let told = 0;
    await killAmid(up, keys, write, (line, kill) => {
      done.push([Math.floor(line / 10), line % 10]);
      told += 1;
      // Amid another work each time.
      if (told === 11 + round) setTimeout(kill, 15 * round);
    });
    up = await bondstore.up("--plain-http");
    await checkChanges(up, keys, done);
  }
  await checkStore(bondstore, up);
  const files = () => readdirSync(join(bondstore.data, "store", "blobs")).sort();
  const before = files();
  await (await bondstore.up("--plain-http")).stop();
  assert.deepEqual(files(), before, "a start finds nothing that belongs to nobody");
});

/** What each work has left is what it was told to have done last, or what the next one was about to do. */
async function checkChanges(
  up: Up,
  keys: Up["ready"],
  done: readonly (readonly [n: number, work: number])[],
): Promise<void> {
  const lines: string[] = [];
  const read = `${changes}
def rows(sql):
    with o.execute_sql(sql, hints=full).open_reader(tunnel=True) as reader: return [list(record.values) for record in reader]
parts = [one.partition_spec.kv["ds"] for one in o.get_table("r").partitions]
body = o.get_volume("disk").open_reader("in/same").read()
print(json.dumps({
    "w": rows("select n, count(*), count(distinct ds) from w where ds > '' group by n limit 10000"), "r": [parts, rows("select n from r where ds > ''")],
    "d": rows("select n from d where ds > ''"), "x": rows("select n from x where ds > ''"), "m": rows("select c, s from m"),
    "disk": [len(body), sorted(set(body[at:at + 8].decode() for at in range(0, len(body), 8)))]}))
`;
  assert.equal(await script(up, keys, read, (line) => lines.push(line)).ended, "");
  const { w, r, d, x, m, disk } = JSON.parse(lines[0] ?? "");
  const last = (work: number) => done.findLast(([, which]) => which === work)?.[0] ?? 0;
  const acknowledged = done.filter(([, which]) => which === 0).map(([n]) => n);
  for (const n of acknowledged)
    assert.ok(
      w.some(([found]: [number]) => found === n),
      `${n}`,
    );
  for (const [n, count, parts] of w) assert.deepEqual([n, count, parts], [n, 2, 2]);
  assert.deepEqual(r[1], [[7]]);
  assert.ok([last(1), last(1) + 1].map((n) => `r${n}`).includes(r[0][0]), `${r[0]} ${last(1)}`);
  for (const [rows, work] of [
    [d, 2],
    [x, 3],
  ]) {
    const amid = done.at(-1)?.[1] === work - 1;
    const wanted = last(work) % 2 ? [] : [[7]];
    const isNext = JSON.stringify(rows) === JSON.stringify(wanted.length > 0 ? [] : [[7]]);
    assert.ok((amid && isNext) || JSON.stringify(rows) === JSON.stringify(wanted), `${work}`);
  }
  const [[count, sum]] = m;
  assert.ok(count % 2 === 0 && (count === 0 || sum % 2 === 0), `${m}`);
  assert.equal(disk[0], 160_000);
  assert.equal(disk[1].length, 1, "of one writer");
  assert.ok(Number(disk[1][0]) >= last(5));
}
