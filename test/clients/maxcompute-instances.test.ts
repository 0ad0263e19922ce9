import assert from "node:assert/strict";
import { test } from "node:test";
import { java } from "../support/java.ts";
import { startWorld } from "../support/warehouse.ts";

test("who asks for an interactive session has the statement run as a job, judged as any", async (t) => {
  const { odps, root, user, account, running } = await startWorld(t, "sales");
  const ann = await user("ann");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1)")
def read(instance):
    with instance.open_reader() as reader: return [list(record.values) for record in reader]
out["rows"] = [read(o.execute_sql_interactive("select * from t")), read(o.execute_sql_interactive("select * from t", fallback="default")), read(o.run_sql_interactive_with_fallback("select * from t"))]
out["without"] = refused(lambda: o.execute_sql_interactive("select * from t", fallback=False))
for query in ["add user RAM$${account}:ann", "grant CreateInstance, Read, List on project sales to user RAM$${account}:ann"]: o.run_security_query(query)
ann = ODPS("${ann.accessKeyId}", "${ann.secretAccessKey}", "sales", endpoint=o.endpoint)
out["refused"] = refused(lambda: ann.execute_sql_interactive("select * from t"))[0]
`,
  );
  assert.deepEqual(out["rows"], [[[1]], [[1]], [[1]]]);
  const [kind, why] = out["without"] as string[];
  assert.equal(kind, "SQAUnsupportedFeature");
  assert.match(why ?? "", /no interactive sessions here/);
  assert.equal(out["refused"], "NoPermission");
  const source = "test/support/java/WarehouseJdbc.java";
  await odps(root, "sales", `o.execute_sql("drop table t")`);
  const told = await java("warehouse-jdbc", running, root, source, "true");
  assert.deepEqual(told, ["written 2", "1x", "2y", "table t", "column a", "column b", "refused"]);
});

test("clients ask for the state of a job in every way that they know", async (t) => {
  const { odps, root } = await startWorld(t, "sales");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
job = o.execute_sql("select 1")
task = job.get_task_names()[0]
out["progress"] = [stage.finished_percentage for stage in job.get_task_progress(task).stages]
out["detail"] = [job.get_task_detail(task)["Instance"]["Status"], job.get_task_detail2(task)["Instance"]["Status"], job.get_task_workers(task)]
out["summary"] = dict(job.get_task_summary(task))
out["quota"] = job.get_task_quota(task)
out["info"] = job.get_task_info(task, "status")
queueing = job.get_queueing_info()
out["queueing"] = [queueing.status.value, queueing.progress, queueing.priority, queueing.start_time.utcoffset().total_seconds(), queueing.task_name == task]
out["log"] = refused(lambda: job.get_worker_log("x", "stdout", 10))
out["estimate"] = refused(lambda: o.execute_sql_cost("select 1"))
`,
  );
  assert.deepEqual(out["progress"], [100]);
  assert.deepEqual(out["detail"], ["Success", "Success", []]);
  assert.deepEqual([out["summary"], out["quota"], out["info"]], [{ Outputs: {} }, {}, ""]);
  assert.deepEqual(out["queueing"], ["Terminated", 1, 9, 0, true]);
  assert.match(JSON.stringify(out["log"]), /NoSuchObject.*no workers that write logs/);
  assert.match(JSON.stringify(out["estimate"]), /an estimate of costs/);
});
