import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startEncryption } from "../support/encryption.ts";
import { java } from "../support/java.ts";

/** What comes out when a client keeps every promise. */
const kept = {
  "in clear": false,
  opened: true,
  "moved context": true,
  disabled: true,
  rotated: true,
  "not allowed": true,
};
/** How the key answered meanwhile, the last first. */
const answered = [
  "nobody:AccessDeniedException",
  "root:ok",
  "root:DisabledException",
  "root:InvalidCiphertextException",
  "root:ok",
];

async function run(t: TestContext, what: "s3" | "dynamodb") {
  const { running, root, key, other, nobody, events } = await startEncryption(t);
  const words = [key, other, nobody.accessKeyId, nobody.secretAccessKey, "acme-orders"];
  const source = "test/support/java/EncryptionClients.java";
  const out = await java("encryption-java", running, root, source, what, ...words);
  return { out, decrypts: await events("Decrypt") };
}

test("the S3 Encryption Client for Java seals objects under a key", async (t) => {
  const { out, decrypts } = await run(t, "s3");
  // Another context than was asked for it finds out itself.
  assert.deepEqual(out, { ...kept, "other context": true });
  assert.deepEqual(decrypts, answered);
});

test("the Database Encryption SDK for DynamoDB, in Java, seals items under a key", async (t) => {
  const { out, decrypts } = await run(t, "dynamodb");
  assert.deepEqual(out, { ...kept, "either opens": true });
  assert.deepEqual(decrypts, ["root:ok", "root:ok", ...answered]);
});
