import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  ListGrantsCommand,
  PutKeyPolicyCommand,
  RevokeGrantCommand,
} from "@aws-sdk/client-kms";
import { createProject } from "../../src/projects/project.ts";
import { versionRows } from "../../src/services/maxcompute/catalog.ts";
import { startSealed } from "../support/project-key.ts";
import { until } from "../support/until.ts";
import type { World } from "../support/warehouse.ts";

type Told = Readonly<Record<string, unknown>>;

const make = `
o.execute_sql("create table t (n bigint, word string)")
o.execute_sql("insert into t values (1, 'one'), (2, 'two')")
`;
const read = `out["read"] = refused(lambda: rows("select * from t"))`;
const plain = { Version: "2012-10-17" };
const everything = (account: string) => ({
  ...{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` } },
  ...{ Action: "kms:*", Resource: "*" },
});

const projectsOf = ({ running, account }: World) => ({
  make: (name: string, kmsKey: string) =>
    createProject(running.bondstore.opened.parts, account, { name, kmsKey }),
  find: (name: string) => running.bondstore.opened.parts.projects.find(account, name),
});

test("who may select needs no permission of the key, and gets none by selecting", async (t) => {
  const world = await startSealed(t, "sales");
  const { odps, root, user, account, clientOf, running } = world;
  await odps(root, "sales", make);
  const alice = await user("alice");
  const grant = `
o.run_security_query("add user RAM$${account}:alice")
o.run_security_query("grant CreateInstance on project sales to user RAM$${account}:alice")
o.run_security_query("grant Select, Describe on table t to user RAM$${account}:alice")
`;
  await odps(root, "sales", grant);
  const told = await odps<Told>(alice, "sales", `out["rows"] = rows("select count(*) from t")`);
  assert.deepEqual(told, { rows: [[2]] });
  // What is stored of the data keys is no secret to whoever holds it: only the warehouse has it opened, by its grant.
  const store = running.bondstore.opened.parts.store.account(account);
  const files = [...versionRows(store).range()].flatMap(({ value }) =>
    value.partitions.flatMap((partition) => partition.files),
  );
  assert.ok(files.length > 0);
  for (const { blob } of files) assert.throws(() => store.blobs.read(blob), /Corruption|sealed/);
  const [kept] = [...store.table<{ wrapped: Uint8Array }>("odps-data-keys").range()];
  assert.ok(kept);
  const CiphertextBlob = kept.value.wrapped;
  const EncryptionContext = {
    "aws:odps:project": "acs:odps:*:projects/sales",
    "aws:odps:project-id": projectsOf(world).find("sales")?.id ?? "",
  };
  const opened = clientOf(alice).send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
  await assert.rejects(opened, { name: "AccessDeniedException" });
  const elsewhere = { ...EncryptionContext, "aws:odps:project": "acs:odps:*:projects/other" };
  const moved = new DecryptCommand({ CiphertextBlob, EncryptionContext: elsewhere });
  await assert.rejects(clientOf(root).send(moved), { name: "InvalidCiphertextException" });
});

test("a statement that runs ends when the key is disabled, and says why", async (t) => {
  const { odps, root, kms, keyArn: KeyId } = await startSealed(t, "sales");
  // The last statement would run for days.
  const begin = `
import time
o.execute_sql("create table many (a bigint)")
o.execute_sql("insert into many select x.a + y.a from (select explode(sequence(1, 3000)) as a) x cross join (select explode(sequence(1, 1000)) as a) y")
out["id"] = o.run_sql("select count(*) from many x cross join many y where x.a <> y.a").id
time.sleep(3)
out["running"] = not o.get_instance(out["id"]).is_terminated()
`;
  const { id, running } = await odps<Told>(root, "sales", begin);
  assert.equal(running, true);
  await kms.send(new DisableKeyCommand({ KeyId }));
  const end = `out["failed"] = refused(o.get_instance("${id}").wait_for_success)`;
  const { failed } = await odps<Told>(root, "sales", end);
  assert.match(String(failed), /the key of the project sales cannot be used: DisabledException/);
});

test("a key policy that denies and a grant that is revoked end reading; an owner who may not grant makes no project", async (t) => {
  const world = await startSealed(t, "sales");
  const { odps, root, kms, keyArn: KeyId, account } = world;
  await odps(root, "sales", make);
  const put = (...more: readonly object[]) => {
    const Policy = JSON.stringify({ ...plain, Statement: [everything(account), ...more] });
    return kms.send(new PutKeyPolicyCommand({ KeyId, Policy }));
  };
  const service = { Service: "maxcompute.amazonaws.com" };
  await put({ Effect: "Deny", Principal: service, Action: "kms:Decrypt", Resource: "*" });
  assert.match(String((await odps<Told>(root, "sales", read))["read"]), /AccessDeniedException/);
  const denied = { code: "AccessDeniedException" };
  await assert.rejects(projectsOf(world).make("second", KeyId), denied);
  const grants = async () => (await kms.send(new ListGrantsCommand({ KeyId }))).Grants ?? [];
  assert.equal(
    (await grants()).length,
    1,
    "the grant for a project that was not made is given back",
  );
  await put({
    ...{ Effect: "Deny", Principal: { AWS: "*" }, Action: "kms:CreateGrant", Resource: "*" },
    Condition: { StringLike: { "kms:ViaService": "maxcompute.*" } },
  });
  assert.equal((await odps<Told>(root, "sales", read))["read"], null);
  await assert.rejects(projectsOf(world).make("second", KeyId), denied);
  assert.equal(projectsOf(world).find("second"), undefined);
  const [grant] = await grants();
  await kms.send(new RevokeGrantCommand({ KeyId, GrantId: grant?.GrantId }));
  assert.match(String((await odps<Told>(root, "sales", read))["read"]), /AccessDeniedException/);
});

test("another account's key is used by its owner's leave only", async (t) => {
  const world = await startSealed(t, "sales");
  const { running, clientOf, odps, root, account } = world;
  const evil = await running.tenant("evil");
  const kms = clientOf(evil.root);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.Arn ?? "";
  const denied = { code: "AccessDeniedException" };
  await assert.rejects(projectsOf(world).make("borrowed", KeyId), denied);
  const other = { ...everything(account), Action: ["kms:DescribeKey", "kms:CreateGrant"] };
  const Policy = JSON.stringify({ ...plain, Statement: [everything(evil.account), other] });
  await kms.send(new PutKeyPolicyCommand({ KeyId, Policy }));
  await projectsOf(world).make("borrowed", KeyId);
  await odps(root, "borrowed", make);
  assert.equal((await odps<Told>(root, "borrowed", read))["read"], null);
  await kms.send(new DisableKeyCommand({ KeyId }));
  assert.match(String((await odps<Told>(root, "borrowed", read))["read"]), /DisabledException/);
  assert.equal((await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.Enabled, false);
});

test("a cell of another project that has read a table gives up its copy", async (t) => {
  const { odps, root, kms, keyArn: KeyId } = await startSealed(t, "sales", "reports");
  await odps(root, "sales", make);
  const other = `
out["direct"] = refused(lambda: rows("select * from sales.t"))
out["into"] = refused(lambda: o.execute_sql("insert into sales.t values (3, 'three')"))
out["own"] = refused(lambda: rows("select 1"))`;
  const works = { direct: null, into: null, own: null };
  assert.deepEqual(await odps<Told>(root, "reports", other), works);
  await kms.send(new DisableKeyCommand({ KeyId }));
  const told = await odps<Told>(root, "reports", other);
  assert.match(String(told["direct"]), /the key of the project sales cannot be used/);
  assert.match(String(told["into"]), /the key of the project sales cannot be used/);
  assert.equal(told["own"], null);
  await kms.send(new EnableKeyCommand({ KeyId }));
  assert.deepEqual(await odps<Told>(root, "reports", other), works);
});

test("sessions that were begun under the key write and read nothing once it is disabled", async (t) => {
  const { odps, root, kms, keyArn: KeyId } = await startSealed(t, "sales");
  const clients = `
from odps.apis.storage_api import ReadRowsRequest, StorageApiArrowClient, TableBatchScanRequest
from odps.tunnel import TableTunnel
tunnel = TableTunnel(o)
storage = StorageApiArrowClient(o, o.get_table("t"))`;
  const ids = await odps<Readonly<Record<string, string>>>(
    root,
    "sales",
    `${make}
o.execute_sql("create table k (n bigint not null, word string, primary key (n)) tblproperties ('transactional'='true')")
${clients}
upload, upsert = tunnel.create_upload_session("t"), tunnel.create_upsert_session("k")
with upload.open_record_writer(0) as writer: writer.write(upload.new_record([3, "three"]))
rows_of_key = upsert.open_upsert_stream()
rows_of_key.upsert(upsert.new_record([1, "one"])); rows_of_key.close()
out = {"upload": upload.id, "upsert": upsert.id, "stream": tunnel.create_stream_upload_session("t").id,
       "download": tunnel.create_download_session("t").id, "storage": storage.create_read_session(TableBatchScanRequest()).session_id}
`,
  );
  const goOn = `${clients}
def block(session):
    with session.open_record_writer(1) as writer: writer.write(session.new_record([4, "four"]))
def streamed(session, id):
    session.id = id
    with session.open_record_writer() as writer: writer.write(session.new_record([5, "five"]))
def keyed(session):
    stream = session.open_upsert_stream()
    stream.upsert(session.new_record([2, "two"])); stream.close()
out["block"] = refused(lambda: block(tunnel.create_upload_session("t", upload_id="${ids["upload"]}")))
out["stream"] = refused(lambda: streamed(tunnel.create_stream_upload_session("t"), "${ids["stream"]}"))
out["keyed"] = refused(lambda: keyed(tunnel.create_upsert_session("k", upsert_id="${ids["upsert"]}")))
out["merged"] = refused(lambda: tunnel.create_upsert_session("k", upsert_id="${ids["upsert"]}").commit())
out["download"] = refused(lambda: list(tunnel.create_download_session("t", download_id="${ids["download"]}").open_record_reader(0, 2)))
out["storage"] = refused(lambda: storage.read_rows_arrow(ReadRowsRequest(session_id="${ids["storage"]}", split_index=0)).read())
`;
  await kms.send(new DisableKeyCommand({ KeyId }));
  const told = await odps<Told>(root, "sales", goOn);
  for (const [way, refusal] of Object.entries(told))
    assert.match(String(refusal), /the key of the project sales cannot be used/, way);
  await kms.send(new EnableKeyCommand({ KeyId }));
  const after = await odps<Told>(
    root,
    "sales",
    `${goOn}out["rows"] = rows("select count(*) from t")`,
  );
  const { rows, ...each } = after;
  assert.deepEqual([rows, new Set(Object.values(each))], [[[3]], new Set([null])]);
});

test("an upload that has begun under the key keeps nothing when the key is disabled meanwhile", async (t) => {
  const { asRoot, running, kms, keyArn: KeyId } = await startSealed(t, "sales");
  const folder = mkdtempSync(join(tmpdir(), "amid-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [begun, goOn] = [join(folder, "begun"), join(folder, "go-on")];
  await asRoot(make);
  const told = asRoot(`
import os, time
from odps.tunnel import TableTunnel
upload = TableTunnel(o).create_upload_session("t")
def write():
    with upload.open_record_writer(0) as writer:
        for n in range(20000): writer.write(upload.new_record([n, "x" * 500]))
        writer.flush(); time.sleep(1)
        open("${begun}", "w").close()
        while not os.path.exists("${goOn}"): time.sleep(0.05)
out["written"] = refused(write)
out["blocks"] = list(TableTunnel(o).create_upload_session("t", upload_id=upload.id).blocks)
`);
  const blobs = () => readdirSync(join(running.data, "store", "blobs")).length;
  const before = blobs();
  while (!existsSync(begun)) await setTimeout(50);
  await kms.send(new DisableKeyCommand({ KeyId }));
  writeFileSync(goOn, "");
  const { written, blocks } = await told;
  assert.match(String(written), /the key of the project sales cannot be used/);
  assert.deepEqual(blocks, []);
  await until("the upload's bytes to go", async () => blobs() === before);
});

test("a volume is sealed under the key: once it is disabled, files are neither read nor written", async (t) => {
  const { asRoot, kms, keyArn } = await startSealed(t, "sales");
  const script = `
def write():
    with o.get_volume("lake").open_writer("part") as writer:
        writer.write("other", "x")
def read():
    return o.get_volume("lake").open_reader("part", "large").read()
out["write"] = refused(write)
out["read"] = refused(read)
`;
  const before = await asRoot(`
lake = o.create_parted_volume("lake")
with lake.open_writer("part") as writer:
    writer.write("large", "x" * 100000)
${script}`);
  assert.deepEqual(before, { write: null, read: null });
  await kms.send(new DisableKeyCommand({ KeyId: keyArn }));
  const disabled = await asRoot(script);
  for (const way of ["write", "read"])
    assert.match(String(disabled[way]), /DisabledException/, way);
  await kms.send(new EnableKeyCommand({ KeyId: keyArn }));
  assert.deepEqual(await asRoot(script), { write: null, read: null });
});
