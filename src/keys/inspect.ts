import type { Random } from "../lib/random.ts";
import type { Sealer, Store } from "../storage/store.ts";
import { decryptMessage, versionOf } from "./ciphertext.ts";
import type { AliasRecord, KeyPlace, KeyRecord, KeyVersion } from "./key-record.ts";
import type { Keyring } from "./keyring.ts";
import type { Context } from "./keys.ts";
import { keyArn } from "./kms-key.ts";
import { createMaterialWrapper } from "./materials.ts";
import { createSealer, sealerId } from "./sealer.ts";
import type { Vault } from "./vault.ts";

/** Something about keys that is not as it should be. */
export interface KeyProblem {
  readonly where: string;
  readonly detail: string;
}

/**
 * Looks at the keys of a directory that may not be served: for `verify`, which has the root of trust at hand and
 * shows nothing that it opens. Nobody is asked, nothing is recorded, and no plaintext key leaves.
 */
export interface KeyInspection {
  /** Every key, version and alias of an account: each material must open, each name lead somewhere. */
  check(account: string): { readonly keys: number; readonly problems: readonly KeyProblem[] };
  /** Whether there is a key of this ARN. */
  has(keyArn: string): boolean;
  /**
   * What opens data under a wrapped data key, or why there is nothing; undefined where the material is not kept here:
   * a token has it, or its owner has taken the import back.
   */
  open(wrapped: Uint8Array, context: Context): Sealer | string | undefined;
}

const arnForm = /^arn:aws:kms:[^:]*:(\d{12}):key\/(.+)$/;

export function inspectKeys(parts: {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly vault: Vault;
  readonly random: Random;
}): KeyInspection {
  const { store } = parts;
  const wrapper = createMaterialWrapper(parts);
  const region = store.system.table<string>("settings").find(["region"]) ?? "";
  const versions = store.system.table<KeyPlace>("kms.versions");
  const keysOf = (account: string) => store.account(account).table<KeyRecord>("kms.keys");

  function versionAt({ account, keyId }: KeyPlace, versionId: string): KeyVersion | undefined {
    return keysOf(account)
      .find([keyId])
      ?.versions.find(({ id }) => id === versionId);
  }

  function materialOf(place: KeyPlace, version: KeyVersion): Buffer | undefined {
    const arn = keyArn(region, place.account, place.keyId);
    return wrapper.unwrap({ account: place.account, arn }, version);
  }

  function* problemsOf(account: string, record: KeyRecord): Iterable<KeyProblem> {
    const where = `key ${record.id} of account ${account}`;
    for (const version of record.versions) {
      const { id, wrapped } = version;
      const place = versions.find([id]);
      if (place?.account !== account || place.keyId !== record.id) {
        yield { where, detail: `its material ${id} is not found by that name` };
      } else if (wrapped && !materialOf(place, version)) {
        yield { where, detail: `its material ${id} does not open` };
      }
    }
  }

  return {
    check(account) {
      const problems: KeyProblem[] = [];
      let keys = 0;
      for (const { value } of keysOf(account).range()) {
        keys += 1;
        problems.push(...problemsOf(account, value));
      }
      const aliases = store.account(account).table<AliasRecord>("kms.aliases");
      for (const { key, value } of aliases.range()) {
        if (keysOf(account).find([value.keyId])) continue;
        const where = `${key[0]} of account ${account}`;
        problems.push({ where, detail: `it points at key ${value.keyId}, which is gone` });
      }
      return { keys, problems };
    },
    has(keyArn) {
      const [, account, id] = arnForm.exec(keyArn) ?? [];
      return account !== undefined && id !== undefined && keysOf(account).find([id]) !== undefined;
    },
    open(wrapped, context) {
      const versionId = versionOf(wrapped);
      if (versionId === undefined) return "its wrapped data key is not a ciphertext of this KMS";
      const place = versions.find([versionId]);
      if (!place) return `its wrapped data key names material ${versionId}, which is gone`;
      const version = versionAt(place, versionId);
      if (version && !version.wrapped) return undefined;
      const material = version && materialOf(place, version);
      if (!material) return `material ${versionId} of key ${place.keyId} does not open`;
      const key = decryptMessage(material, wrapped, context);
      if (key?.length !== 32) return `its wrapped data key does not open under key ${place.keyId}`;
      return createSealer(sealerId(wrapped), key, { oneProcess: true });
    },
  };
}
