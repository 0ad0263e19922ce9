import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CreateKeyCommand, DecryptCommand, EncryptCommand, KMSClient } from "@aws-sdk/client-kms";
import { startBondstore, temporary, testConfig } from "../support/bondstore.ts";
import { makeSoftHsm } from "../support/softhsm.ts";

test("a key in SoftHSM opens the root of trust, and without its token nothing opens", async (t) => {
  const data = temporary(t);
  const { modulePath, env, label, pin } = makeSoftHsm(t);
  const pinFile = join(temporary(t), "pin");
  writeFileSync(pinFile, `${pin}\n`);
  const root = { kind: "pkcs11-token", module: modulePath, token: label, pinFile } as const;
  const moduleEnv = { ...env, PATH: "/usr/local/bin:/usr/bin:/bin" };

  const first = await startBondstore(t, { root, moduleEnv }, data);
  const tenant = await first.tenant("acme");
  const kms = new KMSClient(first.client(tenant.root));
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const input = { KeyId: KeyMetadata?.KeyId, Plaintext: Buffer.from("a secret") };
  const { CiphertextBlob } = await kms.send(new EncryptCommand(input));
  kms.destroy();
  assert.match(first.bondstore.opened.root.description, /a key in the token/);
  await first.close();

  const second = await startBondstore(t, { root, moduleEnv }, data);
  const again = new KMSClient(second.client(tenant.root));
  const { Plaintext } = await again.send(new DecryptCommand({ CiphertextBlob }));
  assert.equal(Buffer.from(Plaintext ?? []).toString(), "a secret");
  again.destroy();
  await second.close();

  const locked = { name: "RootLocked" };
  await assert.rejects(startBondstore(t, { moduleEnv }, data), locked);
  const { moduleEnv: nothing } = testConfig(data);
  await assert.rejects(startBondstore(t, { root, moduleEnv: nothing }, data), locked);
  writeFileSync(pinFile, "wrong pin\n");
  await assert.rejects(startBondstore(t, { root, moduleEnv }, data), locked);
  rmSync(pinFile);
});
