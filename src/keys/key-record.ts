/** A KMS key as its account's table keeps it; the table is sealed, the material wrapped besides. */
export interface KeyRecord {
  /** A UUID: the last part of the ARN. */
  readonly id: string;
  readonly createdAtMs: number;
  readonly description: string;
  readonly state: KeyState;
  /** `AWS`: made by a service for the account, such as `alias/aws/s3`. */
  readonly manager: "CUSTOMER" | "AWS";
  readonly policy: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Names that point here, `alias/orders`, sorted. */
  readonly aliases: readonly string[];
  /** Set while deletion is pending. */
  readonly deletion?: { readonly atMs: number; readonly windowDays: number };
  /** Set while rotation is automatic. */
  readonly rotation?: { readonly periodDays: number; readonly nextAtMs: number };
  /** Never empty; the newest last. Old ones stay, for what they encrypted. */
  readonly versions: readonly KeyVersion[];
}

export type KeyState = "Enabled" | "Disabled" | "PendingDeletion";

/** One material of a key. */
export interface KeyVersion {
  /** 64 hexadecimal digits; the API's KeyMaterialId, and what a ciphertext names. */
  readonly id: string;
  readonly createdAtMs: number;
  /** Absent for the first. */
  readonly rotation?: "AUTOMATIC" | "ON_DEMAND";
  /** Material under the account's root, bound to the ids of key and version. */
  readonly wrapped: Uint8Array;
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

/** When a key wants attention: its deletion, or its next rotation while it is enabled. */
export function dueAt({ state, deletion, rotation }: KeyRecord): number | undefined {
  if (state === "PendingDeletion") return deletion?.atMs;
  return state === "Enabled" ? rotation?.nextAtMs : undefined;
}
