import type {
  CreateAliasRequest,
  DeleteAliasRequest,
  ListAliasesRequest,
  ListAliasesResponse,
  UpdateAliasRequest,
} from "@aws-sdk/client-kms";
import type { AccessDemand } from "../../access/authorize.ts";
import { type KeyReference, notFound } from "../../keys/find-key.ts";
import { checkState, type KeyOperation } from "../../keys/key-states.ts";
import { aliasArn, aliasTaken } from "../../keys/kms-key.ts";
import { assert } from "../../lib/assert.ts";
import { type Checked, operation, ServiceError, type Target } from "../../pipeline/operation.ts";
import {
  callerFacts,
  demandTarget,
  factsOf,
  inAccount,
  type KmsCall,
  referenceByIdOrArn,
} from "./find-key.ts";
import { afterMarker, pageOf } from "./page.ts";

const aliasesPerKeyMax = 50;

/** An alias, and the keys that it points at before and after. Who moves it must be allowed on all of them. */
interface AliasTarget extends Target {
  readonly name: string;
  readonly from?: KeyReference;
  readonly to?: KeyReference;
}

/** Names a key. */
export const createAlias = operation("CreateAlias", {
  resolve({ AliasName, TargetKeyId }: Checked<CreateAliasRequest>, call: KmsCall): AliasTarget {
    checkName(AliasName);
    return aliasTarget(AliasName, call, { to: referenceByIdOrArn(TargetKeyId, call) });
  },
  context: callerFacts,
  also: (_input, target, call) => demands("kms:CreateAlias", target, call),
  async handle({ name, to }, _input, { own: keys, account }): Promise<void> {
    assert(to?.key, "an alias is made for a key");
    checkTarget("CreateAlias", to);
    if (keys.aliases.find(account, name)) throw aliasTaken(keys.region, account, name);
    await keys.aliases.point(name, undefined, to.key);
  },
});

/** Points an alias at another key. */
export const updateAlias = operation("UpdateAlias", {
  resolve({ AliasName, TargetKeyId }: Checked<UpdateAliasRequest>, call: KmsCall): AliasTarget {
    checkName(AliasName);
    const from = findPointed(AliasName, call);
    return aliasTarget(AliasName, call, { from, to: referenceByIdOrArn(TargetKeyId, call) });
  },
  context: callerFacts,
  also: (_input, target, call) => demands("kms:UpdateAlias", target, call),
  async handle({ name, from, to }, _input, { own: keys }): Promise<void> {
    assert(to?.key, "an alias is pointed at a key");
    checkTarget("UpdateAlias", to);
    await keys.aliases.point(name, from?.key, to.key);
  },
});

/** Removes a name; the key stays. */
export const deleteAlias = operation("DeleteAlias", {
  resolve({ AliasName }: Checked<DeleteAliasRequest>, call: KmsCall): AliasTarget {
    checkName(AliasName);
    return aliasTarget(AliasName, call, { from: findPointed(AliasName, call) });
  },
  context: callerFacts,
  also: (_input, target, call) => demands("kms:DeleteAlias", target, call),
  async handle({ name, from }, _input, { own: keys }): Promise<void> {
    await keys.aliases.point(name, from?.key, undefined);
  },
});

/** Lists the aliases of the caller's account, or of one of its keys. */
export const listAliases = operation("ListAliases", {
  resolve: (input: Checked<ListAliasesRequest>, call: KmsCall) => inAccount(input, call),
  handle(_account, { KeyId, Limit = 50, Marker }, call): ListAliasesResponse {
    const { own: keys, account } = call;
    const only = KeyId === undefined ? undefined : referenceByIdOrArn(KeyId, call);
    if (only && (!only.key || only.account !== account)) throw notFound(only);
    const wanted = (id: string) => !only?.key || only.key.record.id === id;
    const found = keys.aliases.all(account, afterMarker(Marker));
    const { items, ...rest } = pageOf(
      filter(found, ([, { keyId }]) => wanted(keyId)),
      Limit,
      ([name]) => name,
    );
    return {
      Aliases: items.map(([name, { keyId, createdAtMs, updatedAtMs }]) => ({
        AliasName: name,
        AliasArn: aliasArn(keys.region, account, name),
        TargetKeyId: keyId,
        CreationDate: new Date(createdAtMs),
        LastUpdatedDate: new Date(updatedAtMs),
      })),
      ...rest,
    };
  },
});

function* filter<Item>(items: Iterable<Item>, wanted: (item: Item) => boolean): Iterable<Item> {
  for (const item of items) if (wanted(item)) yield item;
}

function aliasTarget(
  name: string,
  call: KmsCall,
  ends: Pick<AliasTarget, "from" | "to">,
): AliasTarget {
  const { own: keys, account } = call;
  const missing = [ends.from, ends.to].find((end) => end && !end.key);
  return {
    arn: aliasArn(keys.region, account, name),
    account,
    type: "AWS::KMS::Alias",
    name,
    ...ends,
    ...(missing && { absent: { refusal: notFound(missing) } }),
  };
}

function findPointed(name: string, { own: keys, account }: KmsCall): KeyReference {
  const pointer = keys.aliases.find(account, name);
  const key = pointer && keys.find(account, pointer.keyId);
  return key
    ? { account, arn: key.arn, key }
    : { account, arn: aliasArn(keys.region, account, name), key: undefined, alias: name };
}

function demands(action: string, target: AliasTarget, call: KmsCall): readonly AccessDemand[] {
  return [target.from, target.to]
    .filter((end) => end !== undefined)
    .map((end) => ({
      action,
      // Aliases stay within their account: to a stranger's key nothing leads, whatever its policy says.
      target:
        end.account === call.account
          ? demandTarget(end, call, { operation: action })
          : { arn: end.arn, account: end.account, authority: "resource" },
      context: factsOf(end, call),
    }));
}

function checkName(name: string): void {
  if (!/^alias\/[a-zA-Z0-9/_-]+$/.test(name)) {
    throw new ServiceError(
      "InvalidAliasNameException",
      `Invalid alias name ${name}: an alias begins with alias/, then letters, digits, /, _ or -`,
    );
  }
  if (name.startsWith("alias/aws/")) {
    throw new ServiceError(
      "InvalidAliasNameException",
      `Invalid alias name ${name}: alias/aws/ is reserved`,
    );
  }
}

function checkTarget(operation: KeyOperation, { key }: KeyReference): void {
  if (key) checkState(operation, key);
  if (key && key.record.aliases.length >= aliasesPerKeyMax) {
    throw new ServiceError(
      "LimitExceededException",
      `${key.arn} has the maximum number of aliases`,
    );
  }
}
