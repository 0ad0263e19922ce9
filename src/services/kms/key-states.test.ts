import assert from "node:assert/strict";
import { test } from "node:test";
import { acme, startKms } from "../../../test/support/kms.ts";
import { prepare } from "../../../test/support/kms-operations.ts";
import type { KeyState } from "../../keys/key-record.ts";
import { keyOperations } from "../../keys/key-states.ts";
import { ServiceError } from "../../pipeline/operation.ts";

const states: readonly KeyState[] = [
  "Enabled",
  "Disabled",
  "PendingImport",
  "PendingDeletion",
  "PendingReplicaDeletion",
  "Updating",
];

/** What a refusal says, by its sign below. */
const words: Readonly<Record<string, string>> = {
  D: "DisabledException: KEY is disabled.",
  X: "KMSInvalidStateException: KEY is pending deletion.",
  I: "KMSInvalidStateException: KEY is pending import.",
  N: "KMSInvalidStateException: KEY is not pending deletion.",
  U: "KMSInvalidStateException: KEY is updating.",
};

/** The table of AWS's documentation; a dot where the key's state is no hindrance. */
const documented: Readonly<Record<string, string>> = {
  CancelKeyDeletion: "NNN..N",
  CreateAlias: "...XXU",
  CreateGrant: ".DIXX.",
  Decapsulate: ".DIXX.",
  Decrypt: ".DIXX.",
  DeleteAlias: "......",
  DeleteImportedKeyMaterial: "......",
  DeriveSharedSecret: ".DIXX.",
  DescribeKey: "......",
  DisableKey: "..IXXU",
  DisableKeyRotation: ".DIXXU",
  EnableKey: "..IXXU",
  EnableKeyRotation: ".DIXXU",
  Encapsulate: ".DIXX.",
  Encrypt: ".DIXX.",
  GenerateDataKey: ".DIXX.",
  GenerateDataKeyPair: ".DIXX.",
  GenerateDataKeyPairWithoutPlaintext: ".DIXX.",
  GenerateDataKeyWithoutPlaintext: ".DIXX.",
  GenerateMac: ".DIXX.",
  GetKeyLastUsage: "......",
  GetKeyPolicy: "......",
  GetKeyRotationStatus: "......",
  GetParametersForImport: "...XX.",
  GetPublicKey: ".DIXX.",
  ImportKeyMaterial: "...XX.",
  ListGrants: "......",
  ListKeyPolicies: "......",
  ListKeyRotations: "......",
  ListResourceTags: "......",
  PutKeyPolicy: "......",
  ReEncrypt: ".DIXX.",
  RetireGrant: "......",
  RevokeGrant: "......",
  RotateKeyOnDemand: ".DIXXU",
  ScheduleKeyDeletion: "...XXU",
  Sign: ".DIXX.",
  TagResource: "...XXU",
  UntagResource: "...XXU",
  UpdateAlias: "...XXU",
  UpdateKeyDescription: "...XXU",
  Verify: ".DIXX.",
  VerifyMac: ".DIXX.",
};

/** These need a second Region, and have their own test. */
const elsewhere = ["ReplicateKey", "UpdatePrimaryRegion"];

test("every operation on a key does in each state what AWS's table says", async (t) => {
  assert.deepEqual(
    [...Object.keys(documented), ...elsewhere].toSorted(),
    keyOperations.toSorted(),
    "no operation is left out",
  );
  for (const [operation, row] of Object.entries(documented)) {
    const kms = await startKms(t);
    const root = kms.as(kms.root());
    for (const [at, state] of states.entries()) {
      const { arn, input } = await prepare(root, operation);
      const key = kms.keys.store.find(acme, arn.split("/")[1] ?? "");
      assert.ok(key);
      await kms.keys.store.change(key, (record) => ({
        ...record,
        state,
        ...(state === "PendingDeletion" && {
          deletion: { atMs: kms.clock.nowMs + 1e9, windowDays: 7 },
        }),
      }));
      const said = await root(operation, input).then(
        () => undefined,
        (error) => {
          assert.ok(error instanceof ServiceError, `${operation} ${state}: ${error}`);
          return `${error.code}: ${error.message}`.replace(arn, "KEY");
        },
      );
      assert.equal(said, words[row[at] ?? ""], `${operation} in ${state}`);
      if (input["AliasName"]) await root("DeleteAlias", input).catch(() => undefined);
    }
  }
});
