import type { KeySpecName, KeyUsage } from "./key-specs.ts";

/** A KMS key as its account's table keeps it; the table is sealed, the material wrapped besides. */
export interface KeyRecord {
  /** A UUID, or `mrk-` and 32 hexadecimal digits for a multi-Region key: the last part of the ARN. */
  readonly id: string;
  readonly createdAtMs: number;
  readonly description: string;
  readonly state: KeyState;
  readonly spec: KeySpecName;
  readonly usage: KeyUsage;
  /** Where the material comes from: made here, imported by the owner, or inside a custom key store's token. */
  readonly origin: KeyOrigin;
  /** Names imported materials, so that the same one is known again: their ids are HMACs under it. */
  readonly importSecret?: Uint8Array;
  /** Id of the custom key store: its token holds the material, or its proxy has the external key. */
  readonly customKeyStore?: string;
  /** Id of the key of the owner's, outside, that encrypts again what this one encrypts. */
  readonly externalKey?: string;
  readonly multiRegion?: MultiRegion;
  /** `AWS`: made by a service for the account, such as `alias/aws/s3`. */
  readonly manager: "CUSTOMER" | "AWS";
  readonly policy: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Names that point here, `alias/orders`, sorted. */
  readonly aliases: readonly string[];
  /** Set while deletion is pending. */
  readonly deletion?: { readonly atMs: number; readonly windowDays: number };
  /** The waiting period in days that begins when the last replica is gone; set in `PendingReplicaDeletion`. */
  readonly deletionWaitsDays?: number;
  /** Set while rotation is automatic. */
  readonly rotation?: { readonly periodDays: number; readonly nextAtMs: number };
  /** The newest last; empty only while the first import is waited for. Old ones stay, for what they encrypted. */
  readonly versions: readonly KeyVersion[];
}

/** KMS Developer Guide, "Key states of KMS keys". `Unavailable` is not stored: it follows from the key store. */
export type KeyState =
  | "Enabled"
  | "Disabled"
  | "PendingDeletion"
  | "PendingImport"
  | "PendingReplicaDeletion"
  | "Updating";

export type KeyOrigin = "AWS_KMS" | "EXTERNAL" | "AWS_CLOUDHSM" | "EXTERNAL_KEY_STORE";

/** The related keys of a multi-Region key; each of them has this, and they agree. */
export interface MultiRegion {
  readonly primaryRegion: string;
  readonly replicaRegions: readonly string[];
  /** Grows with each change of what related keys share: of two versions of that, the later one counts. */
  readonly turn?: number;
}

/** One material of a key. */
export interface KeyVersion {
  /** 64 hexadecimal digits; the API's KeyMaterialId, and what a ciphertext names. */
  readonly id: string;
  /** When it began to encrypt; for imported material that never did, when it was imported first. */
  readonly createdAtMs: number;
  /** Absent for the first. */
  readonly rotation?: "AUTOMATIC" | "ON_DEMAND";
  /**
   * Material under the account's root and the vault's secret of the key, bound to the ids of key and version. Absent
   * where a token holds it, and for imported material that has expired or was deleted.
   */
  readonly wrapped?: Uint8Array;
  /** SubjectPublicKeyInfo (DER) of an asymmetric key. */
  readonly publicKey?: Uint8Array;
  /** What was said of it when it was imported. */
  readonly imported?: { readonly description?: string; readonly validToMs?: number };
  /**
   * For the next rotation: it has encrypted nothing yet. It was imported, or is on its way to other Bondstores. At most
   * one, the last.
   */
  readonly pending?: true;
}

export interface AliasRecord {
  readonly keyId: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** A grant as its key's account keeps it. */
export interface Grant {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly keyId: string;
  readonly name?: string;
  readonly grantee: string;
  /** Unique id of the user or role that had this ARN then: one made later under its name is somebody else. */
  readonly granteeId?: string;
  readonly retiring?: string;
  /** ARN of the root of the account that made it. */
  readonly issuer: string;
  readonly operations: readonly string[];
  readonly constraints?: GrantConstraints;
  readonly createdAtMs: number;
}

/** What an encryption context must be, or must hold, and for what a service principal must act. */
export interface GrantConstraints {
  readonly equals?: Readonly<Record<string, string>>;
  readonly subset?: Readonly<Record<string, string>>;
  readonly sourceArn?: string;
}

/** Where something stands that is looked for across accounts. */
export interface KeyPlace {
  readonly account: string;
  readonly keyId: string;
}

/** Whether a key of a Region follows a primary elsewhere. */
export const isReplica = (
  { multiRegion }: Pick<KeyRecord, "multiRegion">,
  region: string,
): boolean => multiRegion !== undefined && multiRegion.primaryRegion !== region;

/** Whether imported material has reached its end; it is used no more, also while it is not wiped yet. */
export const isExpired = ({ wrapped, imported }: KeyVersion, nowMs: number): boolean =>
  wrapped !== undefined && imported?.validToMs !== undefined && imported.validToMs <= nowMs;

/** Whether material is there, to be used or to be rotated to. */
export const isThere = (version: KeyVersion, nowMs: number): boolean =>
  version.wrapped !== undefined && !isExpired(version, nowMs);

/** Whether all that a key has ever encrypted with is there; while it is not, the key waits for an import. */
export const isComplete = ({ versions }: Pick<KeyRecord, "versions">, nowMs: number): boolean =>
  versions.length > 0 && versions.every((version) => version.pending || isThere(version, nowMs));

/** A record as it counts now: a key whose imported material has just expired waits for an import. */
export function asOf(record: KeyRecord, nowMs: number): KeyRecord {
  if (record.origin !== "EXTERNAL") return record;
  const usable = record.state === "Enabled" || record.state === "Disabled";
  if (!usable || isComplete(record, nowMs)) return record;
  return { ...record, state: "PendingImport" };
}

/**
 * When a key wants attention in its Region: its deletion, its next rotation while it is enabled, or the end of an
 * import. A replica is not rotated: it follows its primary.
 */
export function dueAt(record: KeyRecord, region: string): number | undefined {
  const { state, deletion, rotation, versions } = record;
  const times = versions.flatMap(({ wrapped, imported }) =>
    wrapped && imported?.validToMs !== undefined ? [imported.validToMs] : [],
  );
  if (state === "PendingDeletion" && deletion) times.push(deletion.atMs);
  if (state === "Enabled" && rotation && !isReplica(record, region)) times.push(rotation.nextAtMs);
  return times.length === 0 ? undefined : Math.min(...times);
}
