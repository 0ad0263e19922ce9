import assert from "node:assert/strict";
import { test } from "node:test";
import { DisableKeyCommand } from "@aws-sdk/client-kms";
import { commandLine } from "../support/command-line.ts";
import { startSealed } from "../support/project-key.ts";
import { sparkJobs } from "../support/spark-jobs.ts";
import { scriptAt, startWorld } from "../support/warehouse.ts";

test("what was changed after a job was submitted does not run, and a stopped job ends", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`${sparkJobs}
import time
o.execute_sql("create table told (a string)")
put("waits.py", "import time\\ntime.sleep(600)")
put("code.py", "from odps import ODPS\\nwith ODPS.from_environments().get_table('told').open_writer() as writer: writer.write([['judged']])")
before = [submit("waits.py"), submit("waits.py")]
swapped = submit("code.py")
out["waiting"] = swapped.is_terminated()
o.get_resource("code.py").update(file_obj="raise SystemExit('swapped')")
for one in before:
    one.stop()
out["stopped"] = [ended(one)[0] for one in before]
out["swapped"] = ended(swapped)
out["rows"] = rows("select * from told")
`);
  assert.equal(out["waiting"], false);
  assert.deepEqual(out["stopped"], ["CANCELLED", "CANCELLED"]);
  const [status, log] = out["swapped"] as readonly [string, string];
  assert.equal(status, "FAILED");
  assert.match(log, /code\.py was changed after the job was submitted/);
  assert.deepEqual(out["rows"], []);
});

test("a job ends when the key of its project is disabled", async (t) => {
  const { asRoot, kms, keyArn: KeyId } = await startSealed(t, "sales");
  const begun = await asRoot(`${sparkJobs}
import time
o.execute_sql("create table told (a string)")
put("code.py", """
import time
from odps import ODPS
with ODPS.from_environments().get_table('told').open_writer() as writer:
    writer.write([['told']])
time.sleep(600)
""")
out["id"] = submit("code.py").id
while not rows("select * from told"):
    time.sleep(0.5)
`);
  await kms.send(new DisableKeyCommand({ KeyId }));
  const out = await asRoot(
    `${sparkJobs}\nout["ended"] = ended(o.get_instance(${JSON.stringify(begun["id"])}))`,
  );
  const [status, why] = out["ended"] as readonly [string, string];
  assert.equal(status, "FAILED");
  assert.match(why, /cannot be used: DisabledException/);
});

test("kill -9 amid a job leaves it failed, and nothing of what it did not commit", async (t) => {
  const bondstore = commandLine(t);
  let up = await bondstore.up("--plain-http");
  const keys = up.ready;
  await bondstore.json("project", "create", "sales", "--data", bondstore.data);
  const begun = await scriptAt(
    up,
    keys,
    "sales",
    `${sparkJobs}
import time
o.execute_sql("create table told (a string)")
o.execute_sql("create table half (a string)")
put("code.py", """
import time
from odps import ODPS
from odps.tunnel import TableTunnel
o = ODPS.from_environments()
session = TableTunnel(o).create_upload_session(o.get_table("half"))
with session.open_record_writer(0) as writer:
    writer.write(o.get_table("half").new_record(["half"]))
with o.get_table("told").open_writer() as writer:
    writer.write([["told"]])
time.sleep(600)
session.commit([0])
""")
out["id"] = submit("code.py").id
while not rows("select * from told"):
    time.sleep(1)
`,
  );
  await up.kill();
  up = await bondstore.up("--plain-http");
  const after = await scriptAt(
    up,
    keys,
    "sales",
    `
instance = o.get_instance(${JSON.stringify(begun["id"])})
out["status"] = instance.get_task_statuses()["spark_job"].status.value
out["why"] = instance.get_task_result()
out["rows"] = [rows("select * from told"), rows("select * from half")]
`,
  );
  assert.equal(after["status"], "FAILED");
  assert.match(String(after["why"]), /Bondstore ended while it ran/);
  assert.deepEqual(after["rows"], [[["told"]], []]);
});
