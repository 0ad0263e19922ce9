/**
 * Rows go to a Spark cluster only where the operator, the owner of each project and its protection let them; what a job
 * has there opens its own files, takes its own rows, and nothing else; it ends with the job; and of what a cluster
 * answers nothing is believed.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import {
  CreateKeyCommand,
  DisableKeyCommand,
  KMSClient,
  ListKeysCommand,
} from "@aws-sdk/client-kms";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { createProject } from "../../src/projects/project.ts";
import { startHostileCluster } from "../support/hostile-cluster.ts";
import {
  begin,
  commit,
  good,
  part,
  piece,
  question,
  refuses,
  startHostileWorld,
  table,
} from "../support/hostile-world.ts";
import { member, startWorldWith } from "../support/warehouse.ts";

test("a job's credentials open its files alone, at the warehouse alone, until it ends", async (t) => {
  const { asRoot, odps, cluster, running, account, root } = await startHostileWorld(
    t,
    "ledger",
    "other",
  );
  const ready = `${begin}${table}allow("ledger")\n`;
  const script = asRoot(`${ready}run("create table secrets as select 1 as a")\n${question}`);
  const door = await cluster.asked();
  assert.deepEqual(await cluster.ask(piece), { bytes: 4 });
  const of = (query: Readonly<Record<string, string>>, path = door.path) =>
    refuses(cluster, { method: "GET", query, as: { path } });
  assert.match(await of({ ...piece.query, sparkfile: "1" }), /reads no such file/);
  assert.match(await of({ ...piece.query, sparkfile: "-1" }), /is a number/);
  assert.match(await of({ ...piece.query, end: "99999999" }), /no piece of this file/);
  assert.match(await of(piece.query, door.path.replace("ledger", "other")), /NoPermission/);
  assert.match(await of(piece.query, `${door.path}0`), /NoPermission/);
  for (const [path, query] of [
    ["/projects/ledger", { x: "1" }],
    ["/projects/ledger/tables/orders", { x: "1" }],
    ["/projects/ledger/tables/secrets", { data: "1", linenum: "1" }],
    [door.path, { result: "1" }],
    ["/projects/ledger/instances", { x: "1" }],
  ] as const) {
    assert.match(await of(query, path), /NO privilege|NoPermission/, path);
  }
  const keys = {
    accessKeyId: door.key,
    ...{ secretAccessKey: door.secret, sessionToken: door.token },
  };
  const inside = /from inside its cell only/;
  const kms = new KMSClient(running.client(keys));
  await assert.rejects(kms.send(new ListKeysCommand({})), inside);
  const sts = new STSClient(running.client(keys));
  await assert.rejects(sts.send(new GetCallerIdentityCommand({})), inside);
  assert.match(await refuses(cluster, { ...piece, as: { secret: "wrong" } }), /0410042/);
  assert.match(await refuses(cluster, { ...piece, as: { token: "wrong" } }), /0410051/);
  // Who is no job: another tenant, and the one whose rows these are.
  for (const who of [(await running.tenant("stranger")).root, root]) {
    const as = { key: who.accessKeyId, secret: who.secretAccessKey, token: "" };
    assert.match(await refuses(cluster, { ...piece, as }), /credentials of a job that runs/);
    assert.match(await refuses(cluster, { ...commit("00000-1"), as }), /of a job that runs/);
  }

  assert.deepEqual(await cluster.ask({ ...part("00000-1"), rows: good }), { bytes: 0 });
  assert.deepEqual(await cluster.ask(commit("00000-1")), { bytes: 0 });
  assert.match(await refuses(cluster, { ...part("00001-1"), rows: good }), /handed in already/);
  assert.match(await refuses(cluster, commit("00000-1")), /handed in already/);
  await odps(root, "ledger", `${begin}allow("ledger", "false")`);
  assert.match(await refuses(cluster, piece), /the owner of the project ledger has not set/);
  cluster.say("end");
  assert.deepEqual((await script)["read"], [
    [1, "one"],
    [2, "two"],
  ]);
  assert.match(
    (await cluster.late({ ...piece, as: door })).refused ?? "",
    /not known or not active/,
  );
  const events = await running.bondstore.opened.trail.find({ account, limit: 200 });
  const went = events.filter(
    ({ event }) => event.eventName === "ReadClusterFile" && event.errorCode === undefined,
  );
  assert.equal(went.length, 1);
  assert.match(JSON.stringify(went[0]), /t\/[\w-]+\/.*\.parquet.*"external","location":"sc:/);
});

test("what a cluster hands in is no file but its own, and its rows are believed as those of a file", async (t) => {
  const { asRoot, cluster } = await startHostileWorld(t, "ledger");
  const asked = `${begin}${table}allow("ledger")
out["each"] = []
for _ in range(5):
    out["each"].append(refused(lambda: out["each"].append(read("select id, name from orders"))))
out["after"] = [read("select id, name from orders order by id limit 9", flags), len(list(o.list_tables()))]`;
  const script = asRoot(asked);
  // Nothing handed in, or nothing named.
  await cluster.asked();
  for (const name of ["../x-1", "00000-1/../2", "k", "00000"]) {
    assert.match(await refuses(cluster, { ...part(name), rows: good }), /A part has a number/);
  }
  assert.match(await refuses(cluster, commit()), /at least one part/);
  assert.match(await refuses(cluster, commit("00000-7")), /was not handed in/);
  assert.match(await refuses(cluster, { ...commit(), text: "{}" }), /list of names/);
  cluster.say("end");
  // No file of Parquet.
  await cluster.asked();
  assert.deepEqual(await cluster.ask({ ...part("00000-1"), text: "no parquet" }), { bytes: 0 });
  assert.match(await refuses(cluster, { ...part("00000-1"), text: "x" }), /there already/);
  assert.deepEqual(await cluster.ask(commit("00000-1")), { bytes: 0 });
  cluster.say("end");
  // Other columns, and other types.
  for (const rows of [{ a: [1] }, { c0: ["no number"], c1: ["x"] }]) {
    await cluster.asked();
    await cluster.ask({ ...part("00000-1"), rows });
    await cluster.ask(commit("00000-1"));
    cluster.say("end");
  }
  // Two attempts at a part, one of which counts, and one that nobody names.
  await cluster.asked();
  await cluster.ask({ ...part("00000-1"), rows: { c0: [7], c1: ["first"] } });
  await cluster.ask({ ...part("00000-2"), rows: good });
  await cluster.ask({ ...part("00001-3"), rows: { c0: [8], c1: ["nobody's"] } });
  assert.match(await refuses(cluster, commit("00000-1", "00000-2")), /named twice/);
  await cluster.ask(commit("00000-2"));
  cluster.say("end");
  const out = await script;
  const [none, text, columns, types, rows, last] = out["each"] as unknown[];
  assert.match(String(none), /has not handed in what it was asked for/);
  for (const each of [text, columns, types])
    assert.match(String(each), /error while the statement/);
  assert.match(String(types), /Conversion error/);
  assert.deepEqual(rows, [
    [1, "one"],
    [2, "two"],
  ]);
  assert.equal(last, null);
  assert.deepEqual(out["after"], [rows, 1]);
});

test("a cluster that hangs, answers without end or talks nonsense holds no job", async (t) => {
  const { asRoot, cluster, running } = await startHostileWorld(t, "ledger");
  const script = asRoot(`${begin}${table}allow("ledger")
import time
go = os.environ["HOME"] + "/go"
out["status"] = []
for _ in range(2):
    job = o.run_sql("select id, name from orders", hints=spark)
    while not os.path.exists(go):
        time.sleep(0.1)
    os.remove(go)
    job.stop()
    job.wait_for_completion()
    out["status"].append([str(one.status) for one in job.get_task_statuses().values()])
`);
  for (const what of [undefined, "flood"] as const) {
    const door = await cluster.asked();
    if (what) cluster.say(what);
    writeFileSync(join(running.data, "go"), "");
    if (!what) {
      // It is told nothing more, and finds its credentials dead.
      const over = async (): Promise<string> => {
        const { refused } = await cluster.late({ ...piece, as: door });
        return refused ?? over();
      };
      assert.match(await over(), /not known or not active/);
      cluster.say("end");
    }
  }
  const { status } = await script;
  assert.deepEqual(status, [["TaskStatus.CANCELLED"], ["TaskStatus.CANCELLED"]]);

  const server = createServer((link) => link.on("error", () => {}).end(Buffer.alloc(9_999, 7)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  const nonsense = { host: "127.0.0.1", port: address.port, tls: false };
  const world = await startWorldWith(t, { sparkCluster: nonsense }, "ledger");
  const out = await world.asRoot(`${begin}${table}allow("ledger")\n${question}`);
  assert.match(String(out["rows"]), /Execution error while the statement ran/);
});

test("a project's rows go to a cluster only where its owner and its protection let them", async (t) => {
  const { asRoot, odps, user, cluster, account } = await startHostileWorld(t, "ledger", "other");
  await asRoot(member(`RAM$${account}:bob`, "Write on project ledger"));
  const byBob = await odps(
    await user("bob"),
    "ledger",
    `${begin}
out["allowed"] = refused(lambda: allow("ledger"))`,
  );
  assert.match(String(byBob["allowed"]), /You are no super_administrator of project ledger/);
  const script = asRoot(`${begin}${table}
entry("other").execute_sql("create table theirs as select 5 as a")
out["asked"] = refused(lambda: read("select id from orders", {**spark, "odps.spark.cluster": "true"}))
allow("ledger")
out["own"] = read("select id from orders", {**spark, "odps.spark.cluster": "false"})
out["theirs"] = refused(lambda: read("select a from other.theirs"))
config = o.get_project().security_options
def protect(exception=None):
    config.reload()
    config.project_protection.protected = True
    config.project_protection.exception = exception
    config.update()
protect()
out["protected"] = refused(lambda: read("select id, name from orders"))
out["into"] = refused(lambda: run("create table copy as select id from orders", spark))
out["condition"] = refused(lambda: run("if (select count(*) from orders) > 1 begin select 1 as x end", spark))
allow("other")
out["decided"] = refused(lambda: run("if (select count(*) from orders) > 1 begin select 1 as x end "
    "set hive.execution.engine=spark; select a from other.theirs;"))
protect(json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Principal": "ALIYUN$${account}",
    "Action": ["odps:Select"], "Resource": "acs:odps:*:projects/ledger/tables/orders"}]}))
out["let"] = read("select id, name from orders")
`);
  const answered = cluster.asked().then(async (door) => {
    await cluster.ask(piece);
    await cluster.ask({ ...part("00000-1"), rows: good });
    await cluster.ask(commit("00000-1"));
    cluster.say("end");
    return door;
  });
  const out = await script;
  await answered;
  assert.match(String(out["asked"]), /the owner of the project ledger has not set/);
  assert.deepEqual(out["own"], [[1], [2]]);
  assert.match(String(out["theirs"]), /the owner of the project other has not set/);
  for (const name of ["protected", "into", "condition", "decided"]) {
    assert.match(String(out[name]), /is protected/, name);
  }
  assert.deepEqual(out["let"], [
    [1, "one"],
    [2, "two"],
  ]);
});

test("a key that is disabled ends a job that reads on a cluster", async (t) => {
  const cluster = await startHostileCluster(t);
  const { running, root, account, odps } = await startWorldWith(t, {
    sparkCluster: cluster.address,
  });
  const kms = new KMSClient(running.client(root));
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.Arn ?? "";
  await createProject(running.bondstore.opened.parts, account, { name: "sealed", kmsKey: KeyId });
  const script = odps(root, "sealed", `${begin}${table}allow("sealed")\n${question}`);
  const door = await cluster.asked();
  assert.deepEqual(await cluster.ask(piece), { bytes: 4 });
  await kms.send(new DisableKeyCommand({ KeyId }));
  const { refused } = await cluster.late({ ...piece, as: door });
  assert.match(refused ?? "", /cannot be used|not known or not active/);
  assert.match(String((await script)["rows"]), /the key of the project sealed cannot be used/);
});
