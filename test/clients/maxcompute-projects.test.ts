import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

test("PyODPS lists projects and schemas, keeps policies of roles, takes sessions up again and stops jobs", async (t) => {
  const { asRoot, user, odps, account } = await startWorld(t, "sales", "stock");
  const ann = await user("ann");
  const name = `RAM$${account}:ann`;
  const out = await asRoot(`
from odps.tunnel import InstanceTunnel, TableTunnel
out["projects"] = sorted(one.name for one in o.list_projects())
o.execute_sql("create schema extra")
out["schemas"] = sorted(one.name for one in o.list_schemas())
o.execute_sql("create table t (a bigint, b string)")
o.write_table("t", [[at, "r%d" % at] for at in range(20)])
for command in ["add user ${name}", "create role reader", "grant reader to ${name}"]:
    o.run_security_query(command)
policy = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["odps:Select", "odps:Describe"], "Resource": "acs:odps:*:projects/sales/tables/t"}]}
o.set_role_policy("reader", policy)
out["policy"] = o.get_role_policy("reader")
out["members"] = [one.display_name for one in o.list_role_users("reader")]
begun = TableTunnel(o).create_download_session("t")
again = TableTunnel(o).create_download_session("t", download_id=begun.id)
with again.open_record_reader(5, 3) as reader:
    out["again"] = [record[0] for record in reader]
with TableTunnel(o).open_preview_reader(o.get_table("t"), limit=4) as reader:
    out["preview"] = reader.read().num_rows
job = o.execute_sql("select a from t where a < 7")
rows_ = InstanceTunnel(o).create_download_session(job)
with InstanceTunnel(o).create_download_session(job, download_id=rows_.id).open_record_reader(0, 7) as reader:
    out["rows"] = [record[0] for record in reader]
long = o.run_sql("select count(*) from (select a.a from t a, t b, t c, t d, t e, t f, t g, t h where a.a * b.a + c.a * d.a = e.a * f.a - g.a * h.a) x")
long.stop()
long.wait_for_completion()
out["stopped"] = [long.is_successful(), str(long.get_task_statuses()["AnonymousSQLTask"].status)]
`);
  assert.deepEqual(out["projects"], ["sales", "stock"]);
  assert.deepEqual(out["schemas"], ["default", "extra"]);
  assert.equal((out["policy"] as { Version: string }).Version, "1");
  assert.deepEqual(out["members"], [name]);
  assert.deepEqual(out["again"], [5, 6, 7]);
  assert.equal(out["preview"], 4);
  assert.deepEqual(out["rows"], [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(out["stopped"], [false, "TaskStatus.CANCELLED"]);
  const hers = await odps(
    ann,
    "sales",
    `
out["read"] = refused(lambda: o.get_table("t").reload())
out["projects"] = [one.name for one in o.list_projects()]
out["policy"] = refused(lambda: o.set_role_policy("reader", {"Version": "1", "Statement": []}))[0]
`,
  );
  assert.equal(hers["read"], null, "the policy of her role");
  assert.deepEqual(hers["projects"], ["sales"]);
  assert.equal(hers["policy"], "NoPermission");
});
