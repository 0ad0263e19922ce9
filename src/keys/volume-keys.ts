import type { Writable } from "node:stream";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { ServiceError } from "../lib/service-error.ts";
import { Corruption } from "../storage/store.ts";
import { askerOf, grantAttempt, type Recorded } from "./attempt.ts";
import { findKey, type KeyReference } from "./find-key.ts";
import type { Grant } from "./key-record.ts";
import type { KeyStore } from "./key-store.ts";
import type { Keyring } from "./keyring.ts";
import type { Context, KeyAction, KeyUse } from "./keys.ts";
import { type KmsKey, rootArn } from "./kms-key.ts";
import { checkUsable, decryptUnder, encryptUnder, invalidCiphertext } from "./use-key.ts";

/** The key of a volume in clear, for the one program that mounts it. */
export interface VolumeKey {
  /** Writes it in hexadecimal digits and a line feed, ends the stream, and wipes it. Works once. */
  pour(into: Writable): void;
}

/** The key of a volume as it is kept. */
export interface SealedVolumeKey {
  readonly wrapped: Uint8Array;
  /** Absent: the account's own storage keys wrapped it. */
  readonly customer?: {
    readonly keyArn: string;
    /** KeyMaterialId of what wrapped it. */
    readonly materialId: string;
    /** The grant by which it is opened. */
    readonly grantId: string;
  };
}

/** A grant of a service that it has not given back. */
export interface LeftGrant {
  readonly keyArn: string;
  readonly grantId: string;
  /** The encryption context that it is for. */
  readonly context: Context;
}

interface Parts {
  readonly keys: KeyStore;
  readonly keyring: Pick<Keyring, "wrap" | "unwrap">;
  readonly clock: Clock;
  readonly random: Random;
  readonly recorded: Recorded;
  /** The key whose version made a ciphertext. */
  readonly keyOf: (ciphertext: Uint8Array) => KeyReference;
}

const keyBytes = 32;
const none = Buffer.alloc(0);

/**
 * Keys of encrypted volumes. A customer's key wraps one that is never shown (GenerateDataKeyWithoutPlaintext), and it
 * is opened by a grant that allows Decrypt alone, with a context that holds what the grant names.
 */
export class VolumeKeys {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A key under the account's own storage keys. */
  owned(account: string, context: Context): SealedVolumeKey {
    const { keyring, random } = this.#parts;
    const plain = random.bytes(keyBytes);
    const wrapped = keyring.wrap(account, plain, boundTo(context));
    plain.fill(0);
    return { wrapped };
  }

  /** GenerateDataKeyWithoutPlaintext. Rejects with KMS's refusals. */
  async generate(
    keyArn: string,
    context: Context,
    use: KeyUse,
  ): Promise<{ readonly wrapped: Buffer; readonly materialId: string }> {
    const { keys, random, recorded } = this.#parts;
    const plain = random.bytes(keyBytes);
    const parameters = { keySpec: "AES_256" };
    const { bytes, materialId = "" } = await recorded(
      () => findKey(keys, keyArn, use.account),
      { action: "GenerateDataKeyWithoutPlaintext", context, use, parameters },
      (key) =>
        encryptUnder(keys, key, plain, context, askerOf("GenerateDataKeyWithoutPlaintext", use)),
    ).finally(() => plain.fill(0));
    return { wrapped: bytes, materialId };
  }

  /** CreateGrant: `grantee` may do this with this context, `retiring` ends that. */
  async grant(
    keyArn: string,
    { grantee, retiring }: { readonly grantee: string; readonly retiring: string },
    context: Context,
    use: KeyUse,
    operations: readonly KeyAction[] = ["Decrypt"],
  ): Promise<string> {
    const { keys, random, clock, recorded } = this.#parts;
    const wanted = { grantee, retiring, operations, constraints: { subset: context } };
    const id = random.bytes(32).toString("hex");
    await recorded(
      () => findKey(keys, keyArn, use.account),
      { action: "CreateGrant", context, use, ...grantAttempt(wanted, use) },
      async (key) => {
        checkUsable(key);
        const { record } = key;
        const issuer = rootArn(use.account);
        const grant = { ...wanted, id, keyId: record.id, issuer, createdAtMs: clock.now() };
        await keys.grants.add(key, grant);
        return { bytes: none, shown: { grantId: id } };
      },
    );
    return id;
  }

