import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { createProject } from "../../src/projects/project.ts";
import { sparkJobs } from "../support/spark-jobs.ts";
import { member, startWorld } from "../support/warehouse.ts";

/** What the code of a job begins with: it tells how each thing went that it tried. */
const inJob = `
import json, os, socket, sys, time
import requests
from odps import ODPS
from odps.tunnel import TableTunnel
o = ODPS.from_environments()
def of(project):
    return ODPS(None, None, account=o.account, project=project, endpoint=o.endpoint, tunnel_endpoint=os.environ["ODPS_TUNNEL_ENDPOINT"])
def attempt(name, work):
    try:
        told = work()
    except Exception as error:
        told = type(error).__name__ + ": " + str(error).split("\\n")[-1][:300]
    print(json.dumps({"tried": name, "told": told}, default=str), flush=True)
def read(table, o=o):
    with o.get_table(table).open_reader() as reader:
        return [list(record.values) for record in reader]
def write(table, values, o=o):
    with o.get_table(table).open_writer() as writer:
        writer.write([values])
    return "written"
def query(sql, o=o):
    with o.execute_sql(sql).open_reader(tunnel=True) as reader:
        return [list(record.values) for record in reader]
`;

import { until } from "../support/until.ts";

/** Exceptions for tables of the project `vault`, each for the task types beside it; none: for all ways. */
const excepted = (...tables: readonly (readonly [table: string, taskType?: string])[]): string =>
  JSON.stringify({
    Version: "1",
    Statement: tables.map(([table, taskType]) => ({
      ...{ Effect: "Allow", Principal: "*", Action: ["odps:Select"] },
      Resource: `acs:odps:*:projects/vault/tables/${table}`,
      ...(taskType && { Condition: { StringEquals: { "odps:TaskType": [taskType] } } }),
    })),
  });

/** What a job's code told, by the names of what it tried. */
function triedIn(log: unknown): Readonly<Record<string, unknown>> {
  const lines = String(log)
    .split("\n")
    .filter((line) => line.startsWith('{"tried"'));
  assert.ok(lines.length > 0, String(log));
  return Object.fromEntries(
    lines.map((line) => {
      const { tried, told } = JSON.parse(line);
      return [tried, told];
    }),
  );
}

const python = (code: string): string => JSON.stringify(`${inJob}${code}`);

test("the code of a job may what its submitter may, from inside its cell and until its end", async (t) => {
  const world = await startWorld(t, "sales");
  const { asRoot, odps, account, user, running } = world;
  const bob = await user("bob");
  const name = `RAM$${account}:bob`;
  const stranger = await running.tenant("stranger");
  const { parts } = running.bondstore.opened;
  await createProject(parts, stranger.account, { name: "theirs" });
  await odps(stranger.root, "theirs", `o.execute_sql("create table t (a string)")`);
  await asRoot(`${member(name, "CreateResource on project sales")}
for table in ("open", "closed", "told", "go"):
    o.execute_sql("create table %s (a string)" % table)
    o.execute_sql("insert into %s values ('secret')" % table) if table != "go" else None
for granted in ("Select, Describe on table open", "Describe on table closed", "Select, Describe, Update on table told", "Select, Describe on table go"):
    o.run_security_query("grant " + granted + " to user ${name}")
`);
  const { port } = new URL(running.endpoint);
  const began = await odps(
    bob,
    "sales",
    `${sparkJobs}
put("job.py", ${python(`
attempt("open", lambda: read("open"))
attempt("closed", lambda: read("closed"))
attempt("closed by query", lambda: query("select * from closed"))
attempt("write", lambda: write("open", ["mine"]))
attempt("theirs", lambda: read("t", of("theirs")))
attempt("grant", lambda: str(o.run_security_query("grant Select on table closed to user ${name}")))
attempt("token", lambda: o.rest.post(o.get_project().resource() + "/authorization", params={"sign_bearer_token": ""}, data=json.dumps({"policy": "{}", "type": "Bearer"})).text)
attempt("again", lambda: o.get_project().instances.create(task=__import__("odps.models.tasks", fromlist=["CupidTask"]).CupidTask("spark_job", json.dumps({"resource": "job.py"}))).wait_for_success())
attempt("aws", lambda: requests.get(o.endpoint.replace("/api", "/")).status_code)
attempt("host", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1])), 2))
attempt("files", lambda: [os.path.exists(path) for path in sys.argv[2:]])
attempt("environment", lambda: [name for name in os.environ if "SECRET" in name.upper() and "SPARK" not in name and "PYTHON" not in name and "PYSPARK" not in name])
with open(os.environ["ODPS_STS_ACCOUNT_FILE"]) as file:
    write("told", [file.read()])
while not read("go"):
    time.sleep(0.5)
