import assert from "node:assert/strict";
import { test } from "node:test";
import { startBondstore } from "../support/bondstore.ts";
import { callAll, readAll } from "../support/every-call.ts";
import { callerOf } from "../support/sdk.ts";
import { anything, makeWorld } from "../support/world.ts";

/** Invariant: a tenant's bytes are reachable only through a store opened for that account; its key seals them. */

/** Tells whose a key id is to everyone who has one; so AWS documents it. */
const tellsAccount = "sts:GetAccessKeyInfo";

test("another tenant's root reaches nothing by name, ARN, iterator or id, in any operation", async (t) => {
  const running = await startBondstore(t);
  const acme = await makeWorld(running, "acme");
  const eve = await running.tenant("eve");
  const before = await readAll(running, acme);
  const { "CreateBucket.Bucket": _, ...buckets } = acme.known["s3"] ?? {};
  const known = { ...acme.known, s3: { ...buckets, "CreateBucket.Bucket": "of-eve" } };
  const ended = await callAll(running, eve.root, { known });
  for (const [name, { code, status, output }] of ended) {
    assert.ok(status < 500, `${name}: ${code}`);
    if (code !== undefined || name === tellsAccount) continue;
    if (name === "cloudtrail:LookupEvents") {
      // Her own calls are there, with the names that she sent.
      for (const event of output["Events"] as readonly Readonly<Record<string, string>>[]) {
        const { userIdentity } = JSON.parse(event["CloudTrailEvent"] ?? "{}");
        assert.equal(userIdentity.accountId, eve.account);
      }
      continue;
    }
    const told = JSON.stringify(output);
    assert.ok(!told.includes(acme.tenant.account), `${name}: ${told}`);
    assert.ok(!told.includes(acme.nobody.accessKeyId), `${name}: ${told}`);
    assert.equal(output["Plaintext"] === undefined || name === "kms:GenerateRandom", true, name);
  }
  const passed = ended.filter(([, { code }]) => code === undefined).map(([name]) => name);
  const acts =
    /^(kms|s3|kinesis|cloudhsm|cloudhsmv2):(?!List|Create|DescribeCustomKeyStores|DescribeClusters|DescribeBackups|GenerateRandom|DeleteObjects)/;
  assert.deepEqual(
    passed.filter((name) => acts.test(name)),
    [],
    "nothing was done to what was named",
  );
  assert.deepEqual(await readAll(running, acme), before, "nothing changed");
});

test("a policy that says everything says it of one's own account", async (t) => {
  const running = await startBondstore(t);
  const acme = await makeWorld(running, "acme");
  const eve = await running.tenant("eve");
  const iam = callerOf("iam", running.client(eve.root));
  await iam.call("CreateUser", { UserName: "mallory" });
  const grand = { UserName: "mallory", PolicyName: "all", PolicyDocument: anything };
  await iam.call("PutUserPolicy", grand);
  const { output } = await iam.call("CreateAccessKey", { UserName: "mallory" });
  const key = output["AccessKey"] as Readonly<Record<string, string>>;
  const options = running.client({
    accessKeyId: key["AccessKeyId"] ?? "",
    secretAccessKey: key["SecretAccessKey"] ?? "",
  });
  const KeyId = acme.known["kms"]?.["KeyId"];
  const { Bucket, Key } = acme.known["s3"] ?? {};
  const GranteePrincipal = `arn:aws:iam::${eve.account}:root`;
  const RoleArn = acme.known["sts"]?.["RoleArn"];
  for (const [service, operation, input] of [
    ["kms", "DescribeKey", { KeyId }],
    ["kms", "ScheduleKeyDeletion", { KeyId }],
    ["kms", "CreateGrant", { KeyId, GranteePrincipal, Operations: ["Decrypt"] }],
    ["s3", "GetObject", { Bucket, Key }],
    ["s3", "PutBucketPolicy", { Bucket, Policy: anything }],
    ["sts", "AssumeRole", { RoleArn, RoleSessionName: "one" }],
  ] as const) {
    const { code } = await callerOf(service, options).call(operation, input);
    assert.match(code ?? "success", /^AccessDenied(Exception)?$/, operation);
  }
});

test("pages of one account's answers do not open another's", async (t) => {
  const running = await startBondstore(t);
  const [acme, eve] = [await makeWorld(running, "acme"), await running.tenant("eve")];
  for (const [service, operation, input, taken, given] of [
    ["cloudtrail", "LookupEvents", { MaxResults: 1 }, "NextToken", "NextToken"],
    ["iam", "ListUsers", { MaxItems: 1 }, "Marker", "Marker"],
    ["kms", "ListAliases", { Limit: 1 }, "NextMarker", "Marker"],
    ["s3", "ListObjectsV2", { MaxKeys: 1 }, "NextContinuationToken", "ContinuationToken"],
  ] as const) {
    if (service === "s3") {
      const s3 = callerOf(service, running.client(acme.tenant.root));
      const place = { Bucket: acme.known["s3"]?.["Bucket"] };
      await s3.call("PutObject", { ...place, Key: "orders/2", Body: "2" });
      await callerOf(service, running.client(eve.root)).call("CreateBucket", { Bucket: "of-eve" });
      const { output } = await s3.call(operation, { ...place, ...input });
      const page = { Bucket: "of-eve", [given]: output[taken] };
      const stolen = await callerOf(service, running.client(eve.root)).call(operation, page);
      assert.equal(stolen.output["Contents"], undefined);
      continue;
    }
    if (service === "kms") {
      const kms = callerOf(service, running.client(acme.tenant.root));
      const TargetKeyId = acme.known["kms"]?.["KeyId"];
      await kms.call("CreateAlias", { AliasName: "alias/more", TargetKeyId });
    }
    const own = await callerOf(service, running.client(acme.tenant.root)).call(operation, input);
    assert.ok(own.output[taken], operation);
    const page = { ...input, [given]: own.output[taken] };
    const { code, status, output } = await callerOf(service, running.client(eve.root)).call(
      operation,
      page,
    );
    assert.ok(status < 500, code);
    assert.ok(!JSON.stringify(output).includes(acme.tenant.account), operation);
  }
});
