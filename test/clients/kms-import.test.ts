import assert from "node:assert/strict";
import { createHmac, createPrivateKey, createPublicKey, randomBytes, verify } from "node:crypto";
import { test } from "node:test";
import {
  type AlgorithmSpec,
  CreateKeyCommand,
  DecryptCommand,
  DeleteImportedKeyMaterialCommand,
  DescribeKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GenerateMacCommand,
  GetKeyLastUsageCommand,
  GetKeyRotationStatusCommand,
  GetPublicKeyCommand,
  IncorrectKeyMaterialException,
  KMSInvalidStateException,
  ListKeyRotationsCommand,
  RotateKeyOnDemandCommand,
  SignCommand,
  UnsupportedOperationException,
  type WrappingKeySpec,
} from "@aws-sdk/client-kms";
import { startKmsClient } from "../support/kms-client.ts";
import { bring, makeExternal, privateKeys } from "../support/kms-import.ts";
import { awsAll, python } from "../support/python.ts";

const Plaintext = Buffer.from("four windows of June");

const wrappings: readonly (readonly [AlgorithmSpec, WrappingKeySpec])[] = [
  ["RSAES_OAEP_SHA_1", "RSA_2048"],
  ["RSAES_OAEP_SHA_256", "RSA_3072"],
  ["RSA_AES_KEY_WRAP_SHA_1", "RSA_2048"],
  ["RSA_AES_KEY_WRAP_SHA_256", "RSA_4096"],
];

test("material comes in by every wrapping, goes, and comes again", async (t) => {
  const { kms } = await startKmsClient(t);
  const KeyId = await makeExternal(kms);
  const material = randomBytes(32);
  const ids = new Set<string | undefined>();
  let CiphertextBlob: Uint8Array | undefined;
  const decrypt = () => kms.send(new DecryptCommand({ CiphertextBlob }));
  for (const [WrappingAlgorithm, WrappingKeySpec] of wrappings) {
    ids.add(await bring(kms, KeyId, material, { WrappingAlgorithm, WrappingKeySpec }));
    CiphertextBlob ??= (await kms.send(new EncryptCommand({ KeyId, Plaintext }))).CiphertextBlob;
    assert.deepEqual(Buffer.from((await decrypt()).Plaintext ?? []), Plaintext);
    await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId }));
    await assert.rejects(decrypt(), (error) => {
      assert.ok(error instanceof KMSInvalidStateException);
      assert.equal(error.message, `${KeyId} is pending import.`);
      return true;
    });
    await assert.rejects(bring(kms, KeyId, randomBytes(32)), IncorrectKeyMaterialException);
  }
  assert.equal(ids.size, 1, "the same material has the same id");
});

test("material that expires says when", async (t) => {
  const { kms } = await startKmsClient(t);
  const KeyId = await makeExternal(kms);
  const ValidTo = new Date(Math.ceil(Date.now() / 1000 + 86_400) * 1000);
  await bring(kms, KeyId, randomBytes(32), { ExpirationModel: "KEY_MATERIAL_EXPIRES", ValidTo });
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
  assert.equal(KeyMetadata?.ExpirationModel, "KEY_MATERIAL_EXPIRES");
  assert.deepEqual(KeyMetadata.ValidTo, ValidTo);
  assert.equal(KeyMetadata.KeyState, "Enabled");
});