attempt("end", lambda: "reached")
`)})
out["id"] = submit("job.py", "${port}", ${JSON.stringify(running.data)}, "/root", "/etc/shadow").id
`,
  );
  const stolen = await until("the credentials", async () => {
    const told = await asRoot(`out["rows"] = [row[0] for row in rows("select a from told")]`);
    return (told["rows"] as string[]).find((text) => text.includes("accessKeyId"));
  });
  const { accessKeyId, accessKeySecret, securityToken } = JSON.parse(stolen);
  const outside = `
from odps.accounts import StsAccount
stolen = ODPS(None, None, account=StsAccount("${accessKeyId}", "${accessKeySecret}", "${securityToken}"), project="sales", endpoint=os.environ["AWS_ENDPOINT_URL"] + "/api")
out["read"] = refused(lambda: stolen.get_table("open").head(1))
`;
  const during = await asRoot(outside);
  const asThief = { accessKeyId, secretAccessKey: accessKeySecret, sessionToken: securityToken };
  await assert.rejects(
    new S3Client({ ...running.client(asThief), forcePathStyle: true }).send(
      new ListObjectsV2Command({ Bucket: "any" }),
    ),
    /from inside its cell only/,
  );
  await asRoot(`o.execute_sql("insert into go values ('on')")`);
  const out = await odps(
    bob,
    "sales",
    `${sparkJobs}\nout["status"], out["log"] = ended(o.get_instance(${JSON.stringify(began["id"])}))`,
  );
  const tried = triedIn(out["log"]);
  assert.deepEqual(tried["open"], [["secret"]]);
  for (const closed of ["closed", "closed by query", "write"]) {
    assert.match(String(tried[closed]), /NoPermission.*(Select|Update)/, closed);
  }
  assert.match(String(tried["theirs"]), /NoSuchProject|Project not found/);
  for (const closed of ["grant", "token"]) {
    assert.match(String(tried[closed]), /does not administer/, closed);
  }
  assert.match(String(tried["again"]), /submitted by the code of another/);
  assert.equal(tried["aws"], 403);
  assert.match(String(tried["host"]), /ConnectionRefused|timed out/);
  assert.deepEqual(tried["files"], [false, false, false]);
  assert.deepEqual(tried["environment"], []);
  assert.equal(tried["end"], "reached");
  assert.match(String(during["read"]), /from inside its cell only/);
  const after = await asRoot(outside);
  assert.ok(after["read"], "credentials of a job that is over");
  assert.equal(parts.directory.findCredentials(accessKeyId), undefined);
});

