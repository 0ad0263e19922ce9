import type { Random } from "../lib/random.ts";
import type { Sealer, Store } from "../storage/store.ts";
import { decryptMessage, versionOf } from "./ciphertext.ts";
import { furtherRegionsOf, homeRegionOf } from "./kept-regions.ts";
import type { KeyPlace, KeyRecord, KeyVersion } from "./key-record.ts";
import { type KeyTables, keyTables } from "./key-tables.ts";
import type { Keyring } from "./keyring.ts";
import type { Context } from "./keys.ts";
import { keyArn } from "./kms-key.ts";
import { createMaterialWrapper } from "./materials.ts";
import { regionsOf, sharedText } from "./replica.ts";
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
  /**
   * Every key, version and alias of an account, in every Region: each material must open, each name lead somewhere,
   * and related keys of several Regions must agree.
   */
  check(account: string): { readonly keys: number; readonly problems: readonly KeyProblem[] };
  /** Whether there is a key of this ARN. */
  has(keyArn: string): boolean;
  /**
   * What opens data under a wrapped data key, or why there is nothing; undefined where the material is not kept here:
   * a token has it, or its owner has taken the import back.
   */
  open(wrapped: Uint8Array, context: Context): Sealer | string | undefined;
}

const arnForm = /^arn:aws:kms:([^:]*):(\d{12}):key\/(.+)$/;

/** A Region with what it keeps. */
interface Place {
  readonly region: string;
  readonly tables: KeyTables;
}

export function inspectKeys(parts: {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly vault: Vault;
  readonly random: Random;
}): KeyInspection {
  const { store } = parts;
  const wrapper = createMaterialWrapper(parts);
  const region = homeRegionOf(store) ?? "";
  const home: Place = { region, tables: keyTables(store, region, region) };
  const places: readonly Place[] = [
    home,
    ...furtherRegionsOf(store).map((name) => ({
      region: name,
      tables: keyTables(store, name, region),
    })),
  ];
  const namedIn = (place: Place) => (place === home ? "" : ` in ${place.region}`);
  const at = (name: string | undefined) => places.find((place) => place.region === name);

  function versionAt(
    { tables }: Place,
    { account, keyId }: KeyPlace,
    versionId: string,
  ): KeyVersion | undefined {
    const record = tables.keys(account).find([keyId]);
    return record?.versions.find(({ id }) => id === versionId);
  }

  function materialOf(
    { region }: Place,
    { account, keyId }: KeyPlace,
    version: KeyVersion,
  ): Buffer | undefined {
    const arn = keyArn(region, account, keyId);
    return wrapper.unwrap({ account, arn }, version);
  }

  function* problemsOf(place: Place, account: string, record: KeyRecord): Iterable<KeyProblem> {
    const where = `key ${record.id} of account ${account}${namedIn(place)}`;
    for (const version of record.versions) {
      const { id, wrapped } = version;
      const found = place.tables.versions.find([id]);
      if (found?.account !== account || found.keyId !== record.id) {
        yield { where, detail: `its material ${id} is not found by that name` };
      } else if (wrapped && !materialOf(place, found, version)) {
        yield { where, detail: `its material ${id} does not open` };
      }
    }
    for (const [name, detail] of disagreements(place, account, record)) {
      yield { where, detail: `its related key in ${name} ${detail}` };
    }
  }

  function* disagreements(
    place: Place,
    account: string,
    record: KeyRecord,
  ): Iterable<readonly [region: string, detail: string]> {
    const { multiRegion } = record;
    if (!multiRegion) return;
    for (const name of regionsOf(multiRegion)) {
      const there = at(name);
      // Another Bondstore's, which cannot be asked here.
      if (!there) continue;
      const related = there.tables.keys(account).find([record.id]);
      const heard =
        at(multiRegion.primaryRegion) || related?.multiRegion?.turn === multiRegion.turn;
      if (!related) yield [name, "is gone"];
      // Of a primary elsewhere each hears by itself.
      else if (!heard) continue;
      else if (sharedText(related) !== sharedText(record)) yield [name, "differs"];
    }
    if (!regionsOf(multiRegion).includes(place.region)) {
      yield [multiRegion.primaryRegion, "does not know it"];
    }
  }

  return {
    check(account) {
      const problems: KeyProblem[] = [];
      let keys = 0;
      for (const place of places) {
        for (const { value } of place.tables.keys(account).range()) {
          keys += 1;
          problems.push(...problemsOf(place, account, value));
        }
        for (const { key, value } of place.tables.aliases(account).range()) {
          if (place.tables.keys(account).find([value.keyId])) continue;
          const where = `${key[0]} of account ${account}${namedIn(place)}`;
          problems.push({ where, detail: `it points at key ${value.keyId}, which is gone` });
        }
      }
      return { keys, problems };
    },
    has(keyArn) {
      const [, name, account, id] = arnForm.exec(keyArn) ?? [];
      if (account === undefined || id === undefined) return false;
      return at(name)?.tables.keys(account).find([id]) !== undefined;
    },
    open(wrapped, context) {
      // Services use the keys of the home Region.
      const { versions } = home.tables;
      const versionId = versionOf(wrapped);
      if (versionId === undefined) return "its wrapped data key is not a ciphertext of this KMS";
      const place = versions.find([versionId]);
      if (!place) return `its wrapped data key names material ${versionId}, which is gone`;
      const version = versionAt(home, place, versionId);
      if (version && !version.wrapped) return undefined;
      const material = version && materialOf(home, place, version);
      if (!material) return `material ${versionId} of key ${place.keyId} does not open`;
      const key = decryptMessage(material, wrapped, context);
      if (key?.length !== 32) return `its wrapped data key does not open under key ${place.keyId}`;
      return createSealer(sealerId(wrapped), key, { oneProcess: true });
    },
  };
}
