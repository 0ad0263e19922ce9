import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { everyAccount } from "../../src/audit/trail.ts";
import { open, realEnvironment } from "../../src/server.ts";
import { type Keys, temporary, testConfig } from "../support/bondstore.ts";
import { startChild } from "../support/child.ts";
import { scanFor } from "../support/files-below.ts";
import { callerOf, type Ended, serialize } from "../support/sdk.ts";
import { sendSigned } from "../support/send.ts";

/** Invariant: secrets never reach a log, an error, a trail event, a process list or a disk. */

const marker = "PLAINTEXT-MARKER-0815-of-the-caller";

type Members = Readonly<Record<string, unknown>>;

/** Every form in which a secret may be written. */
function formsOf(secret: string | Uint8Array): string[] {
  const bytes = Buffer.from(secret);
  const forms = [bytes.toString("base64"), bytes.toString("hex"), bytes.toString("base64url")];
  // The end of base64 depends on what follows.
  const cut = forms.map((form) => form.replace(/=+$/, "").slice(0, -2));
  return typeof secret === "string" ? [secret, encodeURIComponent(secret), ...cut] : cut;
}

test("no secret is found in logs, errors, the trail, the process list or on the disk", async (t) => {
  const data = temporary(t);
  const child = await startChild(t, data, "--plain-http");
  const secrets: (string | Uint8Array)[] = [child.root.secretAccessKey, marker];
  const told: string[] = [];
  const call = async (keys: Keys, service: string, operation: string, input: object) => {
    const options = {
      endpoint: child.endpoint,
      region: child.region,
      credentials: keys,
      maxAttempts: 1,
    };
    const { call, close } = callerOf(service, options);
    const ended: Ended = await call(operation, input);
    close();
    if (ended.code !== undefined) told.push(`${ended.code} ${ended.message}`);
    return ended.output;
  };
  const { root } = child;

  await call(root, "iam", "CreateUser", { UserName: "alice" });
  const made = await call(root, "iam", "CreateAccessKey", { UserName: "alice" });
  const key = made["AccessKey"] as Readonly<Record<string, string>>;
  const alice = {
    accessKeyId: key["AccessKeyId"] ?? "",
    secretAccessKey: key["SecretAccessKey"] ?? "",
  };
  const given = await call(alice, "sts", "GetSessionToken", {});
  const temporaryKey = given["Credentials"] as Readonly<Record<string, string>>;
  const session = {
    accessKeyId: temporaryKey["AccessKeyId"] ?? "",
    secretAccessKey: temporaryKey["SecretAccessKey"] ?? "",
    sessionToken: temporaryKey["SessionToken"] ?? "",
  };
  secrets.push(alice.secretAccessKey, session.secretAccessKey, session.sessionToken);

  const { KeyMetadata } = await call(root, "kms", "CreateKey", {});
  const KeyId = (KeyMetadata as Members)["Arn"];
  const dataKey = await call(root, "kms", "GenerateDataKey", { KeyId, KeySpec: "AES_256" });
  const random = await call(root, "kms", "GenerateRandom", { NumberOfBytes: 32 });
  secrets.push(dataKey["Plaintext"] as Uint8Array, random["Plaintext"] as Uint8Array);
  const Plaintext = Buffer.from(marker);
  const { CiphertextBlob } = await call(root, "kms", "Encrypt", { KeyId, Plaintext });
  await call(root, "kms", "Decrypt", { CiphertextBlob });

  // Each of these is refused, with a secret in its hands.
  await call(session, "iam", "ListUsers", {});
  await call(alice, "kms", "Encrypt", { KeyId, Plaintext });
  await call(root, "kms", "Encrypt", { KeyId, Plaintext: Buffer.from(marker.repeat(200)) });
  await call(root, "kms", "Decrypt", { CiphertextBlob: dataKey["Plaintext"] });
  await call(alice, "s3", "PutObject", { Bucket: "none", Key: "k", Body: marker });
  await call({ ...session, sessionToken: "changed" }, "sts", "GetCallerIdentity", {});
  const swapped = { ...session, accessKeyId: alice.accessKeyId };
  await call(swapped, "sts", "GetCallerIdentity", {});
  const running = { endpoint: child.endpoint, region: child.region };
  const broken = { ...(await serialize("kms", "ListKeys", {})), body: Buffer.from(`{"${marker}`) };
  told.push((await sendSigned(running, "kms", broken, root)).text);
  told.push((await sendSigned(running, "sts", broken, session)).text);
  assert.ok(told.length >= 9, `they are refused: ${told.join("\n")}`);

  const places = new Map([
    ["an error", told.join("\n")],
    ["the list of processes", read(`/proc/${child.process.pid}/cmdline`)],
    ["the environment", read(`/proc/${child.process.pid}/environ`)],
  ]);
  await child.stop();
  places.set("the log", child.printed.join("\n"));
  const opened = await open(
    testConfig(data),
    realEnvironment(() => undefined),
  );
  t.after(() => opened.close());
  const found = await opened.trail.find({ account: everyAccount, limit: 1_000 });
  assert.ok(found.length >= 12, "an empty trail must not pass");
  places.set("the trail", JSON.stringify(found));
  assert.ok(places.get("the trail")?.includes(session.accessKeyId), "key ids are no secrets");
  for (const secret of secrets) {
    assert.ok(secret.length >= 16);
    for (const [place, text] of places) {
      for (const form of formsOf(secret))
        assert.ok(!text.includes(form), `a secret is in ${place}`);
    }
  }
  const disk = scanFor(
    data,
    secrets.filter((secret) => typeof secret === "string"),
  );
  assert.deepEqual(disk.found, []);
  assert.ok(disk.scannedBytes > 10_000, "an empty scan must not pass");
});

/** Linux shows it; elsewhere there is nothing to read. */
const read = (path: string) => (existsSync(path) ? readFileSync(path, "latin1") : "");
