import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { everyAccount } from "../../src/audit/trail.ts";
import { type Keys, type Running, startBondstore } from "../support/bondstore.ts";
import { callerOf, serialize } from "../support/sdk.ts";
import { sendSigned, type Twist } from "../support/send.ts";
import { makeWorld } from "../support/world.ts";

/** Invariant: a refusal is audited like a success, and tells the caller no more than AWS would. */

async function start(t: TestContext) {
  const running = await startBondstore(t);
  const { tenant, nobody, known } = await makeWorld(running, "acme");
  const sts = callerOf("sts", running.client(tenant.root));
  const { output } = await sts.call("GetSessionToken", {});
  const given = output["Credentials"] as Readonly<Record<string, string>>;
  const session: Keys = {
    accessKeyId: given["AccessKeyId"] ?? "",
    secretAccessKey: given["SecretAccessKey"] ?? "",
    sessionToken: given["SessionToken"] ?? "",
  };
  return { running, tenant, nobody, session, known };
}

/** Everything in the trail, the newest first. */
async function readTrail(running: Running) {
  const { trail } = running.bondstore.opened;
  const found = await trail.find({ account: everyAccount, limit: 10_000 });
  return found.map(({ event }) => event);
}

const day = 86_400_000;
const forged = { secret: "not the secret" };

/** How a request fails to prove whose it is, and the code in each family. */
const proofs: readonly (readonly [string, "root" | "session", Twist, json: string, s3: string])[] =
  [
    [
      "a forged signature",
      "root",
      { sign: forged },
      "InvalidSignatureException",
      "SignatureDoesNotMatch",
    ],
    [
      "a request of yesterday",
      "root",
      { sign: { timeMs: Date.now() - day } },
      "InvalidSignatureException",
      "RequestTimeTooSkewed",
    ],
    [
      "a signature for another region",
      "root",
      { sign: { region: "eu-west-3" } },
      "InvalidSignatureException",
      "AuthorizationHeaderMalformed",
    ],
    [
      "a signature for another service",
      "root",
      { sign: { service: "iam" } },
      "InvalidSignatureException",
      "AuthorizationHeaderMalformed",
    ],
    [
      "a token of another session",
      "session",
      { sign: { token: "of somebody else" } },
      "UnrecognizedClientException",
      "InvalidToken",
    ],
    [
      "a body that was changed on its way",
      "root",
      { body: Buffer.from('{"KeyId":"alias/others"}') },
      "InvalidSignatureException",
      "XAmzContentSHA256Mismatch",
    ],
  ];

test("a request that does not prove whose it is stands in the trail of the key it names", async (t) => {
  const { running, tenant, session, known } = await start(t);
  const Bucket = known["s3"]?.["Bucket"];
  const calls = {
    kms: await serialize("kms", "DescribeKey", { KeyId: known["kms"]?.["KeyId"] }),
    s3: await serialize("s3", "PutBucketPolicy", { Bucket, Policy: "{}" }),
  };
  for (const [title, who, twist, json, s3] of proofs) {
    for (const [service, code] of [
      ["kms", json],
      ["s3", s3],
    ] as const) {
      const keys = who === "root" ? tenant.root : session;
      const answer = await sendSigned(running, service, calls[service], keys, twist);
      const label = `${title} (${service}): ${answer.status} ${answer.text}`;
      assert.ok(answer.status >= 400 && answer.status < 500, label);
      assert.ok(answer.text.includes(code), label);
      const [newest] = await readTrail(running);
      assert.equal(newest?.errorCode, code, label);
      assert.equal(newest.eventSource, `${service}.amazonaws.com`, label);
      assert.equal(newest.recipientAccountId, tenant.account, label);
      assert.equal(newest.userIdentity["accessKeyId"], keys.accessKeyId, label);
      assert.ok(answer.text.includes(newest.requestID) || service === "kms", label);
    }
  }
});

