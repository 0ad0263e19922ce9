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
import { demandTarget, factsOf, findOwnKey, inAccount, type KmsCall, keyOf } from "./find-key.ts";
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
    const made = await keys.regions.replicate(key, region, { policy, description, tags });
    const tagList = Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
    return {
      ReplicaKeyMetadata: metadataOf(made, keys.regions.at(region)),
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

/** Makes a replica the primary of the related keys, and the primary a replica. */
export const updatePrimaryRegion = operation("UpdatePrimaryRegion", {
  resolve: ({ KeyId }: Checked<UpdatePrimaryRegionRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "UpdatePrimaryRegion"),
  context: ({ PrimaryRegion }, { reference }, call) => ({
    ...factsOf(reference, call),
    "kms:primaryregion": PrimaryRegion,
  }),
  /** The replica's own policy has a say as well. */
  also({ PrimaryRegion: region }, { reference }, call): readonly AccessDemand[] {
    const { account, key } = reference;
    const replica = key && call.own.regions.find(region)?.find(account, key.record.id);
    if (!replica || region === call.region) return [];
    const there = { account, arn: replica.arn, key: replica };
    const place = { ...call, region, own: call.own.regions.at(region) };
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
    checkPrimary(key, keys, "given another primary Region");
    checkServed(region, keys);
    checkUsable(key);
    const { account, record } = key;
    if (region === keys.region) {
      throw new ServiceError("UnsupportedOperationException", `${key.arn} is the primary already.`);
    }
    const replica = keys.regions.at(region).find(account, record.id);
    if (!replica) throw notFound({ arn: keyArn(region, account, record.id) });
    checkUsable(replica);
    await keys.regions.movePrimary(key, region);
  },
  responseElements: () => null,
});

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
  if (regions.find(region)) return;
  throw new ServiceError(
    "UnsupportedOperationException",
    `Region ${region} is not served by this Bondstore; its operator adds it with --also-region.`,
  );
}
