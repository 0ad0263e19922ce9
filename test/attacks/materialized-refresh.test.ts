import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { refreshRows } from "../../src/services/maxcompute/materialized.ts";
import { ProjectEngines } from "../../src/services/maxcompute/project-engines.ts";
import { addBuckets } from "../support/buckets.ts";
import { until } from "../support/until.ts";
import { member, startWorld, type World } from "../support/warehouse.ts";

/** A Bondstore whose minutes pass when the test says so. */
async function startTimed(t: Parameters<typeof startWorld>[0], ...projects: readonly string[]) {
  mock.timers.enable({ apis: ["setInterval", "Date"], now: Date.now() });
  t.after(() => mock.timers.reset());
  const world = await startWorld(t, ...projects);
  const { trail } = world.running.bondstore.opened;
  const { account } = world;
  /** What the clock has had done or refused so far: by its name, and how it ended. */
  const told = async () =>
    (await trail.find({ account, limit: 1000 }))
      .map(({ event }) => event)
      .filter(({ userIdentity }) => userIdentity["invokedBy"] === "maxcompute.aliyuncs.com")
      .map(({ eventName, errorCode = "" }) => `${eventName} ${errorCode}`.trim());
  return {
    ...world,
    told,
    /** Lets a minute pass; answers what was told of it, as soon as so much was. */
    async minute(count: number): Promise<readonly string[]> {
      const before = (await told()).length;
      // A client that says the same in the same second signs it alike, and a minute later that is a replay.
      await pause(1_050);
      mock.timers.tick(61_000);
      if (count === 0) await pause(500);
      const now = await until(`${count} events`, async () => {
        const found = await told();
        return found.length >= before + count && found;
      });
      return now.slice(0, now.length - before).sort();
    },
  };
}

const rowsOf = async ({ asRoot }: Pick<World, "asRoot">, view: string): Promise<unknown> =>
  (
    await asRoot(`
import time
while any(i.status.name == "RUNNING" for i in o.list_instances(status="RUNNING")): time.sleep(0.1)
out["rows"] = rows("select a from ${view} order by a limit 10")
`)
  )["rows"];

test("a view that the clock makes anew gets no row that its owner may not read by then", async (t) => {
  const world = await startTimed(t, "sales");
  const { asRoot, odps, user, account, running, minute } = world;
  const ann = await user("ann");
  const { users, accessKeys } = running.bondstore.opened.parts.directory.inAccount(account);
  const [key] = accessKeys.of(users.find("ann"));
  assert.ok(key);
  const insert = (value: number) => asRoot(`o.execute_sql("insert into t values (${value})")`);
  const name = `RAM$${account}:ann`;
  await asRoot(`
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1)")
${member(name, "Select, Describe on table t")}
`);
  await odps(
    ann,
    "sales",
    `
every = "refresh every 1 minutes tblproperties ('enable_auto_refresh'='true')"
o.execute_sql(f"create materialized view m {every} as select a from t")
o.execute_sql("create materialized view still refresh every 1 minutes as select a from t")
`,
  );
  await insert(2);
  assert.deepEqual(await minute(2), ["CreateInstance", "RunStatement"]);
  assert.deepEqual(await rowsOf(world, "m"), [[1], [2]]);
  assert.deepEqual(await rowsOf(world, "still"), [[1]], "it was not enabled");
  assert.deepEqual(await minute(0), [], "nothing has changed");

  await insert(3);
  await asRoot(`o.run_security_query("revoke Select on table t from user ${name}")`);
  assert.deepEqual(await minute(2), ["CreateInstance", "RunStatement ODPS-0130013"]);
  assert.deepEqual(await rowsOf(world, "m"), [[1], [2]]);
  await asRoot(`o.run_security_query("grant Select on table t to user ${name}")`);
  await accessKeys.switch(key, false);
  assert.deepEqual(await minute(1), ["RefreshMaterializedView ODPS-0130013"]);
  assert.deepEqual(await rowsOf(world, "m"), [[1], [2]]);
  await accessKeys.switch(key, true);
  assert.deepEqual(await minute(2), ["CreateInstance", "RunStatement"]);
  assert.deepEqual(await rowsOf(world, "m"), [[1], [2], [3]]);

  await insert(4);
  await accessKeys.remove(key);
  const record = users.find("ann");
  assert.ok(record);
  await users.remove(record);
  assert.deepEqual(await minute(1), ["RefreshMaterializedView ODPS-0130013"]);
  await asRoot(`
o.execute_sql("drop materialized view m")
o.execute_sql("create materialized view m as select a from t where a = 1")
`);
  await insert(5);
  assert.deepEqual(await minute(0), [], "another view of the name is not the clock's");
  const store = running.bondstore.opened.parts.store.account(account);
  assert.deepEqual([...refreshRows(store).range()], []);
});