test("keys that are off, and keys that nobody has", async (t) => {
  const { running, tenant, nobody } = await start(t);
  const { call } = callerOf("iam", running.client(tenant.root));
  const key = { UserName: "nobody", AccessKeyId: nobody.accessKeyId };
  await call("UpdateAccessKey", { ...key, Status: "Inactive" });
  const request = await serialize("sts", "GetCallerIdentity", {});
  const off = await sendSigned(running, "sts", request, nobody);
  const [newest, ...before] = await readTrail(running);
  assert.deepEqual(
    [newest?.errorCode, newest?.userIdentity["accessKeyId"], newest?.eventName],
    ["InvalidClientTokenId", nobody.accessKeyId, "GetCallerIdentity"],
  );
  const unknown = { ...nobody, accessKeyId: "AKIAIOSFODNN7EXAMPLE" };
  const strange = await sendSigned(running, "sts", request, unknown);
  assert.equal((await readTrail(running)).length, before.length + 1, "it is in nobody's account");
  const alike = (text: string) => text.replace(/<RequestId>.*?<\/RequestId>/, "");
  assert.equal(alike(off.text), alike(strange.text), "who guesses keys learns nothing");
});

test("the account finds the refusals of its keys by CloudTrail, with no secret in them", async (t) => {
  const { running, tenant, session } = await start(t);
  const request = await serialize("kms", "ListKeys", {});
  await sendSigned(running, "kms", request, session, { sign: { secret: "not the secret" } });
  const { call } = callerOf("cloudtrail", running.client(tenant.root));
  const { output } = await call("LookupEvents", {
    LookupAttributes: [{ AttributeKey: "AccessKeyId", AttributeValue: session.accessKeyId }],
  });
  const [event] = output["Events"] as readonly Readonly<Record<string, string>>[];
  assert.equal(event?.["EventName"], "ListKeys");
  const shown = event?.["CloudTrailEvent"] ?? "";
  assert.equal(JSON.parse(shown).errorCode, "InvalidSignatureException");
  assert.ok(!shown.includes(session.sessionToken ?? "-"));
});

test("a bad input, and an operation that is not built, are in the trail like a success", async (t) => {
  const { running, tenant } = await start(t);
  for (const [service, name, input, code] of [
    ["kms", "DescribeKey", { KeyId: "" }, "ValidationException"],
    ["iam", "GetUser", { UserName: "no such user" }, "ValidationError"],
    ["iam", "ListSAMLProviders", {}, "NotImplemented"],
    ["iam", "DeleteUser", { UserName: "alice" }, "DeleteConflict"],
    ["sts", "GetCallerIdentity", {}, undefined],
  ] as const) {
    const { call } = callerOf(service, running.client(tenant.root));
    const ended = await call(name, input);
    const [newest] = await readTrail(running);
    assert.equal(newest?.errorCode, code, `${name}: ${ended.code}`);
    assert.equal(newest?.requestID, ended.requestId);
    assert.equal(newest?.userIdentity["type"], "Root");
  }
});

test("a refusal names the action and the thing that was asked for, and nothing of policies", async (t) => {
  const { running, tenant, nobody, known } = await start(t);
  const { call } = callerOf("iam", running.client(tenant.root));
  const guard = {
    Version: "2012-10-17",
    Statement: [{ Sid: "HiddenGuard", Effect: "Deny", Action: "s3:*", Resource: "*" }],
  };
  await call("PutUserPolicy", {
    UserName: "nobody",
    PolicyName: "hidden-policy",
    PolicyDocument: JSON.stringify(guard),
  });
  const { Bucket, Key } = known["s3"] ?? {};
  const request = await serialize("s3", "GetObject", { Bucket, Key });
  const { status, text, headers } = await sendSigned(running, "s3", request, nobody);
  assert.equal(status, 403);
  assert.match(text, /with an explicit deny in an? identity-based policy/);
  assert.doesNotMatch(`${text}${JSON.stringify(headers)}`, /hidden|guard|\.[jt]s:\d|node_modules/i);
  const members = [...text.matchAll(/<(\w+)>/g)].map(([, name]) => name);
  assert.deepEqual(
    members.filter((name) => !/^(Error|Code|Message|Resource|RequestId|HostId)$/.test(name ?? "")),
    [],
  );
});
