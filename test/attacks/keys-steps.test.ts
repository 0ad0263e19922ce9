import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  DecryptResponse,
  DescribeKeyResponse,
  ListAliasesResponse,
  ListKeyRotationsResponse,
  ListKeysResponse,
} from "@aws-sdk/client-kms";
import { dieAt } from "../support/key-death.ts";
import { afterDeletionMs, type Before, outsideMaterial } from "../support/key-stepper.ts";
import { type As, openKms, seal } from "../support/kms.ts";
import { importMaterial } from "../support/kms-import.ts";

type Check = (root: As, before: Before) => Promise<void>;

const reads = async (root: As, ciphertext: string): Promise<string> => {
  const CiphertextBlob = Buffer.from(ciphertext, "base64");
  const { Plaintext } = await root<DecryptResponse>("Decrypt", { CiphertextBlob });
  return Buffer.from(Plaintext ?? []).toString();
};

const stateOf = async (root: As, KeyId: string): Promise<string | undefined> =>
  (await root<DescribeKeyResponse>("DescribeKey", { KeyId })).KeyMetadata?.KeyState;

const works = async (root: As, KeyId: string): Promise<void> => {
  const text = Buffer.from(await seal(root, KeyId)).toString("base64");
  assert.notEqual(await reads(root, text), "");
};

const scenes: readonly (readonly [what: string, nowMs: number | undefined, check: Check])[] = [
  [
    "create",
    undefined,
    async (root) => {
      const { Keys = [] } = await root<ListKeysResponse>("ListKeys");
      assert.ok(Keys.length === 3 || Keys.length === 4);
      for (const { KeyId = "" } of Keys) await works(root, KeyId);
    },
  ],
  [
    "rotate",
    undefined,
    async (root, { keyId, ciphertext }) => {
      assert.equal(await reads(root, ciphertext), "kept");
      await works(root, keyId);
      await root("RotateKeyOnDemand", { KeyId: keyId });
      await works(root, keyId);
      assert.equal(await reads(root, ciphertext), "kept");
      const { Rotations = [] } = await root<ListKeyRotationsResponse>("ListKeyRotations", {
        KeyId: keyId,
      });
      assert.ok(Rotations.length === 1 || Rotations.length === 2);
    },
  ],
  [
    "delete",
    afterDeletionMs,
    async (root, { keyId, ciphertext }) => {
      await assert.rejects(reads(root, ciphertext), { name: "InvalidCiphertextException" });
      await assert.rejects(works(root, keyId), { name: "NotFoundException" });
      const { Aliases = [] } = await root<ListAliasesResponse>("ListAliases");
      assert.deepEqual(Aliases, []);
    },
  ],
  [
    "import",
    undefined,
    async (root, { external, ofExternal }) => {
      const state = await stateOf(root, external);
      if (state === "Enabled") assert.equal(await reads(root, ofExternal), "kept");
      else await assert.rejects(reads(root, ofExternal), /is pending import/);
      await importMaterial(root, external, outsideMaterial);
      assert.equal(await reads(root, ofExternal), "kept");
    },
  ],
  [
    "forget",
    undefined,
    async (root, { external, ofExternal }) => {
      const state = await stateOf(root, external);
      if (state === "Enabled") assert.equal(await reads(root, ofExternal), "kept");
      else await assert.rejects(reads(root, ofExternal), /is pending import/);
      await root("DeleteImportedKeyMaterial", { KeyId: external });
      await assert.rejects(reads(root, ofExternal), /is pending import/);
      await importMaterial(root, external, outsideMaterial);
      assert.equal(await reads(root, ofExternal), "kept");
    },
  ],
];

for (const [what, nowMs, check] of scenes) {
  test(`kill -9 between any two steps of ${what} leaves no key half`, async (t) => {
    let step = 1;
    for (let killed = true; killed; step += 1) {
      const died = await dieAt(t, what, step);
      killed = died.killed;
      const kms = await openKms(died.directory, nowMs === undefined ? {} : { nowMs });
      try {
        const root = kms.as(kms.root());
        await check(root, died.before);
        assert.equal(await reads(root, died.before.ofOther), "kept", "another key is as it was");
        await works(root, died.before.other);
      } finally {
        await kms.close();
      }
    }
    assert.ok(step > 3, "there were steps to be killed at");
  });
}