test("whose keys are disabled while the clock makes their view anew gets no row of it", async (t) => {
  const world = await startTimed(t, "sales");
  const { asRoot, odps, user, account, running, minute } = world;
  const ann = await user("ann");
  await asRoot(`
o.execute_sql("create table t (a bigint)")
${member(`RAM$${account}:ann`, "Select, Describe on table t")}
`);
  await odps(
    ann,
    "sales",
    `o.execute_sql("create materialized view m refresh every 1 minutes tblproperties ('enable_auto_refresh'='true') as select a from t")`,
  );
  await asRoot(`o.execute_sql("insert into t values (1)")`);
  const { users, accessKeys } = running.bondstore.opened.parts.directory.inAccount(account);
  const [key] = accessKeys.of(users.find("ann"));
  assert.ok(key);
  const { use } = ProjectEngines.prototype;
  const made = mock.method(
    ProjectEngines.prototype,
    "use",
    async function (this: ProjectEngines, ...args: Parameters<typeof use>) {
      const rows = await use.apply(this, args);
      await accessKeys.switch(key, false);
      return rows;
    },
  );
  t.after(() => made.mock.restore());
  assert.deepEqual(await minute(2), ["CreateInstance", "RunStatement AccessDenied"]);
  made.mock.restore();
  assert.deepEqual(await rowsOf(world, "m"), []);
  await accessKeys.switch(key, true);
  assert.deepEqual(await minute(2), ["CreateInstance", "RunStatement"]);
  assert.deepEqual(await rowsOf(world, "m"), [[1]]);
});

test("the clock takes nothing out of a protected project", async (t) => {
  const world = await startTimed(t, "vault", "plain");
  const { asRoot, odps, root, minute } = world;
  await asRoot(`
p = entry("plain")
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1)")
every = "tblproperties ('enable_auto_refresh'='true', 'refresh_interval_minutes'='1')"
p.execute_sql(f"create materialized view m {every} as select a from vault.t")
p.execute_sql("create materialized view n tblproperties ('enable_auto_refresh'='true', 'refresh_cron'='0 * * * * ?') as select a from vault.t")
o.run_security_query("set ProjectProtection=true")
o.execute_sql("insert into t values (2)")
out["cron"] = refused(lambda: p.execute_sql("alter materialized view m set tblproperties ('refresh_cron'='* * * * * *')"))
for minutes in ["0", "-1", "1.5", "9999999", "x"]:
    out[minutes] = refused(lambda: p.execute_sql(f"alter materialized view m set tblproperties ('refresh_interval_minutes'='{minutes}')"))
`).then(({ cron, ...bad }) => {
    assert.match(String(cron), /refresh_cron is a schedule of Quartz/);
    for (const told of Object.values(bad))
      assert.match(String(told), /refresh_interval_minutes is 1 to/);
  });
  const refused = "RunStatement ODPS-0130013";
  const created = ["CreateInstance", "CreateInstance"];
  assert.deepEqual(await minute(4), [...created, refused, refused]);
  const inPlain = { asRoot: (script: string) => odps(root, "plain", script) };
  for (const view of ["m", "n"]) assert.deepEqual(await rowsOf(inPlain, view), [[1]]);
  await asRoot(`o.run_security_query("set ProjectProtection=false")`);
  assert.deepEqual(await minute(4), [...created, "RunStatement", "RunStatement"]);
  for (const view of ["m", "n"]) assert.deepEqual(await rowsOf(inPlain, view), [[1], [2]]);
});

test("the clock reads no objects with its owner's rights, wherever others say that these lie", async (t) => {
  const world = await startTimed(t, "sales");
  const { asRoot, odps, user, account, running, minute } = world;
  const { put } = await addBuckets(t, world, ["open", "secret"]);
  await put("d/ds=a/a.csv", "1\n");
  await put("d/a.csv", "666\n", "secret");
  const [ann, bob] = [await user("ann"), await user("bob")];
  const { users, policiesOf } = running.bondstore.opened.parts.directory.inAccount(account);
  const reader = users.find("bob");
  assert.ok(reader);
  const reads = { Effect: "Allow", Action: ["s3:ListBucket", "s3:GetObject"], Resource: "*" };
  const policy = JSON.stringify({ Version: "2012-10-17", Statement: [reads] });
  await policiesOf.user.putInline(reader, "reads", policy);
  await asRoot(`
o.execute_sql("create external table x (a bigint) partitioned by (ds string) stored by 'com.aliyun.odps.CsvStorageHandler' location 's3://open/d/'")
o.execute_sql("msck repair table x")
${member(`RAM$${account}:ann`, "Alter, Describe on table x")}
${member(`RAM$${account}:bob`, "Select, Describe on table x")}
`);
  await odps(
    bob,
    "sales",
    `o.execute_sql("create materialized view m refresh every 1 minutes tblproperties ('enable_auto_refresh'='true') as select a from x where ds > ''")`,
  );
  const moved = await odps(
    ann,
    "sales",
    `out["made"] = refused(lambda: o.execute_sql("alter table x add partition (ds='z') location 's3://secret/d/'"))`,
  );
  assert.equal(moved["made"], null);
  assert.deepEqual(await minute(2), ["CreateInstance", "RunStatement ODPS-0130013"]);
  assert.deepEqual(await rowsOf(world, "m"), [[1]]);
  // Who says REBUILD means it, and reads where ann has pointed as far as ann may herself.
  const rebuild = () =>
    odps(
      bob,
      "sales",
      `out["told"] = refused(lambda: o.execute_sql("alter materialized view m rebuild", hints={"odps.sql.allow.fullscan": "true"}))`,
    );
  assert.match(String((await rebuild())["told"]), /user\/ann is not authorized.*set this location/);
  assert.deepEqual(await rowsOf(world, "m"), [[1]]);
  const setter = users.find("ann");
  assert.ok(setter);
  await policiesOf.user.putInline(setter, "reads", policy);
  assert.equal((await rebuild())["told"], null);
  assert.deepEqual(await rowsOf(world, "m"), [[1], [666]]);
});
