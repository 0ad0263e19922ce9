import assert from "node:assert/strict";
import { test } from "node:test";
import { type As, acme, refuses, region, startKms } from "../../../test/support/kms.ts";
import { prepare } from "../../../test/support/kms-operations.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import { actionsOf } from "../../policy/reference.ts";

/** Not here: what needs an enclave, a second Region, or is none of a caller's calls. */
const elsewhere = /^kms:(RecipientAttestation:|MultiRegionKeyType$|ReplicaRegion$|PrimaryRegion$)/;
const elsewhereActions =
  /^(.*CustomKeyStores?|ReplicateKey|UpdatePrimaryRegion|SynchronizeMultiRegionKey)$/;
/** The reference has no key of its own for these algorithms. */
const noSense = new Set(["Encapsulate kms:MacAlgorithm", "Decapsulate kms:MacAlgorithm"]);

const ofCaller: Readonly<Record<string, string>> = {
  "kms:CallerAccount": acme,
  "kms:ViaService": `s3.${region}.amazonaws.com`,
};

/** What a key that the operation acts on is filled with. */
const ofKey: Readonly<Record<string, string>> = {
  "kms:KeyOrigin": "AWS_KMS",
  "kms:KeySpec": "SYMMETRIC_DEFAULT",
  "kms:KeyUsage": "ENCRYPT_DECRYPT",
  "kms:MultiRegion": "false",
  "kms:ResourceAliases": "alias/named",
};

/** What comes with the input that `prepare` makes. */
const ofInput: Readonly<Record<string, string>> = {
  "kms:EncryptionContext:": "acme",
  "kms:EncryptionContextKeys": "tenant",
  "kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
  "kms:RequestAlias": "alias/named",
  "kms:GrantConstraintType": "EncryptionContextEquals",
  "kms:GrantIsForAWSResource": "true",
  "kms:KeyAgreementAlgorithm": "ECDH",
  "kms:MacAlgorithm": "HMAC_SHA_256",
  "kms:SigningAlgorithm": "ECDSA_SHA_256",
  "kms:MessageType": "RAW",
  "kms:DataKeyPairSpec": "ECC_NIST_P256",
  "kms:WrappingAlgorithm": "RSAES_OAEP_SHA_256",
  "kms:WrappingKeySpec": "RSA_2048",
  "kms:ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
  "kms:ReEncryptOnSameKey": "true",
  "kms:TrailingDaysWithoutKeyUsage": "0",
};

type More = Readonly<Record<string, unknown>>;
const arn = "arn:aws:s3:::orders";
const alice = `arn:aws:iam::${acme}:user/alice`;
const service = "s3.amazonaws.com";

/** Where a condition key wants a further member: the value, and the input besides. */
const special: Readonly<Record<string, readonly [value: string, more: More]>> = {
  "CreateGrant kms:GrantOperations": ["Encrypt", {}],
  "CreateGrant kms:GranteePrincipal": [alice, { GranteePrincipal: alice }],
  "CreateGrant kms:RetiringPrincipal": [alice, { RetiringPrincipal: alice }],
  "CreateGrant kms:GranteeServicePrincipal": [
    service,
    { GranteePrincipal: undefined, GranteeServicePrincipal: service },
  ],
  "CreateGrant kms:RetiringServicePrincipal": [service, { RetiringServicePrincipal: service }],
  "CreateGrant kms:GrantConstraintSourceArn": [arn, { Constraints: { SourceArn: arn } }],
  "CreateGrant kms:GrantConstraintType": [
    "EncryptionContextSubset",
    { Constraints: { EncryptionContextSubset: { tenant: "acme" } } },
  ],
  "CreateGrant kms:EncryptionContext:": [
    "acme",
    { Constraints: { EncryptionContextSubset: { tenant: "acme" } } },
  ],
  "CreateGrant kms:EncryptionContextKeys": [
    "tenant",
    { Constraints: { EncryptionContextEquals: { tenant: "acme" } } },
  ],
  "CreateKey kms:BypassPolicyLockoutSafetyCheck": ["false", {}],
  "PutKeyPolicy kms:BypassPolicyLockoutSafetyCheck": [
    "true",
    { BypassPolicyLockoutSafetyCheck: true },
  ],
  "EnableKeyRotation kms:RotationPeriodInDays": ["90", { RotationPeriodInDays: 90 }],
  "ScheduleKeyDeletion kms:ScheduleKeyDeletionPendingWindowInDays": [
    "8",
    { PendingWindowInDays: 8 },
  ],
  "ImportKeyMaterial kms:ValidTo": [
    "2026-12-01T00:00:00.000Z",
    { ExpirationModel: "KEY_MATERIAL_EXPIRES", ValidTo: new Date("2026-12-01T00:00:00Z") },
  ],
};

