import assert from "node:assert/strict";
import { test } from "node:test";
import { commands, member, startWorld } from "../support/warehouse.ts";

test("an estimate is told to who may run the statement, as values of partitions are, and does nothing", async (t) => {
  const { asRoot, odps, user, account } = await startWorld(t, "vault");
  const ann = await user("ann");
  const name = `RAM$${account}:ann`;
  await asRoot(`
o.execute_sql("create table p (a bigint) partitioned by (ds string)")
o.execute_sql("insert into p partition (ds='secret') values (1)")
${member(name, "Describe on table p")}`);
  const estimates = `
def cost(sql):
    told = refused(lambda: o.execute_sql_cost(sql))
    return "told" if told is None else told[0]
texts = ["select * from p where ds = 'secret'", "select 1 from p where ds = 'guess'", "insert overwrite table p partition (ds='secret') select a from p where ds = 'secret'",
         "create table mine as select a from p where ds = 'secret'", "select count(*) from (select 1) x where exists (select 1 from p where ds = 'secret')"]
out["told"] = [cost(text) for text in texts]
`;
  const closed = await odps<{ told: string[] }>(ann, "vault", estimates);
  assert.deepEqual(closed.told, Array(5).fill("NoPermission"));
  await asRoot(commands(`grant Select on table p to user ${name}`));
  const reader = await odps<{ told: string[]; id: string }>(
    ann,
    "vault",
    `${estimates}
from odps import models
job = o.get_project().instances.create(task=models.SQLCostTask(query="select * from p where ds = 'secret'"))
job.wait_for_success()
out["id"] = job.id
`,
  );
  assert.deepEqual(reader.told, ["told", "told", "NoPermission", "told", "told"]);
  await asRoot(commands("set ProjectProtection=true", "set odps.security.displayrows=0"));
  const shown = `out["shown"] = refused(lambda: o.get_instance("${reader.id}").get_sql_task_cost())`;
  const kept = await odps<{ shown: string[] }>(ann, "vault", `${shown}${estimates}`);
  assert.equal(kept.shown?.[0], "NoPermission", "it may tell which partitions there are");
  await asRoot(
    commands("set ProjectProtection=false", `revoke Select on table p from user ${name}`),
  );
  const revoked = await odps<{ told: string[] }>(ann, "vault", estimates);
  assert.deepEqual(revoked.told, Array(5).fill("NoPermission"));
  const left = await asRoot(`
out["rows"] = rows("select a from p where ds = 'secret'")
out["made"] = o.exist_table("mine")
`);
  assert.deepEqual(left, { rows: [[1]], made: false });
});

test("the progress of a query counts no rows that may not be shown", async (t) => {
  const { asRoot } = await startWorld(t, "vault");
  const out = await asRoot(`
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1), (2), (3)")
for query in ["set ProjectProtection=true", "set odps.security.displayrows=0"]: o.run_security_query(query)
job = o.execute_sql("select * from t")
[stage] = job.get_task_progress(job.get_task_names()[0]).stages
out["told"] = [stage.finished_percentage, stage.input_records, stage.output_records]
`);
  assert.deepEqual(out["told"], [100, 0, 0]);
});

test("no value of a row is told in an error, and none makes its table unreadable", async (t) => {
  const { asRoot } = await startWorld(t, "vault");
  const out = await asRoot(`
o.execute_sql("create table t (a bigint, b string, moment datetime)")
o.execute_sql("insert into t values (1, 'hidden', null), (2, 'hidden', null)")
o.execute_sql("create table q (a bigint, b string) tblproperties ('transactional'='true')")
o.execute_sql("insert into q values (1, 'x')")
o.execute_sql("create table ap (a bigint, moment datetime) auto partitioned by (trunc_time(moment, 'day') as d)")
o.execute_sql("create table p (a bigint) partitioned by (ds string, hh string)")
o.execute_sql("insert into p partition (ds='x', hh='y') values (1)")
${commands("set ProjectProtection=true", "set odps.security.displayrows=0")}
def told(sql, **hints): return refused(lambda: o.execute_sql(sql, hints={"odps.sql.allow.fullscan": "true", **hints}))
parts = ["repeat(b, 41), 'x'", "repeat(b, 60), 'x'", "concat(b, repeat('/', 78)), 'x'", "repeat(b, 30), repeat(b, 30)"]
out["partitions"] = [told("insert into p partition (ds, hh) select a, %s from t" % part) for part in parts] + [
    told("create materialized view made partitioned by (ds) as select a, repeat(b, 41) as ds from t"), told("insert overwrite table p partition (ds='x', hh) select a, repeat(b, 41) from t"),
    told("insert into p partition (ds='x', hh) select a, cast(null as string) from t"), told("insert into ap (a, moment) select a, moment from t")]
out["said"] = [told("alter table p add partition (ds='%s', hh='x')" % ("y" * 245)), told("insert into p partition (ds='%s', hh='x') values (1)" % ("y" * 245))]
strict = {"odps.function.strictmode": "true"}
out["values"] = [told(sql, **strict) for sql in """select cast(b as bigint) from t
select cast(b as decimal(3,1)) from t
select from_utc_timestamp(now(), b) from t
select repeat(b, 1000000000) from t
select decompress(unhex(hex(b))) from t
select sym_decrypt(cast(b as binary), cast(b as binary)) from t
select count(*) from t where b rlike concat('(', b)
select b from t where b = (select b from t)
select failif(b <> '', 'words of the statement') from t
merge into q using t on q.a = 1 when matched then update set b = t.b
update q set a = cast(b as bigint)""".split("\\n")]
out["explained"] = [str(o.execute_sql(sql, hints={"odps.sql.allow.fullscan": "true"}).get_task_results()) for sql in [
    "explain select a from t where b = (select max(b) from t)", "explain select a from p where ds = max_pt('p')"]]
out["read"] = told("create table counted as select count(*) as n from p")
out["left"] = o.exist_table("made")
${commands("set ProjectProtection=false", "set odps.security.displayrows=100")}
out["n"] = rows("select n from counted")
`);
  for (const [at, told] of (out["partitions"] as unknown[]).entries()) {
    assert.match(String(told), /is too long|is NULL|Execution error/, String(at));
  }
  for (const told of out["said"] as unknown[]) assert.match(String(told), /is too long/);
  for (const [at, told] of (out["values"] as unknown[]).entries()) {
    assert.match(String(told), /ODPS-0(123131|123091|121095)/, String(at));
  }
  assert.doesNotMatch(JSON.stringify(out), /hidden/);
  assert.deepEqual([out["read"], out["left"], out["n"]], [null, false, [[1]]]);
});