  /** Decrypt, by the grant. Rejects with KMS's refusals, also where a policy would allow and the grant is gone. */
  async open(sealed: SealedVolumeKey, context: Context, use: KeyUse): Promise<VolumeKey> {
    const { keys, keyring, recorded, keyOf } = this.#parts;
    const { wrapped, customer } = sealed;
    if (!customer) {
      const plain = keyring.unwrap(use.account, wrapped, boundTo(context));
      if (!plain) throw new Corruption("the key of a volume is not what was wrapped");
      return volumeKey(plain);
    }
    const byGrant = (key: KmsKey): readonly Grant[] =>
      key.grants
        .allowing(use.principal, "Decrypt", context, use.sourceArn)
        .filter(({ id }) => id === customer.grantId);
    const { bytes } = await recorded(
      () => keyOf(wrapped),
      {
        ...{ action: "Decrypt", context, use, grants: byGrant },
        parameters: { encryptionAlgorithm: "SYMMETRIC_DEFAULT" },
      },
      (key) => {
        if (byGrant(key).length === 0) throw grantGone(customer.grantId, key);
        return decryptUnder(keys, key, wrapped, context, askerOf("Decrypt", use));
      },
    );
    if (bytes.length !== keyBytes) throw invalidCiphertext();
    return volumeKey(bytes);
  }

  /** RetireGrant, as the principal that the grant names for that. What is gone already is not missed. */
  async retire(keyArn: string, grantId: string, use: KeyUse): Promise<void> {
    const { keys, recorded } = this.#parts;
    const found = () => findKey(keys, keyArn, use.account);
    if (!found().key?.grants.find(grantId)) return;
    const ownGrant = (key: KmsKey): readonly Grant[] => {
      const grant = key.grants.find(grantId);
      const own = use.principal.kind === "service" && grant?.retiring === use.principal.name;
      return own ? [grant] : [];
    };
    await recorded(
      found,
      {
        ...{ action: "RetireGrant", context: {}, use, parameters: { grantId } },
        grants: ownGrant,
      },
      async (key) => {
        const grant = key.grants.find(grantId);
        if (grant) await keys.grants.remove(key, grant);
        return { bytes: none };
      },
    );
  }

  /** Grants for volumes that are this principal's to retire, of all accounts. */
  left({
    grantee,
    retiring,
  }: {
    readonly grantee: string;
    readonly retiring: string;
  }): LeftGrant[] {
    return [...this.#parts.keys.grants.retirable(retiring)]
      .filter(({ grant }) => grant.grantee === grantee)
      .map(({ key, grant }) => ({
        keyArn: key.arn,
        grantId: grant.id,
        context: grant.constraints?.subset ?? {},
      }));
  }
}

const boundTo = (context: Context): string => `volume key ${JSON.stringify(context)}`;

const grantGone = (grantId: string, { arn }: KmsKey) =>
  new ServiceError(
    "AccessDeniedException",
    `The grant ${grantId} of ${arn}, by which the running storage is opened, is retired or revoked.`,
  );

function volumeKey(plain: Buffer): VolumeKey {
  return {
    pour(into) {
      // Not as a string: those stay in memory until they are collected, and cannot be wiped.
      const digits = Buffer.from("0123456789abcdef");
      const line = Buffer.alloc(2 * plain.length + 1, "\n");
      plain.forEach((byte, at) => {
        digits.copy(line, 2 * at, byte >> 4, (byte >> 4) + 1);
        digits.copy(line, 2 * at + 1, byte & 15, (byte & 15) + 1);
      });
      plain.fill(0);
      into.end(line, () => line.fill(0));
    },
  };
}