/** The operation that an action is asked for. */
const operationOf = (action: string): string => action.replace(/^ReEncrypt(From|To)$/, "ReEncrypt");

/** By an alias, where the condition is on it. */
function byAlias(action: string, input: More): More {
  if (action === "ReEncryptFrom") return { ...input, SourceKeyId: "alias/named" };
  if (action === "ReEncryptTo") return { ...input, DestinationKeyId: "alias/named" };
  return { ...input, KeyId: "alias/named" };
}

interface Row {
  readonly action: string;
  readonly key: string;
  readonly value?: string;
  readonly more: More;
}

function rows(): readonly Row[] {
  const found: Row[] = [];
  for (const { action: full, conditionKeys, resources } of actionsOf("kms")) {
    const action = full.slice(4);
    if (elsewhereActions.test(action)) continue;
    const keys = new Set(conditionKeys);
    const onKey = resources.some(({ type }) => type === "key");
    if (onKey) for (const key of Object.keys(ofKey)) keys.add(key);
    for (const key of keys) {
      if (!key.startsWith("kms:") || elsewhere.test(key)) continue;
      if (noSense.has(`${action} ${key}`)) continue;
      const [value, more = {}] = special[`${action} ${key}`] ?? [];
      const usual = value ?? ofCaller[key] ?? ofInput[key] ?? ofKey[key];
      found.push({ action, key, more, ...(usual !== undefined && { value: usual }) });
    }
  }
  return found;
}

const onAliases = (action: string) => ({
  Effect: "Allow",
  Action: `kms:${action}`,
  Resource: `arn:aws:kms:*:*:alias/*`,
});

const onKeyOnly = (operation: string) => operation !== "CreateKey";

test("each condition key that AWS lists for an action is filled, and decides", async (t) => {
  const all = rows();
  const unknown = all.filter(({ value }) => value === undefined);
  assert.deepEqual(unknown, [], "each has a row");
  assert.ok(all.length > 300, "an empty check must not pass");
  for (const action of new Set(all.map((row) => row.action))) {
    const kms = await startKms(t);
    const root = kms.as(kms.root());
    const operation = operationOf(action);
    for (const { key, value = "", more } of all.filter((row) => row.action === action)) {
      const title = `${action} ${key}`;
      // A wrapping key is for each, and they are given slowly.
      kms.clock.nowMs += 5_000;
      const named = key === "kms:EncryptionContext:" ? `${key}tenant` : key;
      const as = (wanted: string): As => {
        const name = `${wanted === value ? "right" : "wrong"}`;
        const Condition = { "ForAnyValue:StringEquals": { [named]: wanted } };
        const user = kms.user(name, undefined, acme, [
          { Effect: "Allow", NotAction: `kms:${action}`, Resource: "*" },
          { Effect: "Allow", Action: `kms:${action}`, Resource: "*", Condition },
          // What the key has, its alias has not.
          ...(ofKey[key] === undefined ? [] : [onAliases(action)]),
        ]);
        return kms.as(user, { via: service });
      };
      const { arn: made, input } = await prepare(root, operation);
      if (onKeyOnly(operation)) {
        await root("CreateAlias", { AliasName: "alias/named", TargetKeyId: made });
      }
      const whole = { ...input, ...more };
      const asked = key === "kms:RequestAlias" ? byAlias(action, whole) : whole;
      const expected = await specOf(root, made, key, value);
      await refuses(as("something else")(operation, asked), "AccessDeniedException");
      await as(expected)(operation, asked).catch((error) => {
        assert.ok(error instanceof ServiceError, String(error));
        // Allowed, whatever came of it then.
        assert.notEqual(error.code, "AccessDeniedException", `${title}: ${error.message}`);
      });
      for (const AliasName of ["alias/named", "alias/one"]) {
        await root("DeleteAlias", { AliasName }).catch(() => undefined);
      }
    }
  }
});

/** The value for a key of another kind than most. */
async function specOf(root: As, KeyId: string, key: string, value: string): Promise<string> {
  const member = /^kms:(KeySpec|KeyUsage|KeyOrigin)$/.exec(key)?.[1];
  if (member === undefined) return value;
  const { KeyMetadata } = await root<{ KeyMetadata: Record<string, string> }>("DescribeKey", {
    KeyId,
  });
  return KeyMetadata[member.replace("KeyOrigin", "Origin")] ?? value;
}
