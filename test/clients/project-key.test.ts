import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  ListGrantsCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { changeProjectKey } from "../../src/projects/project-key.ts";
import { startSealed } from "../support/project-key.ts";

const make = `
o.execute_sql("create table t (n bigint, word string)")
o.execute_sql("insert into t values (1, 'one')")
o.write_table("t", [[2, "two"]])
o.execute_sql("create table copied as select * from t")
o.execute_sql("clone table t to cloned")
o.create_resource("words.txt", "file", fileobj="three words here")
o.execute_sql("create materialized view m as select n from t")
o.execute_sql("create table keyed (k bigint not null, b string, primary key (k)) tblproperties ('transactional'='true')")
o.create_resource("plus.py", "py", fileobj="""
from odps.udf import annotate
@annotate("bigint->bigint")
class Plus(object):
    def evaluate(self, a): return a + 1
""")
o.create_function("plus", class_type="plus.Plus", resources=["plus.py"])
`;
/** Every way on which rows of a project are read or written. */
const ways = `
from odps.apis.storage_api import ReadRowsRequest, StorageApiArrowClient, TableBatchScanRequest
from odps.tunnel import TableTunnel
def way(work):
    try: return work()
    except Exception as error: return [type(error).__name__, str(error)]
def resource():
    with o.get_resource("words.txt").open("r") as file: return file.read()
def tunnel():
    with o.get_table("t").open_reader() as reader: return sorted(record[1] for record in reader)
def storage():
    client = StorageApiArrowClient(o, o.get_table("t"))
    session = client.create_read_session(TableBatchScanRequest())
    reader = client.read_rows_arrow(ReadRowsRequest(session_id=session.session_id, split_index=0))
    return sum(batch.num_rows for batch in iter(reader.read, None))
def stream():
    session = TableTunnel(o).create_stream_upload_session("other")
    with session.open_record_writer() as writer: writer.write(session.new_record([4]))
def upsert():
    session = TableTunnel(o).create_upsert_session("keyed")
    stream = session.open_upsert_stream()
    stream.upsert(session.new_record([1, "one"]))
    stream.close()
    session.commit()
def changed(sql): return way(lambda: o.execute_sql(sql) and None)
out["query"] = way(lambda: sorted(row[1] for row in rows("select * from t")))
out["copied"] = way(lambda: len(rows("select * from copied")))
out["cloned"] = way(lambda: len(rows("select * from cloned")))
out["tunnel"] = way(tunnel)
out["head"] = way(lambda: len(list(o.get_table("t").head(5))))
out["resource"] = way(resource)
out["constant"] = way(lambda: rows("select 1"))
out["upload"] = way(lambda: o.write_table("other", [[3]]))
out["storage"] = way(storage)
out["stream"] = way(stream)
out["upsert"] = way(upsert)
out["view"] = way(lambda: len(rows("select * from m")))
out["rebuild"] = changed("alter materialized view m rebuild")
out["unload"] = changed("unload from t into location 's3://lake/t/' stored as parquet")
out["code"] = way(lambda: rows("select sales:plus(1)", entry("plain")) and None)
`;

type Told = Readonly<Record<string, unknown>>;

const works = {
  query: ["one", "two"],
  copied: 2,
  cloned: 2,
  tunnel: ["one", "two"],
  head: 2,
  resource: "three words here",
  constant: [[1]],
  upload: null,
  ...{ storage: 2, stream: null, upsert: null, view: 2, rebuild: null, unload: null, code: null },
};

/** Every way was refused, in words that tell why. */
function assertRefused(told: Told, why: RegExp): void {
  assert.deepEqual(Object.keys(told), Object.keys(works));
  for (const [way, refusal] of Object.entries(told)) {
    assert.ok(Array.isArray(refusal), way);
    assert.match(String(refusal[1]), why, way);
    assert.match(String(refusal[1]), /the key of the project sales cannot be used/, way);
  }
}

test("a project is sealed under its owner's key: disabled or deleted, nothing is read; enabled, all is", async (t) => {
  const world = await startSealed(t, "sales", "plain");
  const { odps, root, kms, keyArn: KeyId, running } = world;
  const s3 = new S3Client({ ...running.client(root), forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: "lake" }));
  await odps(root, "sales", `${make}\no.execute_sql("create table other (n bigint)")`);
  assert.deepEqual(await odps<Told>(root, "sales", ways), works);
  await kms.send(new DisableKeyCommand({ KeyId }));
  assertRefused(await odps<Told>(root, "sales", ways), /DisabledException/);
  const plain = await odps<Told>(root, "plain", `out["rows"] = rows("select 1")`);
  assert.deepEqual(plain, { rows: [[1]] });
  await kms.send(new EnableKeyCommand({ KeyId }));
  assert.deepEqual(await odps<Told>(root, "sales", ways), works);
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  assertRefused(await odps<Told>(root, "sales", ways), /KMSInvalidStateException/);
  await kms.send(new CancelKeyDeletionCommand({ KeyId }));
  await kms.send(new EnableKeyCommand({ KeyId }));
  assert.deepEqual(await odps<Told>(root, "sales", ways), works);
});

test("another key seals what is written from then on, and the first is needed for what was there", async (t) => {
  const { running, account, odps, root, kms, keyArn: first } = await startSealed(t, "sales");
  await odps(root, "sales", make);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const second = KeyMetadata?.Arn ?? "";
  const AliasName = "alias/sales";
  await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: second }));
  const { parts } = running.bondstore.opened;
  const changed = await changeProjectKey(parts, account, "sales", AliasName);
  assert.equal(changed.key?.arn, second);
  const { Grants = [] } = await kms.send(new ListGrantsCommand({ KeyId: second }));
  assert.deepEqual(
    Grants.map(({ GranteeServicePrincipal, Operations, Constraints }) => [
      GranteeServicePrincipal,
      Operations,
      Constraints?.EncryptionContextSubset,
    ]),
    [
      [
        "maxcompute.amazonaws.com",
        ["GenerateDataKey", "Decrypt"],
        {
          "aws:odps:project": "acs:odps:*:projects/sales",
          "aws:odps:project-id": changed.id,
        },
      ],
    ],
  );
  const read = (name: string) => `
out["new"] = refused(lambda: rows("select * from fresh"))
out["old"] = refused(lambda: rows("select * from ${name}"))`;
  await odps(root, "sales", `o.execute_sql("create table fresh as select 1 as n")`);
  await kms.send(new DisableKeyCommand({ KeyId: first }));
  const told = await odps<Told>(root, "sales", read("t"));
  assert.equal(told["new"], null);
  assert.match(String(told["old"]), /DisabledException/);
  await kms.send(new EnableKeyCommand({ KeyId: first }));
  await kms.send(new DisableKeyCommand({ KeyId: second }));
  assert.match(String((await odps<Told>(root, "sales", read("t")))["new"]), /DisabledException/);
  await changeProjectKey(parts, account, "sales", undefined);
  const after = await odps<Told>(root, "sales", read("t"));
  assert.match(String(after["new"]), /DisabledException/);
  assert.equal(after["old"], null);
});
