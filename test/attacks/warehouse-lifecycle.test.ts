import assert from "node:assert/strict";
import { mock, test } from "node:test";
import {
  type PartitionRecord,
  tableRows,
  versionRows,
} from "../../src/services/maxcompute/catalog.ts";
import { blocksOf } from "../../src/services/maxcompute/tunnel/blocks.ts";
import { uploadRows } from "../../src/services/maxcompute/tunnel/uploads.ts";
import { until } from "../support/until.ts";
import { startWorld, type World } from "../support/warehouse.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** Makes all tables of the account as old as this, as if nobody had touched them since. */
async function age({ running, account }: World, days: number): Promise<void> {
  const { store } = running.bondstore.opened.parts;
  const [tables, versions] = [tableRows, versionRows].map((rows) => rows(store.account(account)));
  const older = (partition: PartitionRecord) => ({
    ...partition,
    modifiedAtMs: partition.modifiedAtMs - days * dayMs,
  });
  await store.transaction(() => {
    for (const { key, value } of [...tableRows(store.account(account)).range()]) {
      tables?.put(key, { ...value, createdAtMs: value.createdAtMs - days * dayMs } as never);
    }
    for (const { key, value } of [...versionRows(store.account(account)).range()]) {
      versions?.put(key, { ...value, partitions: value.partitions.map(older) } as never);
    }
  });
}

/** A Bondstore whose minutes pass when the test says so. */
async function startTimed(t: Parameters<typeof startWorld>[0]) {
  mock.timers.enable({ apis: ["setInterval"] });
  t.after(() => mock.timers.reset());
  const world = await startWorld(t, "sales");
  return {
    world,
    /** Lets minutes pass until what they are waited for is done. */
    minutes: (what: string, done: () => Promise<boolean>) =>
      until(what, async () => {
        mock.timers.tick(60_000);
        return done();
      }),
  };
}

/** Names of the tables, in their order. */
const tablesOf = ({ running, account }: World): string =>
  [...tableRows(running.bondstore.opened.parts.store.account(account)).range()]
    .map(({ value }) => value.name)
    .sort()
    .join();

const events = async ({ running, account }: World) =>
  (await running.bondstore.opened.trail.find({ account, limit: 500 }))
    .map(({ event }) => event)
    .filter(({ eventName }) => eventName.startsWith("Reap"));

test("what is older than its lifecycle goes, by partition or whole, and nothing else; the trail tells", async (t) => {
  const { world, minutes } = await startTimed(t);
  const { asRoot } = world;
  await asRoot(`
for name, more in [("plain", "lifecycle 3"), ("kept", ""), ("off", "lifecycle 3"), ("touched", "lifecycle 3"), ("longer", "lifecycle 30")]:
    o.execute_sql("create table %s (a bigint) %s" % (name, more))
    o.execute_sql("insert into %s values (1)" % name)
o.execute_sql("create table parted (a bigint) partitioned by (ds string) lifecycle 3")
for ds in ["old", "off", "touched", "written"]:
    o.execute_sql("insert into parted partition (ds='%s') values (1)" % ds)
o.execute_sql("create table never (a bigint) partitioned by (ds string) lifecycle 3")
o.execute_sql("alter table never add partition (ds='x')")
o.execute_sql("alter table off disable lifecycle")
o.execute_sql("alter table parted partition (ds='off') disable lifecycle")
`);
  await age(world, 4);
  await asRoot(`
o.execute_sql("alter table touched touch")
o.execute_sql("alter table parted touch partition (ds='touched')")
o.execute_sql("insert into parted partition (ds='written') values (2)")
`);
  await minutes("the last of what is due", async () => {
    return tablesOf(world) === "kept,longer,never,off,parted,touched";
  });
  const out = await asRoot(`
out["tables"] = sorted(one.name for one in o.list_tables())
out["partitions"] = sorted(str(one) for one in o.get_table("parted").partitions)
out["never"] = [str(one) for one in o.get_table("never").partitions]
out["rows"] = rows("select count(*) from parted where ds <> ''")
out["one partition"] = refused(lambda: o.execute_sql("alter table parted partition (ds='off') set lifecycle 2"))[1]
out["history"] = [one.split("\\t")[2:5:2] for one in o.execute_sql("show history for table never").open_reader(tunnel=False).raw.splitlines()[1:2]]
lsn = o.execute_sql("show history for table never").open_reader(tunnel=False).raw.splitlines()[2].split("\\t")[1]
o.execute_sql("restore table never to lsn '%s'" % lsn)
o.execute_sql("alter table off enable lifecycle")
o.execute_sql("alter table parted partition (ds='off') enable lifecycle")
`);
  assert.deepEqual(out["tables"], ["kept", "longer", "never", "off", "parted", "touched"]);
  assert.deepEqual(out["partitions"], ["ds='off'", "ds='touched'", "ds='written'"]);
  assert.deepEqual([out["never"], out["rows"]], [[], [[4]]]);
  assert.match(String(out["one partition"]), /a lifecycle is that of a table/);
  assert.deepEqual(out["history"], [["LIFECYCLE", "SERVICE$maxcompute.aliyuncs.com"]]);
  const told = await events(world);
  assert.deepEqual(
    told
      .map(({ eventName, requestParameters }) => [
        eventName,
        (requestParameters as Record<string, unknown>)["table"],
      ])
      .sort(),
    [
      ["ReapPartitions", "never"],
      ["ReapPartitions", "parted"],
      ["ReapTable", "plain"],
    ],
  );
  for (const event of told) {
    assert.deepEqual(event.userIdentity, {
      accountId: world.account,
      invokedBy: "maxcompute.aliyuncs.com",
    });
    assert.doesNotMatch(JSON.stringify(event), /old|ds=/);
  }
  await minutes("the last of what is due", async () => {
    const left = await asRoot(`out["parted"] = len(list(o.get_table("parted").partitions))`);
    return left["parted"] === 2;
  });
  const after = await asRoot(`
out["tables"] = sorted(one.name for one in o.list_tables())
out["partitions"] = sorted(str(one) for one in o.get_table("parted").partitions)
out["restored"] = [str(one) for one in o.get_table("never").partitions]
`);
  assert.deepEqual(after["restored"], ["ds='x'"]);
  assert.deepEqual(after["tables"], ["kept", "longer", "never", "parted", "touched"]);
  assert.deepEqual(after["partitions"], ["ds='touched'", "ds='written'"]);
});

