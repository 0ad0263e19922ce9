import type {
  ReplicateKeyRequest,
  ReplicateKeyResponse,
  UpdatePrimaryRegionRequest,
} from "@aws-sdk/client-kms";
import type { AccessDemand } from "../../access/authorize.ts";
import { notFound } from "../../keys/find-key.ts";
import type { KeyStore } from "../../keys/key-store.ts";
import { defaultKeyPolicy, type KmsKey, keyArn, kindFacts } from "../../keys/kms-key.ts";
import { checkUsable } from "../../keys/use-key.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import {
  demandTarget,
  factsOf,
  findOwnKey,
  inAccount,
  type KeyTarget,
  type KmsCall,
  keyOf,
} from "./find-key.ts";
import { checkLockout, checkPolicy } from "./key-policy.ts";
import { metadataOf } from "./metadata.ts";
import { checkTags, requestTagFacts, tagsOf } from "./tag-rules.ts";

/** Makes a key in another Region that is related to a primary: it opens what that encrypts, and the other way. */
export const replicateKey = operation("ReplicateKey", {
  resolve: ({ KeyId }: Checked<ReplicateKeyRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "ReplicateKey"),
  context: ({ ReplicaRegion, BypassPolicyLockoutSafetyCheck }, { reference }, call) => ({
    ...factsOf(reference, call),
    "kms:replicaregion": ReplicaRegion,
    "kms:bypasspolicylockoutsafetycheck": String(BypassPolicyLockoutSafetyCheck ?? false),
  }),
  also(input, { reference }, call): readonly AccessDemand[] {
    const { ReplicaRegion: region, Tags, BypassPolicyLockoutSafetyCheck } = input;
    const { key } = reference;
    if (!key) return [];
    const target = inAccount(input, call);
    const context = {
      ...kindFacts(key.record),
      ...requestTagFacts(Tags),
      "kms:multiregionkeytype": "REPLICA",
      "kms:calleraccount": call.account,
      "kms:bypasspolicylockoutsafetycheck": String(BypassPolicyLockoutSafetyCheck ?? false),
    };
    const actions = ["kms:CreateKey", ...(Tags?.length ? ["kms:TagResource"] : [])];
    // Judged as if it were called there: who may make keys here only makes none elsewhere.
    return actions.map((action) => ({ action, target, region, context }));
  },

  async handle(target, input, call): Promise<ReplicateKeyResponse> {
    const { ReplicaRegion: region, Description: description = "", Tags } = input;
    const { own: keys, account } = call;
    const key = keyOf(target);
    checkPrimary(key, keys, "replicated");
    checkServed(region, keys);
    checkUsable(key);
    const policy = input.Policy ?? defaultKeyPolicy(account);
    checkPolicy(policy);
    if (input.Policy !== undefined && !input.BypassPolicyLockoutSafetyCheck) {
      checkLockout(policy, keyArn(region, account, key.record.id), { ...call, region });
    }
    const tags = tagsOf(Tags);
    checkTags(tags, Tags);
    const own = { policy, description, tags };
    const { key: made, there } = await keys.regions.related.replicate(key, region, own);
    const tagList = Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
    return {
      ReplicaKeyMetadata: {
        // A related key is in no custom key store.
        ...metadataOf(made, { region, customStores: keys.customStores, isReachable: () => true }),
        ...(!there && { KeyState: "Creating", Enabled: false }),
      },
      ReplicaPolicy: policy,
      ReplicaTags: tagList,
    };
  },

  responseElements: ({ ReplicaKeyMetadata: made, ReplicaPolicy }) => ({
    replicaKeyMetadata: {
      aWSAccountId: made?.AWSAccountId ?? null,
      keyId: made?.KeyId ?? null,
      arn: made?.Arn ?? null,
      description: made?.Description ?? null,
      keyState: made?.KeyState ?? null,
      keySpec: made?.KeySpec ?? null,
      keyUsage: made?.KeyUsage ?? null,
      multiRegion: true,
    },
    replicaPolicy: ReplicaPolicy ?? null,
  }),
});

/** A primary, and the replica that is to take its place. */
interface MoveTarget extends KeyTarget {
  /** As it is in its Region, which may be another Bondstore's; why it is not known, where it is not. */
  readonly replica: KmsKey | ServiceError | undefined;
}

/** Makes a replica the primary of the related keys, and the primary a replica. */
export const updatePrimaryRegion = operation("UpdatePrimaryRegion", {
  async resolve(
    { KeyId, PrimaryRegion }: Checked<UpdatePrimaryRegionRequest>,
    call: KmsCall,
  ): Promise<MoveTarget> {
    const target = findOwnKey(KeyId, call, "UpdatePrimaryRegion");
    const { key } = target.reference;
    return { ...target, replica: key && (await findReplica(key, PrimaryRegion, call)) };
  },
  context: ({ PrimaryRegion }, { reference }, call) => ({
    ...factsOf(reference, call),
    "kms:primaryregion": PrimaryRegion,
  }),
  /** The replica's own policy has a say as well. */
  also({ PrimaryRegion: region }, { reference, replica }, call): readonly AccessDemand[] {
    if (!replica || replica instanceof ServiceError || region === call.region) return [];
    const there = { account: reference.account, arn: replica.arn, key: replica };
    const place = { ...call, region };
    return [
      {
        action: "kms:UpdatePrimaryRegion",
        target: demandTarget(there, place, { operation: "UpdatePrimaryRegion" }),
        region,
        context: { ...factsOf(there, place), "kms:primaryregion": region },
      },
    ];
  },

  async handle(target, { PrimaryRegion: region }, { own: keys }): Promise<void> {
    const key = keyOf(target);
    const { replica } = target;
    checkPrimary(key, keys, "given another primary Region");
    checkServed(region, keys);
    checkUsable(key);
    if (region === keys.region) {
      throw new ServiceError("UnsupportedOperationException", `${key.arn} is the primary already.`);
    }
    if (replica instanceof ServiceError) throw replica;
    if (!replica) throw notFound({ arn: keyArn(region, key.account, key.record.id) });
    checkUsable(replica);
    await keys.regions.related.movePrimary(key, region);
  },
  responseElements: () => null,
});

/** The related key in a Region; undefined where there is none. What another Bondstore refuses to say is answered. */
async function findReplica(
  key: KmsKey,
  region: string,
  { own: { regions } }: KmsCall,
): Promise<KmsKey | ServiceError | undefined> {
  const { account, record } = key;
  const store = regions.find(region);
  if (store) return store.find(account, record.id);
  if (!record.multiRegion?.replicaRegions.includes(region)) return undefined;
  try {
    return await regions.elsewhere.look(region, key);
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
}

/** Some things are done to a multi-Region primary only, in its own Region. */
function checkPrimary({ arn, record }: KmsKey, { region }: KeyStore, what: string): void {
  const { multiRegion } = record;
  if (!multiRegion) {
    throw new ServiceError(
      "UnsupportedOperationException",
      `${arn} cannot be ${what}: it is not a multi-Region key.`,
    );
  }
  if (multiRegion.primaryRegion !== region) {
    throw new ServiceError(
      "UnsupportedOperationException",
      `${arn} cannot be ${what}: it is a replica, and its primary is in ${multiRegion.primaryRegion}.`,
    );
  }
}

function checkServed(region: string, { regions }: KeyStore): void {
  if (regions.find(region) || regions.elsewhere.peers.serving(region)) return;
  throw new ServiceError(
    "UnsupportedOperationException",
    `Region ${region} is not served by this Bondstore; its operator adds it with --also-region, or joins one that serves it.`,
  );
}
