import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  CreateKeyCommand,
  type CreateKeyRequest,
  DecryptCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  GenerateMacCommand,
  KMSClient,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
  SignCommand,
} from "@aws-sdk/client-kms";
import { findModel } from "../../src/wire/models.ts";
import { type Keys, startBondstore } from "../support/bondstore.ts";
import { minimalInput } from "../support/minimal-input.ts";
import { callerOf } from "../support/sdk.ts";
import { makeWorld } from "../support/world.ts";

/** Invariant: a key does what it is for, for whoever may, and as long as it is enabled. */

/** Operations of other than symmetric keys, with the usage that each needs. */
const operations = {
  Sign: "SIGN_VERIFY",
  Verify: "SIGN_VERIFY",
  GenerateMac: "GENERATE_VERIFY_MAC",
  VerifyMac: "GENERATE_VERIFY_MAC",
  DeriveSharedSecret: "KEY_AGREEMENT",
  Encapsulate: "ENCAPSULATE_DECAPSULATE",
  Decapsulate: "ENCAPSULATE_DECAPSULATE",
} as const;
const pairs = ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"];
const all = [...Object.keys(operations), ...pairs, "GetPublicKey"];

async function start(t: TestContext) {
  const running = await startBondstore(t);
  const world = await makeWorld(running, "acme");
  const { root } = world.tenant;
  const as = (keys: Keys) => {
    const { call } = callerOf("kms", running.client(keys));
    return (operation: string, more: object = {}) => {
      const model = findModel("kms")?.findOperation(operation);
      assert.ok(model);
      return call(operation, { ...minimalInput(model, world.known["kms"] ?? {}), ...more });
    };
  };
  const kms = new KMSClient(running.client(root));
  t.after(() => kms.destroy());
  return { running, world, kms, as, root };
}

const keyOf = (known: Readonly<Record<string, unknown>> | undefined, operation: string) =>
  String(known?.[`${operation}.KeyId`] ?? known?.["KeyId"]);

test("what root may, nobody and another tenant may not; a trial run answers nothing", async (t) => {
  const { running, world, as, root } = await start(t);
  const eve = await running.tenant("eve");
  const [own, nobody, stranger] = [as(root), as(world.nobody), as(eve.root)];
  for (const name of all) {
    const done = await own(name);
    assert.equal(done.code, undefined, `${name}: ${done.message}`);
    assert.equal((await nobody(name)).code, "AccessDeniedException", name);
    assert.equal((await stranger(name)).code, "AccessDeniedException", name);
    if (name === "GetPublicKey") continue;
    const tried = await own(name, { DryRun: true });
    assert.equal(tried.code, "DryRunOperationException", name);
    const denied = await nobody(name, { DryRun: true });
    assert.equal(denied.code, "AccessDeniedException", name);
    const made = Object.entries(tried.output).filter(([member]) => member !== "$metadata");
    assert.deepEqual(made, [], name);
  }
});

test("a key of one usage is of no use for another", async (t) => {
  const { world, as, root } = await start(t);
  const own = as(root);
  const known = world.known["kms"];
  const keys = ["Sign", "GenerateMac", "DeriveSharedSecret", "Encapsulate", "GenerateDataKey"];
  for (const [name, usage] of Object.entries(operations)) {
    for (const of of keys) {
      if (operations[of as keyof typeof operations] === usage) continue;
      const { code } = await own(name, { KeyId: keyOf(known, of) });
      assert.equal(code, "InvalidKeyUsageException", `${name} by the key of ${of}`);
    }
  }
  for (const of of keys.slice(0, -1)) {
    const KeyId = keyOf(known, of);
    for (const [name, more] of [
      ["Encrypt", { Plaintext: Buffer.from("x") }],
      ["Decrypt", { EncryptionAlgorithm: "RSAES_OAEP_SHA_256" }],
      ["GenerateDataKey", {}],
      ["GenerateDataKeyPair", {}],
      ["GenerateDataKeyWithoutPlaintext", {}],
      ["ReEncrypt", { DestinationKeyId: KeyId }],
    ] as const) {
      const named = name === "ReEncrypt" ? {} : { KeyId };
      const { code } = await own(name, { ...more, ...named });
      assert.equal(code, "InvalidKeyUsageException", `${name} by the key of ${of}`);
    }
    const { code } = await own("EnableKeyRotation", { KeyId });
    assert.equal(code, "UnsupportedOperationException", of);
  }
});

