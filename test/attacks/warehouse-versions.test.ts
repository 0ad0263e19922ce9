import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { mock, test } from "node:test";
import { ProjectEngines } from "../../src/services/maxcompute/project-engines.ts";
import { until } from "../support/until.ts";
import { member, startWorld } from "../support/warehouse.ts";

test("an older version leaves a protected project only as what was approved, whichever way is tried", async (t) => {
  const { odps, root, user, account } = await startWorld(t, "vault", "plain");
  const ann = await user("ann");
  const name = `RAM$${account}:ann`;
  const out = await odps<Record<string, unknown>>(
    root,
    "vault",
    `
p = entry("plain")
o.execute_sql("create table t (a bigint, b string) tblproperties ('transactional'='true')")
for a in (1, 2, 3): o.execute_sql("insert into t values (%d, 'secret')" % a)
p.execute_sql("create table target (a bigint)")
statement = {"Effect": "Allow", "Principal": "ALIYUN$${account}", "Action": ["odps:Select"], "Resource": "acs:odps:*:projects/vault/tables/t"}
def approve():
    o.run_security_query("set ProjectProtection=false")
    config = o.get_project().security_options
    config.reload()
    config.project_protection.protected = True
    config.project_protection.exception = json.dumps({"Version": "1", "Statement": [statement]})
    config.update()
def kind(work):
    told = refused(work)
    return "goes" if told is None else told[0] if "is protected" in told[1] else told
made = 0
def unlimited(sql):
    options.tunnel.limit_instance_tunnel = False
    try:
        with o.execute_sql(sql).open_reader(tunnel=True) as reader: return len([record for record in reader])
    finally: options.tunnel.limit_instance_tunnel = None
def ways(source):
    global made
    made += 1
    return [kind(lambda: o.execute_sql("create table plain.c%d as select * from t %s" % (made, source))),
            kind(lambda: p.execute_sql("insert into target select a from vault.t %s" % source)),
            kind(lambda: p.execute_sql("insert into target select count(*) from vault.t %s" % source)),
            kind(lambda: unlimited("select * from t %s" % source))]
approve()
out["approved"] = [ways("version as of %d" % version) for version in (0, 1, 2, 3)] + [ways("")]
o.execute_sql("delete from t where a = 1")
o.execute_sql("alter table t add columns (c bigint)")
out["written since"] = [ways("version as of %d" % version) for version in (1, 3, 4)] + [ways(""), ways("timestamp as of getdate() + 9"), ways("version as of get_latest_version(3)")]
out["both"] = kind(lambda: p.execute_sql("insert into target select x.a from vault.t version as of 3 x join vault.t y on x.a = y.a"))
out["both older"] = kind(lambda: p.execute_sql("insert into target select x.a from vault.t version as of 3 x where x.a in (select a from vault.t version as of 2)"))
o.execute_sql("create view v3 as select a from t version as of 3")
o.execute_sql("create view v2 as select a from t version as of 2")
out["views"] = [kind(lambda: p.execute_sql("insert into target select a from vault.v%d" % version)) for version in (2, 3)]
approve()
out["approved anew"] = [ways("version as of 3"), ways("")]
o.execute_sql("drop table t")
o.execute_sql("create table t (a bigint, b string)")
for a in range(5): o.execute_sql("insert into t values (9, 'other')")
out["made anew"] = [ways("version as of 3"), ways("version as of 5")]
${member(name)}
`,
  );
  const goes = ["goes", "goes", "goes", "goes"];
  const stays = Array.from({ length: 4 }, () => "NoPermission");
  assert.deepEqual(out["approved"], [stays, stays, stays, goes, goes]);
  assert.deepEqual(out["written since"], [stays, goes, stays, stays, stays, goes]);
  assert.equal(out["both"], "NoPermission");
  assert.equal(out["both older"], "NoPermission");
  assert.deepEqual(out["views"], ["NoPermission", "goes"]);
  assert.deepEqual(out["approved anew"], [stays, goes]);
  assert.deepEqual(out["made anew"], [stays, stays]);
  const asAnn = await odps<Record<string, unknown>>(
    ann,
    "vault",
    `
def kind(sql):
    told = refused(lambda: o.execute_sql(sql))
    return "goes" if told is None else told[0]
out["ways"] = [kind("select a from t version as of 1"), kind("select a from t timestamp as of getdate()"), kind("select 1 from v2 version as of 1"),
               kind("explain select a from t version as of 1"), kind("create table mine as select a from t version as of get_latest_version('t')")]
`,
  );
  const [version, time, view, explained, latest] = asAnn["ways"] as string[];
  for (const way of [version, time, explained, latest]) assert.equal(way, "NoPermission");
  assert.notEqual(view, "goes");
});

test("a statement that is refused once its rows are sealed leaves no file", async (t) => {
  const { asRoot, running } = await startWorld(t, "vault");
  const files = () => readdirSync(join(running.data, "store", "blobs")).sort();
  await asRoot(`
o.execute_sql("create table source (a bigint, b string)")
o.write_table("source", [[1, os.urandom(100000).hex()]])
o.execute_sql("create table t (a bigint, b string)")
for name in ["p", "q"]:
    o.execute_sql(f"create table {name} (a bigint, b string) partitioned by (ds string)")
    o.write_table(name, [[1, os.urandom(100000).hex()]], partition="ds='x'", create_partition=True)
`);
  const before = files();
  assert.ok(before.length > 0);
  const { use } = ProjectEngines.prototype;
  t.after(() => mock.restoreAll());
  let meanwhile = "";
  mock.method(
    ProjectEngines.prototype,
    "use",
    async function (this: ProjectEngines, ...args: Parameters<typeof use>) {
      const made = await use.apply(this, args);
      const sql = meanwhile;
      meanwhile = "";
      if (sql !== "") await asRoot(`o.execute_sql("${sql}")`);
      return made;
    },
  );
  for (const [statement, other] of [
    ["insert into t select * from source", "drop table t"],
    ["create table u as select * from source", "create table u (a bigint)"],
    ["alter table p exchange partition (ds='x') with table q", ""],
    [
      "from source insert into table t select a, b insert into table p partition (ds) select a, b, cast(null as string)",
      "",
    ],
  ] as const) {
    meanwhile = other;
    const out = await asRoot(`out["told"] = refused(lambda: o.execute_sql("${statement}"))`);
    assert.notEqual(out["told"], null);
    await until("no other file", async () => files().join() === before.join());
  }
});
