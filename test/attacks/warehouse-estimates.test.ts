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
