import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { CreateKeyCommand, KMSClient, ListGrantsCommand } from "@aws-sdk/client-kms";
import { commandLine, type Up } from "../support/command-line.ts";
import { filesBelow } from "../support/files-below.ts";
import { run } from "../support/python.ts";
import { prelude, warehousePython } from "../support/warehouse.ts";

test("a project that is dropped is gone with all that it had, also after kill -9, and its name gives nothing back", async (t) => {
  const bondstore = commandLine(t);
  let up = await bondstore.up("--plain-http");
  const { accessKeyId = "", secretAccessKey = "", region, account } = up.ready;
  const data = ["--data", bondstore.data];
  const kms = (at: Up) => {
    const credentials = { accessKeyId, secretAccessKey };
    const client = new KMSClient({ endpoint: at.ready.endpoint, region, credentials });
    t.after(() => client.destroy());
    return client;
  };
  const odps = async (script: string): Promise<Record<string, unknown>> => {
    const env = {
      ...{ PATH: process.env["PATH"], AWS_ENDPOINT_URL: up.ready.endpoint },
      ...{ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    };
    const text = `${prelude}\no = entry("sales")\np = entry("plain")\n${script}\nprint(json.dumps(out, default=str))`;
    const { stdout, stderr } = await run(warehousePython, ["-c", text], env);
    if (stdout === "") throw new Error(stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const KeyId = (await kms(up).send(new CreateKeyCommand({}))).KeyMetadata?.KeyId ?? "";
  const grants = async () =>
    (await kms(up).send(new ListGrantsCommand({ KeyId }))).Grants?.length ?? 0;
  await bondstore.json("project", "create", "plain", ...data);
  await bondstore.json("project", "create", "sales", "--kms-key", KeyId, ...data);
  const made = await odps(`
from odps.tunnel import TableTunnel
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1), (2)")
o.execute_sql("create table gone as select a from t")
o.execute_sql("drop table gone")
o.execute_sql("create view v as select a from t")
o.create_resource("r.py", "py", file_obj="from odps.udf import annotate\\n@annotate('bigint->bigint')\\nclass F(object):\\n    def evaluate(self, a):\\n        return a\\n")
o.create_function("f", class_type="r.F", resources=["r.py"])
o.run_security_query("add user RAM$${account}:ann")
session = TableTunnel(o).create_upload_session("t")
with session.open_record_writer(0) as writer: writer.write(session.new_record([3]))
lake = o.create_parted_volume("lake")
with lake.open_writer("part") as writer: writer.write("f", "x" * 100000)
from odps.tunnel import VolumeTunnel
with VolumeTunnel(o).create_upload_session("lake", "part").open("g") as writer: writer.write("x" * 100000)
out["job"] = o.execute_sql("select * from t").id
out["in plain"] = p.execute_sql("select * from sales.t").id
p.run_security_query("set ProjectProtection=true")
p.run_security_query("add trustedproject sales")
o.run_security_query("create package k")
o.run_security_query("allow project plain to install package k")
`);
  assert.equal(await grants(), 1);
  const drop = ["project", "drop", "sales", ...data];
  assert.match((await bondstore.run(...drop)).said, /say --yes/);
  const stays = await bondstore.run(...drop, "--yes");
  assert.equal(stays.status, 1);
  assert.match(stays.said, /project plain trusts it/);
  assert.match(
    (await bondstore.run("project", "drop", "none", "--yes", ...data)).said,
    /no project/,
  );
  await odps(`p.run_security_query("remove trustedproject sales")`);
  assert.match(
    (await bondstore.run(...drop, "--yes")).out,
    /Project sales of account .* is dropped/,
  );
  await up.kill();
  up = await bondstore.up("--plain-http");
  assert.equal(await grants(), 0, "the grant is retired");
  const gone = await odps(`
out["project"] = [refused(lambda: o.execute_sql("select 1"))[0], refused(lambda: o.get_table("t").reload())[0], refused(lambda: p.execute_sql("select * from sales.t"))[0]]
out["of others"] = refused(lambda: p.get_instance("${made["in plain"]}").open_reader(tunnel=False).raw)[0]
`);
  for (const way of gone["project"] as string[]) assert.match(way, /NoSuch|NoPermission/);
  assert.match(String(gone["of others"]), /NoSuchTable|NoPermission/);
  await bondstore.json("project", "create", "sales", ...data);
  const anew = await odps(`
out["tables"] = [one.name for one in o.list_tables()]
out["resources"] = [one.name for one in o.list_resources()] + [one.name for one in o.list_functions()] + [one.name for one in o.list_volumes()]
out["jobs"] = [one.id for one in o.list_instances()]
out["job"] = refused(lambda: o.get_instance("${made["job"]}").reload())[0]
out["users"] = "ann" in str(o.run_security_query("list users"))
out["restore"] = [refused(lambda: o.execute_sql(text))[0] for text in ["restore table gone", "restore table t"]]
out["packages"] = str(o.run_security_query("show packages"))
`);
  assert.deepEqual([anew["tables"], anew["resources"], anew["jobs"]], [[], [], []]);
  assert.match(String(anew["job"]), /NoSuch/);
  assert.equal(anew["users"], false);
  assert.deepEqual(anew["restore"], ["ODPSError", "ODPSError"]);
  assert.doesNotMatch(String(anew["packages"]), /\bk\b/);
  assert.equal(await up.stop(), 0);
  const verified = await bondstore.run("verify", ...data);
  assert.equal(verified.status, 0, verified.said);
  // What is left are the rows that a job of the other project has kept.
  const left = filesBelow(join(bondstore.data, "store", "blobs"));
  assert.ok(left.length <= 1, `${left.length} bodies are left`);
});