test("another material waits for a rotation, and older ones stay readable", async (t) => {
  const { kms } = await startKmsClient(t);
  const KeyId = await makeExternal(kms);
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const encrypt = async () => {
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob }));
    return opened.KeyMaterialId;
  };
  const states = async () => {
    const asked = new ListKeyRotationsCommand({ KeyId, IncludeKeyMaterial: "ALL_KEY_MATERIAL" });
    const { Rotations = [] } = await kms.send(asked);
    return Rotations.map((one) => [
      one.KeyMaterialId,
      one.KeyMaterialState,
      one.ImportState,
      one.KeyMaterialDescription,
      one.RotationType,
    ]);
  };
  const one = await bring(kms, KeyId, first, { KeyMaterialDescription: "of 2025" });
  await assert.rejects(kms.send(new RotateKeyOnDemandCommand({ KeyId })), KMSInvalidStateException);
  const two = await bring(kms, KeyId, second, { ImportType: "NEW_KEY_MATERIAL" });
  assert.deepEqual(await states(), [
    [two, "PENDING_ROTATION", "IMPORTED", undefined, undefined],
    [one, "CURRENT", "IMPORTED", "of 2025", undefined],
  ]);
  assert.equal(await encrypt(), one);
  const old = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
  await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
  assert.equal(await encrypt(), two);
  const { CiphertextBlob } = old;
  assert.equal((await kms.send(new DecryptCommand({ CiphertextBlob }))).KeyMaterialId, one);
  await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId, KeyMaterialId: one ?? "" }));
  assert.deepEqual(await states(), [
    [two, "CURRENT", "IMPORTED", undefined, "ON_DEMAND"],
    [one, "NON_CURRENT", "PENDING_IMPORT", "of 2025", undefined],
  ]);
  await assert.rejects(encrypt(), KMSInvalidStateException, "all of its materials are needed");
  await bring(kms, KeyId, first, { KeyMaterialId: one ?? "" });
  assert.equal((await kms.send(new DecryptCommand({ CiphertextBlob }))).KeyMaterialId, one);
  const automatic = new EnableKeyRotationCommand({ KeyId });
  await assert.rejects(kms.send(automatic), UnsupportedOperationException);
  const status = await kms.send(new GetKeyRotationStatusCommand({ KeyId }));
  assert.equal(status.KeyRotationEnabled, false);
});

const pairs = [
  ["RSA_2048", "RSASSA_PSS_SHA_256"],
  ["RSA_3072", "RSASSA_PKCS1_V1_5_SHA_256"],
  ["ECC_NIST_P256", "ECDSA_SHA_256"],
  ["ECC_NIST_P384", "ECDSA_SHA_384"],
  ["ECC_NIST_P521", "ECDSA_SHA_512"],
  ["ECC_SECG_P256K1", "ECDSA_SHA_256"],
  ["ECC_NIST_EDWARDS25519", "ED25519_SHA_512"],
] as const;

test("private keys that were made elsewhere sign here", async (t) => {
  const { kms } = await startKmsClient(t);
  for (const [KeySpec, SigningAlgorithm] of pairs) {
    const KeyId = await makeExternal(kms, { KeySpec, KeyUsage: "SIGN_VERIFY" });
    const pkcs8 = privateKeys[KeySpec]();
    await bring(kms, KeyId, pkcs8, { WrappingAlgorithm: "RSA_AES_KEY_WRAP_SHA_256" });
    const { Signature } = await kms.send(
      new SignCommand({ KeyId, SigningAlgorithm, Message: Plaintext }),
    );
    const key = createPublicKey(createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }));
    const hash = /SHA_(\d+)$/.exec(SigningAlgorithm)?.[1];
    const pss = SigningAlgorithm.includes("PSS") ? { padding: 6, saltLength: 32 } : {};
    const isRight = verify(
      KeySpec.includes("EDWARDS") ? null : `sha${hash}`,
      Plaintext,
      { key, ...pss },
      Signature ?? Buffer.alloc(0),
    );
    assert.ok(isRight, KeySpec);
    const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId }));
    assert.deepEqual(Buffer.from(PublicKey ?? []), key.export({ type: "spki", format: "der" }));
  }
});

test("a MAC key that was made elsewhere makes the same MACs here", async (t) => {
  const { kms } = await startKmsClient(t);
  const KeyId = await makeExternal(kms, { KeySpec: "HMAC_384", KeyUsage: "GENERATE_VERIFY_MAC" });
  const material = randomBytes(100);
  await bring(kms, KeyId, material);
  const asked = { KeyId, MacAlgorithm: "HMAC_SHA_384", Message: Plaintext } as const;
  const { Mac } = await kms.send(new GenerateMacCommand(asked));
  const own = createHmac("sha384", material).update(Plaintext).digest();
  assert.deepEqual(Buffer.from(Mac ?? []), own);
});

