import type { KeyRecord, KeyVersion } from "./key-record.ts";

/** What a key is made of; a symmetric one of our own, unless it says otherwise. */
export type NewKey = Pick<KeyRecord, "description" | "policy" | "tags" | "manager"> &
  Partial<
    Pick<KeyRecord, "spec" | "usage" | "origin" | "customKeyStore" | "externalKey" | "multiRegion">
  >;

/** Material of a version that is made: 32 random bytes, unless it says otherwise. */
export interface NewMaterial
  extends Partial<Pick<KeyVersion, "id" | "publicKey" | "pending" | "rotation" | "imported">> {
  readonly bytes?: Buffer | "in a token";
}

/** What a new key begins with. */
export interface FirstParts {
  readonly alias?: string;
  /** Its id, where it is not a UUID of its own. */
  readonly id?: string;
  /** `awaited`: it is imported later. */
  readonly material?: NewMaterial | "awaited";
}

/** The kind of a key that does not say which. */
export const symmetricKind = {
  spec: "SYMMETRIC_DEFAULT",
  usage: "ENCRYPT_DECRYPT",
  origin: "AWS_KMS",
} as const;
