import assert from "node:assert/strict";
import { test } from "node:test";
import { createProject } from "../../src/projects/project.ts";
import { startWorld } from "../support/warehouse.ts";

/** A table and a query over it that lasts for many minutes. */
const endless = `
o.execute_sql("create table many (a bigint)")
o.execute_sql("insert into many select x.a + y.a from (select explode(sequence(1, 3000)) as a) x cross join (select explode(sequence(1, 1000)) as a) y")
slow = "select count(*) from many x cross join many y where x.a <> y.a"
`;

test("jobs that are stopped end: those that run, those that wait, and all when Bondstore does", async (t) => {
  const { odps, root, running } = await startWorld(t, "sales");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `${endless}
import time
begun = [o.run_sql(slow) for _ in range(12)]
time.sleep(1)
for instance in begun[:11]:
    instance.stop()
out["stopped"] = [instance.is_terminated() for instance in begun]
out["kinds"] = list({task.status.value for instance in begun[:11] for task in instance.get_task_statuses().values()})
out["next"] = rows("select 1")
`,
  );
  assert.deepEqual(out["stopped"], [...Array.from({ length: 11 }, () => true), false]);
  assert.deepEqual(out["kinds"], ["CANCELLED"]);
  assert.deepEqual(out["next"], [[1]]);
  // The last one runs still.
  await running.close();
});

test("an account has its share of jobs and of cells, and leaves others theirs", async (t) => {
  const { odps, root, account, running } = await startWorld(t, "sales");
  const { parts } = running.bondstore.opened;
  for (const name of ["second", "third", "fourth"]) await createProject(parts, account, { name });
  const other = await running.tenant("other");
  await createProject(parts, other.account, { name: "sales" });
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `${endless}
begun = []
def begin():
    begun.append(o.run_sql(slow))
told = [refused(begin) for _ in range(51)]
out["refused"] = [one[1].splitlines()[-1] for one in told if one]
other = ODPS("${other.root.accessKeyId}", "${other.root.secretAccessKey}", "sales", endpoint=o.endpoint)
out["other"] = rows("select 1", other)
for instance in begun:
    instance.stop()
for project in ["second", "third", "fourth"]:
    out[project] = rows("select 1", entry(project))
out["names"] = [one.name for one in other.list_tables()]
`,
  );
  assert.equal((out["refused"] as string[]).length, 1);
  assert.match((out["refused"] as string[])[0] ?? "", /50 of this account jobs run already/);
  for (const project of ["other", "second", "third", "fourth"]) {
    assert.deepEqual(out[project], [[1]], project);
  }
  assert.deepEqual(out["names"], [], "projects of one name are the tenants' own");
});
