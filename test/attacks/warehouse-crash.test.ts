import assert from "node:assert/strict";
import { test } from "node:test";
import { commandLine, type Up } from "../support/command-line.ts";
import { checkStore, killAmid, marker, newKey, script } from "../support/warehouse-crash.ts";

test("kill -9 amid statements and uploads loses no row that was acknowledged, and leaves no half", async (t) => {
  const bondstore = commandLine(t);
  let up = await bondstore.up("--plain-http");
  const keys = up.ready;
  const data = ["--data", bondstore.data];
  await bondstore.json("project", "create", "sales", "--kms-key", await newKey(up, keys), ...data);
  const make = `
o.execute_sql("create table t (n bigint, half string, word string)")
print("made")
`;
  await script(up, keys, make, () => {}).ended;
  const acknowledged = new Set<number>();
  // First under a key of the owner's, then under the account's own, then under another.
  for (const [round, kills] of [7, 3, 11].entries()) {
    if (round === 1) await bondstore.json("project", "key", "sales", ...data);
    if (round === 2) {
      await bondstore.json("project", "key", "sales", "--kms-key", await newKey(up, keys), ...data);
    }
    const write = `
n = ${round * 1000}
while True:
    n += 1
    rows = [[n, half, "${marker}"] for half in ("one", "other")]
    if n % 2:
        o.execute_sql("insert into t values " + ", ".join("(%d, '%s', '%s')" % tuple(row) for row in rows))
    else:
        o.write_table("t", rows)
    print(n)
`;
    await killAmid(up, keys, write, (n, kill) => {
      acknowledged.add(n);
      if (acknowledged.size % 12 === kills) kill();
    });
    up = await bondstore.up("--plain-http");
  }
  await checkRows(up, keys, acknowledged);
  await checkStore(bondstore, up);
});

test("kill -9 amid uploads into a volume loses no file that was acknowledged, and leaves no half of a commit", async (t) => {
  const bondstore = commandLine(t);
  let up = await bondstore.up("--plain-http");
  const keys = up.ready;
  const data = ["--data", bondstore.data];
  await bondstore.json("project", "create", "sales", "--kms-key", await newKey(up, keys), ...data);
  const acknowledged = new Set<number>();
  const write = `
lake = o.create_parted_volume("lake")
n = 0
while True:
    n += 1
    with lake.open_writer("part_%d" % n) as writer:
        writer.write("one", "${marker}" * 10)
        writer.write("other", "${marker}" * 10000)
    print(n)
`;
  await killAmid(up, keys, write, (n, kill) => {
    acknowledged.add(n);
    if (acknowledged.size === 9) kill();
  });
  up = await bondstore.up("--plain-http");
  const lines: string[] = [];
  const read = `
lake = o.get_volume("lake")
for partition in lake.list_partitions():
    names = [one.name for one in partition.list_files()]
    sizes = [len(lake.open_reader(partition.name, name).read()) for name in names]
    print(json.dumps([partition.name, names, sizes]))
`;
  assert.equal(await script(up, keys, read, (line) => lines.push(line)).ended, "");
  const found = lines.map((line) => JSON.parse(line) as [string, string[], number[]]);
  for (const n of acknowledged) assert.ok(found.some(([name]) => name === `part_${n}`));
  for (const [name, files, sizes] of found) {
    assert.deepEqual(files, ["one", "other"], name);
    assert.deepEqual(sizes, [marker.length * 10, marker.length * 10_000], name);
  }
  await checkStore(bondstore, up);
});

test("kill -9 amid an INSERT on Spark leaves all of it or nothing", async (t) => {
  const bondstore = commandLine(t);
  let up = await bondstore.up("--plain-http");
  const keys = up.ready;
  const data = ["--data", bondstore.data];
  await bondstore.json("project", "create", "sales", ...data);
  const acknowledged = new Set<number>();
  const write = `
o.execute_sql("create table t (n bigint, half string, word string)")
spark = {"hive.execution.engine": "spark"}
n = 0
while True:
    n += 1
    o.execute_sql("insert into t select %d, h, '${marker}' from (select explode(array('one', 'other')) as h) x" % n, hints=spark)
    print(n)
`;
  await killAmid(up, keys, write, (n, kill) => {
    acknowledged.add(n);
    if (acknowledged.size === 2) setTimeout(kill, 700);
  });
  up = await bondstore.up("--plain-http");
  await checkRows(up, keys, acknowledged);
  await checkStore(bondstore, up);
});

/** Each row that was acknowledged is there, none is half there, and no job is told to run on. */
async function checkRows(
  up: Up,
  keys: Up["ready"],
  acknowledged: ReadonlySet<number>,
): Promise<void> {
  const lines: string[] = [];
  const read = `
with o.execute_sql("select n, count(*), count(distinct half) from t group by n").open_reader(tunnel=True) as reader:
    print(json.dumps([[record[0], record[1], record[2]] for record in reader]))
print(json.dumps([one.status.value for one in o.list_instances()]))
`;
  await script(up, keys, read, (line) => lines.push(line)).ended;
  const [rows = "", states = ""] = lines;
  const found = JSON.parse(rows) as [number, number, number][];
  const numbers = new Set(found.map(([n]) => n));
  for (const n of acknowledged) assert.ok(numbers.has(n), `${n} was acknowledged`);
  for (const [n, count, halves] of found) assert.deepEqual([n, count, halves], [n, 2, 2]);
  assert.ok(!(JSON.parse(states) as string[]).slice(0, -1).includes("Running"));
}
