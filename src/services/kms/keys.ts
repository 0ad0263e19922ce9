import type {
  CreateKeyRequest,
  CreateKeyResponse,
  DescribeKeyRequest,
  DescribeKeyResponse,
  DisableKeyRequest,
  EnableKeyRequest,
  ListKeysRequest,
  ListKeysResponse,
  UpdateKeyDescriptionRequest,
} from "@aws-sdk/client-kms";
import { defaultKeyPolicy, keyArn } from "../../keys/kms-key.ts";
import { isPendingDeletion, pendingDeletion } from "../../keys/use-key.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { findAnyKey, findOwnKey, inAccount, type KmsCall, keyOf, plainFacts } from "./find-key.ts";
import { checkLockout, checkPolicy } from "./key-policy.ts";
import { checkSpec, metadataOf } from "./metadata.ts";
import { afterMarker, pageOf } from "./page.ts";
import { checkTags, requestTagFacts, tagsOf } from "./tag-rules.ts";

/** Makes a symmetric key in the caller's account. */
export const createKey = operation("CreateKey", {
  resolve: (input: Checked<CreateKeyRequest>, call: KmsCall) => {
    checkSpec(input);
    return inAccount(input, call);
  },
  also: ({ Tags }, target) => (Tags?.length ? [{ action: "kms:TagResource", target }] : []),
  context: ({ Tags, BypassPolicyLockoutSafetyCheck, MultiRegion }, _target, { principal }) => ({
    ...requestTagFacts(Tags),
    "kms:bypasspolicylockoutsafetycheck": String(BypassPolicyLockoutSafetyCheck ?? false),
    "kms:calleraccount": "account" in principal ? principal.account : undefined,
    "kms:keyorigin": "AWS_KMS",
    "kms:keyspec": "SYMMETRIC_DEFAULT",
    "kms:keyusage": "ENCRYPT_DECRYPT",
    "kms:multiregion": String(MultiRegion ?? false),
    "kms:multiregionkeytype": MultiRegion ? "PRIMARY" : undefined,
  }),

  async handle(_account, input, call): Promise<CreateKeyResponse> {
    const { account, own: keys } = call;
    const policy = input.Policy ?? defaultKeyPolicy(account);
    checkPolicy(policy);
    if (input.Policy !== undefined && !input.BypassPolicyLockoutSafetyCheck) {
      // The key has no name yet; a policy that names one resource other than `*` locks its maker out.
      checkLockout(policy, keyArn(keys.region, account, keys.random.uuid()), call);
    }
    const tags = tagsOf(input.Tags);
    checkTags(tags, input.Tags);
    const description = input.Description ?? "";
    const multiRegion = { primaryRegion: keys.region, replicaRegions: [] };
    const key = await keys.create(
      account,
      {
        ...{ description, policy, tags, manager: "CUSTOMER" },
        ...(input.MultiRegion && { multiRegion }),
      },
      input.MultiRegion ? { id: `mrk-${keys.random.bytes(16).toString("hex")}` } : {},
    );
    return { KeyMetadata: metadataOf(key) };
  },

  responseElements: ({ KeyMetadata: made }) => ({
    keyMetadata: {
      aWSAccountId: made?.AWSAccountId ?? null,
      keyId: made?.KeyId ?? null,
      arn: made?.Arn ?? null,
      description: made?.Description ?? null,
      keyState: made?.KeyState ?? null,
      keySpec: made?.KeySpec ?? null,
      keyUsage: made?.KeyUsage ?? null,
      multiRegion: made?.MultiRegion ?? false,
    },
  }),
});

/** Tells what a key is and what state it is in. */
export const describeKey = operation("DescribeKey", {
  resolve: ({ KeyId, GrantTokens }: Checked<DescribeKeyRequest>, call: KmsCall) =>
    findAnyKey(KeyId, call, { operation: "DescribeKey", grantTokens: GrantTokens }),
  context: plainFacts,
  handle: (target): DescribeKeyResponse => ({ KeyMetadata: metadataOf(keyOf(target)) }),
});

/** Lists the keys of the caller's account. */
export const listKeys = operation("ListKeys", {
  resolve: (input: Checked<ListKeysRequest>, call: KmsCall) => inAccount(input, call),
  handle(_account, { Limit = 100, Marker }, { account, own: keys }): ListKeysResponse {
    const { items, ...rest } = pageOf(keys.ids(account, afterMarker(Marker)), Limit, (id) => id);
    return {
      Keys: items.map((KeyId) => ({ KeyId, KeyArn: keyArn(keys.region, account, KeyId) })),
      ...rest,
    };
  },
});

/** Lets a key be used again. */
export const enableKey = operation("EnableKey", {
  resolve: ({ KeyId }: Checked<EnableKeyRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "EnableKey"),
  context: plainFacts,
  async handle(target, _input, { own: keys }): Promise<void> {
    const key = keyOf(target);
    await keys.change(key, (record) => {
      if (isPendingDeletion(record)) throw pendingDeletion(key);
      return { ...record, state: "Enabled" };
    });
  },
});

/** Stops every use of a key, at once. */
export const disableKey = operation("DisableKey", {
  resolve: ({ KeyId }: Checked<DisableKeyRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "DisableKey"),
  context: plainFacts,
  async handle(target, _input, { own: keys }): Promise<void> {
    const key = keyOf(target);
    await keys.change(key, (record) => {
      if (isPendingDeletion(record)) throw pendingDeletion(key);
      return { ...record, state: "Disabled" };
    });
  },
});

/** Changes the description that DescribeKey shows. */
export const updateKeyDescription = operation("UpdateKeyDescription", {
  resolve: ({ KeyId }: Checked<UpdateKeyDescriptionRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "UpdateKeyDescription"),
  context: plainFacts,
  async handle(target, { Description }, { own: keys }): Promise<void> {
    const key = keyOf(target);
    await keys.change(key, (record) => {
      if (isPendingDeletion(record)) throw pendingDeletion(key);
      return { ...record, description: Description };
    });
  },
});
