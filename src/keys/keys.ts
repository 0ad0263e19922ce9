import type { Principal } from "../identity/principal.ts";
import type { Sealer } from "../storage/store.ts";
import type { VolumeKeys } from "./volume-keys.ts";

/** For whom a service uses a customer's key. */
export interface KeyUse {
  /** The caller on whose behalf, or the service itself. */
  readonly principal: Principal;
  /** Who must be allowed it besides: who has pointed the caller at what the key seals. */
  readonly pointedBy?: { readonly principal: Principal; readonly remedy: string };
  /** The service that asks, `s3.us-east-1.amazonaws.com`: becomes `kms:ViaService`. */
  readonly via: string;
  /** The account whose resource is sealed; receives the event. */
  readonly account: string;
  readonly sourceArn?: string;
  readonly sourceAccount?: string;
  /** Id of the request that causes it. */
  readonly requestId: string;
  readonly sourceIp: string;
  readonly userAgent: string;
}

/** Encryption context: bound to the ciphertext, in the trail in clear. */
export type Context = Readonly<Record<string, string>>;

/** A data key of a customer managed key: its sealer in memory, and its wrapped form to keep. */
export interface DataKey {
  readonly sealer: Sealer;
  /** A KMS ciphertext; names the key and the version that wrapped it. */
  readonly wrapped: Buffer;
  /** ARN of the key. */
  readonly keyArn: string;
}

/**
 * What other services ask of the key service. Each call is judged (key policy, grants, identity policies) and
 * recorded like the same call by a client. Refusals are `ServiceError` with KMS codes: `AccessDeniedException`,
 * `DisabledException`, `KMSInvalidStateException`, `NotFoundException`, `InvalidCiphertextException`.
 */
export interface Keys {
  /** GenerateDataKey. `keyId`: id, ARN, alias name or alias ARN. */
  dataKey(keyId: string, context: Context, use: KeyUse): Promise<DataKey>;
  /** Decrypt of a wrapped data key. */
  openDataKey(wrapped: Uint8Array, context: Context, use: KeyUse): Promise<Sealer>;
  /**
   * The data key that seals now for this account, service and context under a key: the last one while it may still
   * serve (five minutes, 2^20 seals, 64 GiB), or a new one. Each use is judged as GenerateDataKey; the trail has the
   * one that made it.
   */
  sharedDataKey(keyId: string, context: Context, use: KeyUse): Promise<DataKey>;
  /**
   * Decrypt of a data key that sealed much: it is kept for five minutes. Each use is judged; the trail has the one
   * that unwrapped it.
   */
  openSharedDataKey(wrapped: Uint8Array, context: Context, use: KeyUse): Promise<Sealer>;
  /** DescribeKey's facts, judged as kms:DescribeKey: resolves an alias to the ARN of its key. */
  describe(keyId: string, use: KeyUse): Promise<Described>;
  /** KeyMaterialId of what the key encrypts with now; undefined when there is no such key. For showing only. */
  newestMaterial(keyArn: string): string | undefined;
  /**
   * The permissions a service needs, tried with DryRun. Throws the first refusal. `grantee`: who would hold the grant
   * whose making is tried.
   */
  tryOut(
    keyArn: string,
    actions: readonly KeyAction[],
    context: Context,
    use: KeyUse,
    grantee?: string,
  ): Promise<void>;
  /** Learns of each change of a key, its policy or its grants, by its ARN; the answer ends that. */
  watch(changed: (keyArn: string) => void): () => void;
  /** Keys of volumes, and the grants that open them. */
  readonly volumes: VolumeKeys;
}

/** What is told of a key. */
export interface Described {
  readonly arn: string;
  /** `SYMMETRIC_DEFAULT`, `RSA_2048` … */
  readonly keySpec: string;
}

export type KeyAction =
  | "Decrypt"
  | "GenerateDataKey"
  | "GenerateDataKeyWithoutPlaintext"
  | "CreateGrant"
  | "DescribeKey";