test("the SDK learns of the last use of a key, with its event", async (t) => {
  const { kms } = await startKmsClient(t);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.Arn;
  const ask = () => kms.send(new GetKeyLastUsageCommand({ KeyId }));
  const unused = await ask();
  assert.deepEqual(unused.KeyLastUsage, {});
  assert.deepEqual(unused.KeyCreationDate, KeyMetadata?.CreationDate);
  assert.ok(unused.TrackingStartDate);
  const used = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
  const { KeyLastUsage } = await ask();
  assert.equal(KeyLastUsage?.Operation, "Encrypt");
  assert.equal(KeyLastUsage.KmsRequestId, used.$metadata.requestId);
  assert.match(KeyLastUsage.CloudTrailEventId ?? "", /^[0-9a-f-]{36}$/);
});

const script = `
import boto3, json, os, subprocess, tempfile, datetime
from botocore.exceptions import ClientError
kms, trail = boto3.client("kms"), boto3.client("cloudtrail")
key = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
given = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_4096")
with tempfile.TemporaryDirectory() as folder:
    paths = {name: os.path.join(folder, name) for name in ["public", "plain", "wrapped"]}
    open(paths["public"], "wb").write(given["PublicKey"])
    open(paths["plain"], "wb").write(os.urandom(32))
    subprocess.run(["openssl", "pkeyutl", "-encrypt", "-in", paths["plain"], "-out", paths["wrapped"], "-inkey", paths["public"], "-keyform", "DER", "-pubin",
        "-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256"], check=True)
    wrapped = open(paths["wrapped"], "rb").read()
until = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=30)
made = kms.import_key_material(KeyId=key, ImportToken=given["ImportToken"], EncryptedKeyMaterial=wrapped, ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=until)
out = {}
out["until"] = kms.describe_key(KeyId=key)["KeyMetadata"]["ValidTo"] == until
sealed = kms.encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
out["opened"] = kms.decrypt(CiphertextBlob=sealed)["Plaintext"].decode()
usage = kms.get_key_last_usage(KeyId=key)["KeyLastUsage"]
out["last"] = usage["Operation"]
events = trail.lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "Decrypt"}])["Events"]
out["event"] = [event["EventId"] for event in events] == [usage["CloudTrailEventId"]]
out["gone"] = kms.delete_imported_key_material(KeyId=key)["KeyMaterialId"] == made["KeyMaterialId"]
try: kms.decrypt(CiphertextBlob=sealed)
except ClientError as error: out["refused"] = error.response["Error"]["Code"]
try: kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm="RSAES_PKCS1_V1_5", WrappingKeySpec="RSA_2048")
except ClientError as error: out["old"] = error.response["Error"]["Code"]
print(json.dumps(out))`;

test("boto3 imports what openssl has wrapped", async (t) => {
  const { running, acme } = await startKmsClient(t);
  assert.deepEqual(await python(running, acme.root, script), {
    until: true,
    opened: "text",
    last: "Decrypt",
    event: true,
    gone: true,
    refused: "KMSInvalidStateException",
    old: "UnsupportedOperationException",
  });
});

test("the AWS CLI asks for parameters and for the last usage", async (t) => {
  const { running, acme, kms } = await startKmsClient(t);
  const id = (await makeExternal(kms)).split("/")[1] ?? "";
  const wrapping = ["--wrapping-algorithm", "RSAES_OAEP_SHA_1", "--wrapping-key-spec", "RSA_2048"];
  const [parameters, usage, gone] = await awsAll(running, acme.root, [
    ["kms", "get-parameters-for-import", "--key-id", id, ...wrapping],
    ["kms", "get-key-last-usage", "--key-id", id],
    ["kms", "delete-imported-key-material", "--key-id", id],
  ]);
  assert.deepEqual(Object.keys(parameters as object).sort(), [
    "ImportToken",
    "KeyId",
    "ParametersValidTo",
    "PublicKey",
  ]);
  assert.deepEqual((usage as Record<string, unknown>)["KeyLastUsage"], {});
  assert.deepEqual(Object.keys(gone as object), ["KeyId"]);
});