test("what a job reads of a protected project does not leave it with the job, nor in its log", async (t) => {
  const world = await startWorld(t, "vault", "plain", "trusted");
  const { asRoot, odps, account, user, running, root } = world;
  const bob = await user("bob");
  const name = `RAM$${account}:bob`;
  const s3 = new S3Client({ ...running.client(root), forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: "outside" }));
  const out = await asRoot(`${sparkJobs}${member(name)}
plain, trusted = entry("plain"), entry("trusted")
for project in (o, plain, trusted):
    project.execute_sql("create table t (a string)")
    project.execute_sql("insert into t values ('secret')")
    project.execute_sql("create table kept (a string)")
for table in ("named", "typed"):
    o.execute_sql("create table %s as select '%s' as a" % (table, table))
o.run_security_query('''set ProjectProtection=true with exception '${excepted(["named"], ["typed", "SQL"])}' ''')
o.run_security_query("add trustedproject trusted")
put("vault.py", ${python(`
plain, trusted = of("plain"), of("trusted")
def store(value, o=o):
    from odps.apis.storage_api import SessionRequest, StorageApiArrowClient, TableBatchWriteRequest, WriteRowsRequest
    import pyarrow
    client = StorageApiArrowClient(o, o.get_table("kept"))
    session = client.create_write_session(TableBatchWriteRequest(overwrite=False)).session_id
    writer = client.write_rows_arrow(WriteRowsRequest(session_id=session))
    writer.write(pyarrow.RecordBatch.from_pydict({"a": [value]}))
    client.commit_write_session(SessionRequest(session), [writer.finish()[0]])
    return "written"
attempt("before", lambda: write("kept", ["harmless"], plain))
attempt("named", lambda: write("kept", read("named")[0], plain))
tunnel = TableTunnel(plain)
early = tunnel.create_upload_session(plain.get_table("kept"))
ready = tunnel.create_upload_session(plain.get_table("kept"))
with ready.open_record_writer(0) as writer:
    writer.write(plain.get_table("kept").new_record(["harmless too"]))
def open_body():
    with early.open_record_writer(0) as writer:
        writer.write(plain.get_table("kept").new_record(["x" * 300000]))
        writer.flush() if hasattr(writer, "flush") else None
        time.sleep(1)
        secret = read("t")
        writer.write(plain.get_table("kept").new_record([secret[0][0]]))
    early.commit([0])
    return "written"
if os.fork() == 0:
    attempt("open body", open_body)
    os._exit(0)
os.wait()
time.sleep(1)
attempt("read", lambda: read("t"))
attempt("committed late", lambda: ready.commit([0]))
attempt("tunnel", lambda: write("kept", ["secret"], plain))
attempt("storage", lambda: store("secret", plain))
attempt("stored inside", lambda: store("stored"))
attempt("literal", lambda: query("insert into plain.kept values ('secret')"))
attempt("made", lambda: query("create table plain.secret (a string)"))
attempt("there", lambda: query("select 'secret'", plain))
attempt("resource", lambda: str(plain.create_resource("secret.txt", "file", file_obj="secret")))
attempt("unload", lambda: query("unload from (select 'secret' as a) into location 's3://outside/secret/' stored as parquet"))
attempt("text", lambda: query("select 'secret'"))
attempt("view", lambda: query("create view words as select 'secret' as a"))
attempt("comment", lambda: str(o.create_resource("words.txt", "file", file_obj="x", comment="secret")))
attempt("inside", lambda: write("kept", ["secret"]))
attempt("trusted", lambda: write("kept", ["secret"], trusted))
`)}, plain)
out["vault"] = ended(submit("plain/resources/vault.py"))
put("plain.py", ${python(`
vault = of("vault")
attempt("named", lambda: query("select * from vault.named"))
attempt("typed", lambda: query("select * from vault.typed"))
attempt("tunnel", lambda: read("t", vault))
attempt("query", lambda: query("select * from vault.t"))
attempt("there", lambda: query("select * from t", vault))
attempt("shown", lambda: vault.get_table("t").head(1))
attempt("into", lambda: query("create table stolen as select * from vault.t"))
`)}, plain)
out["plain"] = ended(submit("plain.py", o=plain))
out["trusted"] = [row[0] for row in rows("select a from kept", trusted)]
out["kept"] = [row[0][:9] for row in rows("select a from kept", plain)]
put("log.py", ${python(`
for at in range(5):
    print("row", read("t"))
raise ValueError(read("t"))
`)}, plain)
logged = submit("plain/resources/log.py")
logged.wait_for_completion(interval=0.5)
out["logged"] = logged.id
o.run_security_query("grant Read on instance %s to user ${name}" % logged.id)
out["whole"] = logged.get_task_result()
o.run_security_query("set odps.security.displayrows=2")
out["short"] = logged.get_task_result()
worker = logged.get_task_workers("spark_job")[0]
out["worker"] = worker.get_log("stdout")
out["history"] = rows("select inst_id, result from information_schema.tasks_history where inst_id = '%s'" % logged.id, tunnel=False)
o.run_security_query("set odps.security.displayrows=0")
out["none"] = refused(lambda: logged.get_task_result())
`);
  const protects = /NoPermission.*protected/;
  const vault = triedIn((out["vault"] as string[])[1]);
  assert.equal(vault["before"], "written", "what has read nothing of it carries nothing out");
  assert.equal(vault["named"], "written", "an exception without task types is one for Spark");
  assert.match(
    String(vault["open body"]),
    protects,
    "what is still sent holds what is read meanwhile",
  );
  assert.deepEqual(vault["read"], [["secret"]]);
  for (const way of [
    "committed late",
    "tunnel",
    "storage",
    "literal",
    "made",
    "there",
    "resource",
    "unload",
    "text",
    "view",
    "comment",
  ]) {
    assert.match(String(vault[way]), protects, way);
  }
  assert.deepEqual([vault["inside"], vault["stored inside"]], ["written", "written"]);
  assert.equal(vault["trusted"], "written");
  assert.deepEqual(out["trusted"], ["secret"]);
  assert.deepEqual((out["kept"] as string[]).sort(), ["harmless", "named"]);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "outside" }));
  assert.deepEqual(Contents, []);
  const plain = triedIn((out["plain"] as string[])[1]);
  assert.deepEqual(plain["named"], [["named"]]);
  for (const way of ["typed", "tunnel", "query", "there", "shown", "into"]) {
    assert.match(String(plain[way]), protects, way);
  }
  assert.match(String(out["whole"]), /secret/);
  assert.ok(String(out["short"]).split("\n").length <= 2);
  assert.ok(String(out["worker"]).split("\n").length <= 2);
  assert.match(String(out["none"]), /NoPermission/);
  assert.match(JSON.stringify(out["history"]), new RegExp(String(out["logged"])));
  assert.doesNotMatch(JSON.stringify(out["history"]), /secret|ValueError/);
  const seen = await odps(
    bob,
    "vault",
    `
instance = o.get_instance(${JSON.stringify(out["logged"])})
out["status"] = instance.is_terminated()
out["log"] = refused(lambda: instance.get_task_result())
`,
  );
  assert.equal(seen["status"], true);
  assert.match(String(seen["log"]), /NoPermission.*Select/s);
});