test("nothing is reaped under a statement that runs or an upload that is open", async (t) => {
  const { world, minutes } = await startTimed(t);
  const { asRoot } = world;
  const out = await asRoot(`
from odps.tunnel import TableTunnel
for name in ["written", "uploaded", "forgotten"]:
    o.execute_sql("create table %s (a bigint) lifecycle 3" % name)
o.execute_sql("create table many (a bigint)")
o.execute_sql("insert into many select x.a + y.a from (select explode(sequence(1, 3000)) as a) x cross join (select explode(sequence(1, 1000)) as a) y")
out["job"] = o.run_sql("insert into written select count(*) from many x cross join many y where x.a <> y.a").id
upload = TableTunnel(o).create_upload_session("uploaded")
with upload.open_record_writer(0) as writer:
    writer.write(o.get_table("uploaded").new_record([7]))
out["upload"] = upload.id
`);
  await age(world, 4);
  await minutes("the one that is due", async () => tablesOf(world) === "many,uploaded,written");
  const after = await asRoot(`
from odps.tunnel import TableTunnel
out["tables"] = sorted(one.name for one in o.list_tables())
o.get_instance("${out["job"]}").stop()
TableTunnel(o).create_upload_session("uploaded", upload_id="${out["upload"]}").commit([0])
out["rows"] = rows("select a from uploaded")
`);
  assert.deepEqual(after, { tables: ["many", "uploaded", "written"], rows: [[7]] });
  await age(world, 4);
  await minutes("the others", async () => tablesOf(world) === "many");
  const last = await asRoot(`out["tables"] = sorted(one.name for one in o.list_tables())`);
  assert.deepEqual(last["tables"], ["many"]);
});

test("what an upload has left goes when its session is over, and one that serves keeps it", async (t) => {
  const { world, minutes } = await startTimed(t);
  const { store } = world.running.bondstore.opened.parts;
  const own = store.account(world.account);
  const uploads = () => [...uploadRows(own).range()];
  await world.asRoot(`
from odps.tunnel import TableTunnel
o.execute_sql("create table t (a bigint)")
for _ in range(2):
    upload = TableTunnel(o).create_upload_session("t")
    with upload.open_record_writer(0) as writer:
        writer.write(o.get_table("t").new_record([1]))
`);
  const [over, serving] = uploads();
  assert.ok(over && serving);
  const blocks = () => [over, serving].map(({ value }) => blocksOf(own, value.id).length);
  assert.deepEqual(blocks(), [1, 1]);
  await store.transaction(() => {
    const beganAtMs = over.value.beganAtMs - 2 * dayMs;
    uploadRows(own).put(over.key, { ...over.value, beganAtMs });
  });
  await minutes("its end", async () => uploads().length === 1);
  assert.deepEqual(
    uploads().map(({ value }) => value.id),
    [serving.value.id],
  );
  assert.deepEqual(blocks(), [0, 1]);
});
