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
import { generateMaterial } from "../../keys/algorithms/kinds.ts";
import type { KeyRecord } from "../../keys/key-record.ts";
import type { KeySpecName } from "../../keys/key-specs.ts";
import { checkState } from "../../keys/key-states.ts";
import type { KmsKey } from "../../keys/kms-key.ts";
import { defaultKeyPolicy, keyArn, kindFacts } from "../../keys/kms-key.ts";
import type { NewKey, NewMaterial } from "../../keys/new-key.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { createInStore, createWithExternal } from "./create-in-store.ts";
import {
  callerFacts,
  findAnyKey,
  findOwnKey,
  inAccount,
  type KmsCall,
  keyOf,
  plainFacts,
  unusedFacts,
} from "./find-key.ts";
import { checkLockout, checkPolicy } from "./key-policy.ts";
import { checkSpec, kindOf, metadataOf, notBuilt } from "./metadata.ts";
import { afterMarker, pageOf } from "./page.ts";
import { checkTags, requestTagFacts, tagsOf } from "./tag-rules.ts";

/** Makes a key of any spec in the caller's account. */
export const createKey = operation("CreateKey", {
  resolve: (input: Checked<CreateKeyRequest>, call: KmsCall) => {
    checkSpec(input);
    kindOf(input);
    return inAccount(input, call);
  },
  also: ({ Tags }, target) => (Tags?.length ? [{ action: "kms:TagResource", target }] : []),
  context: (input, target, call) => ({
    ...callerFacts(input, target, call),
    ...requestTagFacts(input.Tags),
    ...kindFacts({ ...kindOf(input), ...relatedOf(input, call.region), origin: originOf(input) }),
    "kms:multiregionkeytype": input.MultiRegion ? "PRIMARY" : undefined,
    "kms:bypasspolicylockoutsafetycheck": String(input.BypassPolicyLockoutSafetyCheck ?? false),
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
    const kind = { ...kindOf(input), ...relatedOf(input, keys.region) };
    const given = { description, policy, tags, manager: "CUSTOMER", ...kind } as const;
    const key = await makeKey(input, given, call);
    return { KeyMetadata: metadataOf(key, keys) };
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

/** A multi-Region key is the primary of related ones from the beginning. */
const relatedOf = (
  { MultiRegion }: Checked<CreateKeyRequest>,
  primaryRegion: string,
): Pick<KeyRecord, "multiRegion"> =>
  MultiRegion ? { multiRegion: { primaryRegion, replicaRegions: [] } } : {};

const originOf = ({ Origin = "AWS_KMS" }: Checked<CreateKeyRequest>) => Origin;

/** Makes the key with its material; one of the owner's comes later. */
async function makeKey(
  { Origin, CustomKeyStoreId, XksKeyId }: Checked<CreateKeyRequest>,
  given: NewKey & Pick<KeyRecord, "spec">,
  call: KmsCall,
): Promise<KmsKey> {
  const { own: keys, account } = call;
  const id = given.multiRegion && { id: `mrk-${keys.random.bytes(16).toString("hex")}` };
  if (Origin === "EXTERNAL_KEY_STORE") {
    return createWithExternal({ storeId: CustomKeyStoreId, externalKey: XksKeyId }, given, call);
  }
  if (Origin === "AWS_CLOUDHSM") return createInStore(CustomKeyStoreId, given, call);
  if (Origin === "EXTERNAL") {
    return keys.create(account, { ...given, origin: Origin }, { ...id, material: "awaited" });
  }
  const material = await makeMaterial(given.spec, call);
  return keys.create(account, given, { ...id, material });
}

async function makeMaterial(spec: KeySpecName, { own: keys }: KmsCall): Promise<NewMaterial> {
  const made = await generateMaterial(spec, keys.random);
  if (!made) throw notBuilt(`KeySpec ${spec}`);
  return made;
}

/** Tells what a key is and what state it is in. */
export const describeKey = operation("DescribeKey", {
  resolve: ({ KeyId, GrantTokens }: Checked<DescribeKeyRequest>, call: KmsCall) =>
    findAnyKey(KeyId, call, { operation: "DescribeKey", grantTokens: GrantTokens }),
  context: plainFacts,
  handle: (target, _input, { own: keys }): DescribeKeyResponse => ({
    KeyMetadata: metadataOf(keyOf(target), keys),
  }),
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
      checkState("EnableKey", key, record.state);
      return { ...record, state: "Enabled" };
    });
  },
});

/** Stops every use of a key, at once. */
export const disableKey = operation("DisableKey", {
  resolve: ({ KeyId }: Checked<DisableKeyRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "DisableKey"),
  context: unusedFacts,
  async handle(target, _input, { own: keys }): Promise<void> {
    const key = keyOf(target);
    await keys.change(key, (record) => {
      checkState("DisableKey", key, record.state);
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
      checkState("UpdateKeyDescription", key, record.state);
      return { ...record, description: Description };
    });
  },
});
