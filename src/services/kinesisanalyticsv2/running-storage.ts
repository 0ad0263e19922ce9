import { missingForVolumes, openVolume, type Volume } from "../../cells/volume.ts";
import type { KeyUse } from "../../keys/keys.ts";
import type { LeftGrant, SealedVolumeKey } from "../../keys/volume-keys.ts";
import { assert } from "../../lib/assert.ts";
import type { Parts } from "../../pipeline/call.ts";
import { encryptionContext, serviceUse } from "./encryption.ts";
import {
  type ApplicationRecord,
  type Encryption,
  infrastructureName,
  type Run,
  serviceName,
} from "./records.ts";
import type { Surroundings } from "./run-application.ts";

const gibi = 1024 ** 3;
/** Managed Flink's own: 50 GB of running storage for each KPU. */
const bytesPerKpu = 50 * gibi;

const principals = { grantee: infrastructureName, retiring: serviceName };

type Account = Pick<Surroundings, "parts" | "account">;

/**
 * Makes the key of a run's running storage. Under a customer's key the operator makes the grant by which it is
 * opened, so whoever starts an application must be allowed to. Rejects with KMS's refusals.
 */
export async function newStorageKey(
  { encryption, arn }: Pick<ApplicationRecord, "encryption" | "arn">,
  operator: KeyUse,
  { parts, account }: Account,
): Promise<SealedVolumeKey> {
  const context = encryptionContext(arn);
  const { volumes } = parts.keys;
  if (encryption.type === "AWS_OWNED_KEY") return volumes.owned(account, context);
  const { keyArn } = encryption;
  const service = serviceUse(infrastructureName, arn, account, parts);
  const { wrapped, materialId } = await volumes.generate(keyArn, context, service);
  const grantId = await volumes.grant(keyArn, principals, context, operator);
  return { wrapped, customer: { keyArn, materialId, grantId } };
}

/**
 * Mounts the running storage of a cell, by the grant of its run. Undefined where this host cannot and that was
 * accepted.
 */
export async function openStorage(
  { arn, flink, id, current }: ApplicationRecord,
  { parts, account, engines }: Surroundings,
): Promise<Volume | undefined> {
  const use = serviceUse(infrastructureName, arn, account, parts);
  const { parallelism, perKpu } = flink.parallelism;
  assert(current?.storage, "a run has its key before it has a cell");
  const key = await parts.keys.volumes.open(current.storage, encryptionContext(arn), use);
  if (engines.unconfined === "accept" && missingForVolumes() !== undefined) return undefined;
  return openVolume({
    id: `volume-${id}`,
    mountsIn: engines.runDirectory,
    storedIn: engines.volumeDirectory,
    key,
    random: parts.random,
    bytesMax: bytesPerKpu * Math.ceil(parallelism / perKpu),
  });
}

/** Gives back the grant of a run that is over. */
export async function retireStorage(
  arn: string,
  run: Pick<Run, "storage"> | undefined,
  around: Account,
): Promise<void> {
  const customer = run?.storage?.customer;
  if (customer) await retireGrant(arn, customer, around);
}

export function retireGrant(
  arn: string,
  { keyArn, grantId }: Pick<LeftGrant, "keyArn" | "grantId">,
  { parts, account }: Account,
): Promise<void> {
  const use = serviceUse(serviceName, arn, account, parts);
  return parts.keys.volumes.retire(keyArn, grantId, use);
}

/** Grants that a Bondstore that was killed has left, unless a run that goes on needs them. */
export function leftGrants({ keys }: Parts) {
  const name = Object.keys(encryptionContext(""))[0] ?? "";
  return keys.volumes.left(principals).flatMap(({ context, ...grant }) => {
    const arn = context[name] ?? "";
    const account = /^arn:aws:kinesisanalytics:[a-z0-9-]+:(\d{12}):application\//.exec(arn)?.[1];
    return account === undefined ? [] : [{ ...grant, arn, account }];
  });
}

/** The grants that an application's runs need. */
export function neededGrants(record: ApplicationRecord): readonly string[] {
  if (record.status === "READY") return [];
  return [record.current, record.pending].flatMap((run) => {
    const id = run?.storage?.customer?.grantId;
    return id === undefined ? [] : [id];
  });
}

/** Whether the running storage of one must be another than that of the other. */
export const differs = (one: Encryption, other: Encryption): boolean => keyOf(one) !== keyOf(other);

const keyOf = (encryption: Encryption): string | undefined =>
  encryption.type === "AWS_OWNED_KEY" ? undefined : encryption.keyArn;
