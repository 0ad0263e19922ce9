import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ConnectCustomKeyStoreCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteCustomKeyStoreCommand,
  DescribeCustomKeyStoresCommand,
  DescribeKeyCommand,
  DisconnectCustomKeyStoreCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  ReEncryptCommand,
  UpdateCustomKeyStoreCommand,
} from "@aws-sdk/client-kms";
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { startKmsClient } from "../support/kms-client.ts";
import { python } from "../support/python.ts";
import { verdict } from "../support/verdict.ts";
import { addExternalKey, externalStore, startXksProxy } from "../support/xks-proxy.ts";

test("the AWS SDK keeps keys behind a proxy of the owner's, and S3 and boto3 use them", async (t) => {
  const proxy = await startXksProxy(t);
  const { running, acme, kms } = await startKmsClient(t, { xks: proxy.config });
  const { root } = acme;

  const made = await kms.send(externalStore(proxy));
  const { CustomKeyStoreId = "" } = made;
  const shown = async () => {
    const answer = await kms.send(new DescribeCustomKeyStoresCommand({ CustomKeyStoreId }));
    return answer.CustomKeyStores?.[0];
  };
  assert.deepEqual((await shown())?.XksProxyConfiguration, {
    Connectivity: "PUBLIC_ENDPOINT",
    AccessKeyId: proxy.credential.AccessKeyId,
    UriEndpoint: proxy.endpoint,
    UriPath: proxy.path,
  });
  const XksKeyId = addExternalKey(proxy);
  const wanted = { Origin: "EXTERNAL_KEY_STORE", CustomKeyStoreId, XksKeyId } as const;
  const create = () => kms.send(new CreateKeyCommand(wanted));
  assert.equal(await verdict(create()), "CustomKeyStoreInvalidStateException");
  await kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  assert.equal((await shown())?.ConnectionState, "CONNECTED");

  const { KeyMetadata } = await create();
  const { KeyId = "", Arn = "" } = KeyMetadata ?? {};
  assert.deepEqual(
    [KeyMetadata?.Origin, KeyMetadata?.XksKeyConfiguration?.Id, KeyMetadata?.CustomKeyStoreId],
    ["EXTERNAL_KEY_STORE", XksKeyId, CustomKeyStoreId],
  );
  assert.equal(await verdict(create()), "XksKeyAlreadyInUseException");
  const spec = { Origin: "EXTERNAL_KEY_STORE", CustomKeyStoreId, XksKeyId: "x" } as const;
  const rsa = new CreateKeyCommand({ ...spec, KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" });
  assert.equal(await verdict(kms.send(rsa)), "UnsupportedOperationException");
  const multi = new CreateKeyCommand({ ...spec, MultiRegion: true });
  assert.equal(await verdict(kms.send(multi)), "UnsupportedOperationException");
  assert.equal(await verdict(kms.send(new CreateKeyCommand(spec))), "XksKeyNotFoundException");
  const rotation = new EnableKeyRotationCommand({ KeyId });
  assert.equal(await verdict(kms.send(rotation)), "UnsupportedOperationException");

  // Encrypted here, and again there: the proxy never sees what it is.
  const EncryptionContext = { order: "7" };
  const Plaintext = Buffer.from("a secret of the owner's");
  const { CiphertextBlob } = await kms.send(
    new EncryptCommand({ KeyId, Plaintext, EncryptionContext }),
  );
  const { message } = proxy.asked.at(-1) ?? assert.fail();
  assert.ok(!Buffer.from(String(message["plaintext"]), "base64").includes(Plaintext));
  assert.deepEqual(
    [
      message["encryptionAlgorithm"],
      (message["requestMetadata"] as Record<string, string>)["kmsKeyArn"],
    ],
    ["AES_GCM", Arn],
  );
  const opened = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
  assert.deepEqual(Buffer.from(opened.Plaintext ?? []), Plaintext);
  const elsewhere = new DecryptCommand({ CiphertextBlob, EncryptionContext: { order: "8" } });
  assert.equal(await verdict(kms.send(elsewhere)), "InvalidCiphertextException");
  const { KeyMetadata: plain } = await kms.send(new CreateKeyCommand({}));
  const moved = await kms.send(
    new ReEncryptCommand({
      CiphertextBlob,
      SourceEncryptionContext: EncryptionContext,
      DestinationKeyId: plain?.KeyId,
    }),
  );
  const there = await kms.send(new DecryptCommand({ CiphertextBlob: moved.CiphertextBlob }));
  assert.deepEqual(Buffer.from(there.Plaintext ?? []), Plaintext);
  const data = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" }));
  const again = await kms.send(new DecryptCommand({ CiphertextBlob: data.CiphertextBlob, KeyId }));
  assert.deepEqual(again.Plaintext, data.Plaintext);
  await kms.send(new GenerateDataKeyWithoutPlaintextCommand({ KeyId, NumberOfBytes: 64 }));
  const pair = { KeyId, KeyPairSpec: "ECC_NIST_P256" } as const;
  await kms.send(new GenerateDataKeyPairWithoutPlaintextCommand(pair));

  // Services of this Bondstore use it for their callers.
  const s3 = new S3Client({ ...running.client(root), forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: "orders" }));
  const object = { Bucket: "orders", Key: "a" };
  const sealed = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: Arn } as const;
  await s3.send(new PutObjectCommand({ ...object, ...sealed, Body: "kept" }));
  const read = async () => (await s3.send(new GetObjectCommand(object))).Body?.transformToString();
  assert.equal(await read(), "kept");
  const asked = proxy.asked.findLast(({ what }) => what.endsWith("/decrypt"))?.message;
  const metadata = asked?.["requestMetadata"] as Record<string, string>;
  assert.deepEqual(
    [metadata["kmsOperation"], metadata["kmsViaService"]?.split(".")[0]],
    ["Decrypt", "s3"],
  );
  const seen = await python(
    running,
    root,
    `import boto3, json
kms = boto3.client("kms")
sealed = kms.encrypt(KeyId="${KeyId}", Plaintext=b"of boto3")["CiphertextBlob"]
print(json.dumps([kms.decrypt(CiphertextBlob=sealed)["Plaintext"].decode(),
                  kms.describe_key(KeyId="${KeyId}")["KeyMetadata"]["XksKeyConfiguration"]["Id"]]))`,
  );
  assert.deepEqual(seen, ["of boto3", XksKeyId]);

  // Disconnected, it is unavailable; connected again it goes on.
  await kms.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  const { KeyMetadata: away } = await kms.send(new DescribeKeyCommand({ KeyId }));
  assert.equal(away?.KeyState, "Unavailable");
  const decrypt = () => kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
  assert.equal(await verdict(decrypt()), "KMSInvalidStateException");
  assert.equal(await verdict(read()), "KMS.KMSInvalidStateException");
  const rename = { CustomKeyStoreId, NewCustomKeyStoreName: "renamed" };
  await kms.send(new UpdateCustomKeyStoreCommand(rename));
  assert.equal((await shown())?.CustomKeyStoreName, "renamed");
  const remove = () => kms.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId }));
  assert.equal(await verdict(remove()), "CustomKeyStoreHasCMKsException");
  await kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  assert.equal(await verdict(remove()), "CustomKeyStoreInvalidStateException");
  assert.deepEqual(Buffer.from((await decrypt()).Plaintext ?? []), Plaintext);
});