test("a key that is disabled, or waits for its deletion, does nothing of what it is for", async (t) => {
  const { world, as, root, kms } = await start(t);
  const own = as(root);
  const known = world.known["kms"];
  const ids = [...new Set(all.map((name) => keyOf(known, name)))];
  for (const KeyId of ids) await kms.send(new DisableKeyCommand({ KeyId }));
  for (const name of all) assert.equal((await own(name)).code, "DisabledException", name);
  for (const KeyId of ids) await kms.send(new EnableKeyCommand({ KeyId }));
  for (const name of all) assert.equal((await own(name)).code, undefined, name);
  for (const KeyId of ids) {
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  }
  for (const name of all) assert.equal((await own(name)).code, "KMSInvalidStateException", name);
});

test("conditions on algorithms, message types and kinds of keys hold", async (t) => {
  const { running, world, kms } = await start(t);
  const make = async (input: CreateKeyRequest) =>
    (await kms.send(new CreateKeyCommand(input))).KeyMetadata?.Arn ?? "";
  const user = new KMSClient(running.client(world.nobody));
  t.after(() => user.destroy());
  const allow = async (KeyId: string, Action: string, Condition: object) => {
    const account = `arn:aws:iam::${world.tenant.account}`;
    const Statement = [
      { Effect: "Allow", Principal: { AWS: `${account}:root` }, Action: "kms:*", Resource: "*" },
      {
        Effect: "Allow",
        Principal: { AWS: `${account}:user/nobody` },
        Action,
        Resource: "*",
        Condition: { StringEquals: Condition },
      },
    ];
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
    await kms.send(new PutKeyPolicyCommand({ KeyId, Policy }));
  };
  const Message = Buffer.alloc(32, 7);
  const denied = { name: "AccessDeniedException" };

  const rsa = await make({ KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" });
  const conditions = {
    "kms:SigningAlgorithm": "RSASSA_PSS_SHA_256",
    "kms:MessageType": "DIGEST",
  };
  await allow(rsa, "kms:Sign", conditions);
  const right = {
    KeyId: rsa,
    Message,
    MessageType: "DIGEST",
    SigningAlgorithm: "RSASSA_PSS_SHA_256",
  } as const;
  assert.ok((await user.send(new SignCommand(right))).Signature);
  for (const wrong of [
    { ...right, MessageType: undefined },
    { ...right, MessageType: "RAW" },
    { ...right, SigningAlgorithm: "RSASSA_PKCS1_V1_5_SHA_256" },
  ] as const) {
    await assert.rejects(user.send(new SignCommand(wrong)), denied);
  }

  const mac = await make({ KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" });
  await allow(mac, "kms:GenerateMac", { "kms:MacAlgorithm": "HMAC_SHA_512" });
  const byMac = new GenerateMacCommand({ KeyId: mac, Message, MacAlgorithm: "HMAC_SHA_256" });
  await assert.rejects(user.send(byMac), denied);
  await allow(mac, "kms:GenerateMac", { "kms:MacAlgorithm": "HMAC_SHA_256" });
  assert.ok((await user.send(byMac)).Mac);

  const box = await make({ KeySpec: "RSA_2048", KeyUsage: "ENCRYPT_DECRYPT" });
  await allow(box, "kms:Encrypt", { "kms:EncryptionAlgorithm": "RSAES_OAEP_SHA_256" });
  const plain = { KeyId: box, Plaintext: Message };
  const weak = new EncryptCommand({ ...plain, EncryptionAlgorithm: "RSAES_OAEP_SHA_1" });
  await assert.rejects(user.send(weak), denied);
  const strong = { ...plain, EncryptionAlgorithm: "RSAES_OAEP_SHA_256" } as const;
  const { CiphertextBlob } = await user.send(new EncryptCommand(strong));
  const open = { KeyId: box, CiphertextBlob, EncryptionAlgorithm: "RSAES_OAEP_SHA_256" } as const;
  await assert.rejects(user.send(new DecryptCommand(open)), denied);
  assert.equal((await kms.send(new DecryptCommand(open))).Plaintext?.length, 32);

  const symmetric = await make({});
  const pair = "kms:GenerateDataKeyPairWithoutPlaintext";
  await allow(symmetric, pair, { "kms:DataKeyPairSpec": "ECC_NIST_P256" });
  const ask = (KeyPairSpec: "ECC_NIST_P256" | "ECC_NIST_P384") =>
    user.send(new GenerateDataKeyPairWithoutPlaintextCommand({ KeyId: symmetric, KeyPairSpec }));
  await assert.rejects(ask("ECC_NIST_P384"), denied);
  assert.ok((await ask("ECC_NIST_P256")).PrivateKeyCiphertextBlob);
});

test("a grant allows what the kind of key has, and no more than it says", async (t) => {
  const { running, world, as, root } = await start(t);
  const [own, nobody] = [as(root), as(world.nobody)];
  const GranteePrincipal = `arn:aws:iam::${world.tenant.account}:user/nobody`;
  const known = world.known["kms"];
  const grant = (name: string, Operations: readonly string[], more: object = {}) =>
    own("CreateGrant", { KeyId: keyOf(known, name), GranteePrincipal, Operations, ...more });
  const tokens: unknown[] = [];
  for (const name of Object.keys(operations)) {
    const { code, output } = await grant(name, [name]);
    assert.equal(code, undefined, name);
    tokens.push(output["GrantToken"]);
    const foreign = ["Encrypt", "GenerateDataKey", name === "Sign" ? "GenerateMac" : "Sign"];
    if (name === "Verify") foreign.pop();
    for (const other of foreign) {
      assert.equal((await grant(name, [name, other])).code, "ValidationException", other);
    }
    const Constraints = { EncryptionContextEquals: { tenant: "acme" } };
    const bound = await grant(name, [name], { Constraints });
    assert.equal(bound.code, "ValidationException", name);
  }
  const mac = { KeyId: keyOf(known, "GenerateMac") };
  assert.equal((await grant("GenerateMac", ["GetPublicKey"])).code, "ValidationException");
  for (const [at, name] of Object.keys(operations).entries()) {
    const { code } = await nobody(name, { GrantTokens: [tokens[at]] });
    assert.equal(code, undefined, name);
    const madeUp = await nobody(name, { GrantTokens: ["made-up"] });
    assert.equal(madeUp.code, "InvalidGrantTokenException", name);
  }
  assert.equal((await nobody("GetPublicKey")).code, "AccessDeniedException");
  assert.equal((await nobody("DescribeKey", mac)).code, "AccessDeniedException");
  const eve = await running.tenant("eve");
  const stolen = await as(eve.root)("Sign", { GrantTokens: [tokens[0]] });
  assert.equal(stolen.code, "AccessDeniedException");
});

test("messages, signatures, secrets and private keys are in no event", async (t) => {
  const { running, world, as, root } = await start(t);
  const own = as(root);
  const secrets: string[] = [];
  for (const name of all) {
    const { output } = await own(name);
    for (const value of Object.values(output)) {
      if (value instanceof Uint8Array) secrets.push(Buffer.from(value).toString("base64"));
    }
  }
  const known = world.known["kms"] ?? {};
  for (const name of ["Message", "Signature", "Mac", "SharedSecretCiphertextBlob"]) {
    secrets.push(Buffer.from(known[name] as Uint8Array).toString("base64"));
  }
  assert.ok(secrets.length > 12);
  const { trail } = running.bondstore.opened;
  const found = await trail.find({ account: world.tenant.account, limit: 10_000 });
  const uses = found.filter(({ event }) => all.includes(event.eventName));
  assert.ok(uses.length >= all.length, "an empty trail must not pass");
  const text = JSON.stringify(found);
  for (const secret of secrets) assert.ok(!text.includes(secret.slice(-24)));
  assert.ok(!text.includes("four windows of June"));
  const [signed] = uses.filter(({ event }) => event.eventName === "Sign");
  const parameters = JSON.stringify(signed?.event.requestParameters);
  assert.match(parameters, /RSASSA_PSS_SHA_256/);
});
