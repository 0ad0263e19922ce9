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
  const seen = ["written 2", "1x", "2y", "table t", "column a", "column b"];
  assert.deepEqual(told, [...seen, "view 2", "a:MaxValue: 2", "refused"]);
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
`,
  );
  assert.deepEqual(out["progress"], [100]);
  assert.deepEqual(out["detail"], ["Success", "Success", []]);
  assert.deepEqual([out["summary"], out["quota"], out["info"]], [{ Outputs: {} }, {}, ""]);
  assert.deepEqual(out["queueing"], ["Terminated", 1, 9, 0, true]);
  assert.match(JSON.stringify(out["log"]), /NoSuchObject.*no workers that write logs/);
});

test("PyODPS is told what a statement would cost, and nothing is done", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
o.execute_sql("create table t (a bigint, b string)")
o.execute_sql("create table p (a bigint) partitioned by (ds string)")
for day in ["x", "y"]: o.execute_sql("insert into p partition (ds='%s') values (1), (2)" % day)
def cost(sql, **how):
    told = o.execute_sql_cost(sql, **how)
    return [told.udf_num, told.complexity, told.input_size]
all = {"odps.sql.allow.fullscan": "true"}
out["empty"] = cost("select * from t")
sizes = [cost("select * from p where ds = '%s'" % day)[2] for day in ["x", "y", "z"]]
out["parts"] = [sizes[0] > 0, sizes[1] > 0, sizes[2]]
out["both"] = cost("select * from p", hints=all)[2] == sizes[0] + sizes[1]
out["complex"] = cost("select x.a, count(distinct y.a), max(x.a) over (order by x.a) from p x join p y on x.a = y.a group by x.a order by x.a limit 5", hints=all)[:2]
out["write"] = [cost("insert into t select a, ds from p where ds = 'x'")[2] == sizes[0], cost("create table made as select * from p where ds = 'x'")[:2], rows("select count(*) from t"), o.exist_table("made")]
out["refused"] = [refused(lambda: cost(one)) for one in ["drop table t", "select 1; select 2", "select nothing from t", "show tables"]]
out["there"] = o.exist_table("t")
`);
  assert.deepEqual(out["empty"], [0, 1, 0]);
  assert.deepEqual([out["parts"], out["both"]], [[true, true, 0], true]);
  assert.deepEqual(out["complex"], [0, 1.5]);
  assert.deepEqual(out["write"], [true, [0, 1], [[0]], false]);
  const why = [/estimate/, /one statement/, /nothing/, /estimate/];
  for (const [at, told] of why.entries())
    assert.match(JSON.stringify((out["refused"] as unknown[])[at]), told);
  assert.equal(out["there"], true);
});
