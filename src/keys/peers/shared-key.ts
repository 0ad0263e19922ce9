import type { Random } from "../../lib/random.ts";
import { ServiceError } from "../../lib/service-error.ts";
import { Corruption } from "../../storage/store.ts";
import type { MadeMaterial } from "../algorithms/kind.ts";
import { kindOfSpec } from "../algorithms/kinds.ts";
import { importedForm, isImportable } from "../imported-forms.ts";
import type { KeyRecord, KeyVersion, MultiRegion } from "../key-record.ts";
import { type KeySpecName, type KeyUsage, keySpecs, specOf } from "../key-specs.ts";
import type { MaterialPlace, MaterialWrapper } from "../materials.ts";
import type { ReplicaParts } from "../replica.ts";
import { deriveKey, unwrapUnder, wrapUnder } from "../wrapping.ts";
import { regionForm } from "./agreements.ts";
import {
  bytesIn,
  ifThere,
  listIn,
  type Members,
  membersOf,
  numberIn,
  textIn,
  textsIn,
  timeIn,
  wordIn,
} from "./forms.ts";
import type { Peer } from "./peer.ts";

/** What related keys have in common, as it came from a peer. */
export interface SharedKey
  extends Pick<KeyRecord, "id" | "spec" | "usage" | "origin" | "rotation" | "importSecret"> {
  readonly multiRegion: MultiRegion & { readonly turn: number };
  readonly versions: readonly SharedVersion[];
}

/** A version, and its material under the peer's key; imported material does not travel. */
export interface SharedVersion
  extends Pick<KeyVersion, "id" | "createdAtMs" | "rotation" | "pending"> {
  readonly sealed?: Buffer;
}

const origins = ["AWS_KMS", "EXTERNAL"] as const;
const usages: readonly KeyUsage[] = [
  "ENCRYPT_DECRYPT",
  "SIGN_VERIFY",
  "GENERATE_VERIFY_MAC",
  "KEY_AGREEMENT",
  "ENCAPSULATE_DECAPSULATE",
];
const specs = Object.keys(keySpecs) as readonly KeySpecName[];
const replicasMax = 100;
const versionsMax = 1_000;
const tagsMax = 50;
export const keyIdForm = /^mrk-[0-9a-f]{32}$/;
export const accountForm = /^\d{12}$/;
const versionForm = /^[0-9a-f]{64}$/;
/** Of the largest kinds of key, with room to spare. */
const sealedBytesMax = 16_384;
const importSecretBytes = 32;
const periodDays = [90, 2560] as const;

const keyOf = ({ id, secret }: Peer) => deriveKey(secret, Buffer.from(id), "materials of peers");
const bound = (account: string, keyId: string, versionId: string) =>
  `material of ${account} ${keyId} ${versionId}`;

/** The common part of a key, for one peer: its materials are opened and sealed anew, and never in the text. */
export function writeShared(
  record: KeyRecord & { readonly multiRegion: MultiRegion },
  place: MaterialPlace,
  peer: Peer,
  { wrapper, random }: { readonly wrapper: MaterialWrapper; readonly random: Random },
): Members {
  const { id, spec, usage, origin, rotation, importSecret } = record;
  const { primaryRegion, replicaRegions, turn = 0 } = record.multiRegion;
  return {
    ...{ id, spec, usage, origin, primaryRegion, replicaRegions, turn },
    ...(rotation && { rotation }),
    ...(importSecret && { importSecret: Buffer.from(importSecret).toString("base64") }),
    versions: record.versions.map((version) => ({
      ...{ id: version.id, createdAtMs: version.createdAtMs },
      ...(version.rotation && { rotation: version.rotation }),
      ...(version.pending && { pending: true }),
      // Its owner imports it into each Region: it never travels.
      ...(origin !== "EXTERNAL" && { sealed: sealed(version).toString("base64") }),
    })),
  };

  function sealed(version: KeyVersion): Buffer {
    const material = wrapper.unwrap(place, version);
    if (!material) throw new Corruption(`material ${version.id} of ${place.arn}`);
    try {
      return wrapUnder(keyOf(peer), material, bound(place.account, id, version.id), random);
    } finally {
      material.fill(0);
    }
  }
}

/** Reads what `writeShared` has made. Throws `ValidationException`. */
export function readShared(value: unknown): SharedKey {
  const members = membersOf(value, "key");
  const spec = wordIn(members, "spec", specs);
  const usage = wordIn(members, "usage", usages);
  if (!specOf(spec).usages[usage]) throw invalid(`a key of spec ${spec} is not for ${usage}`);
  const origin = wordIn(members, "origin", origins);
  const rotates = spec === "SYMMETRIC_DEFAULT";
  const byItself = rotates && origin === "AWS_KMS";
  const rotation = byItself ? ifThere(members, "rotation", rotationIn) : undefined;
  const importSecret = ifThere(members, "importSecret", (from, name) =>
    bytesIn(from, name, importSecretBytes, importSecretBytes),
  );
  const multiRegion = multiRegionIn(members);
  const versions = listIn(members, "versions", rotates ? versionsMax : 1).map(readVersion);
  const [current, ...later] = [...versions].reverse();
  const encrypts = [current, ...later].some((version) => version && !version.pending);
  if (later.some(({ pending }) => pending) || !encrypts) {
    throw invalid("the versions of the key do not follow each other");
  }
  return {
    id: textIn(members, "id", keyIdForm),
    ...{ spec, usage, origin, multiRegion, versions },
    ...(rotation && { rotation }),
    ...(importSecret && { importSecret }),
  };
}

function multiRegionIn(members: Members): SharedKey["multiRegion"] {
  const primaryRegion = textIn(members, "primaryRegion", regionForm);
  const replicaRegions = textsIn(members, "replicaRegions", regionForm, replicasMax);
  if (replicaRegions.includes(primaryRegion)) throw invalid("a primary is not its own replica");
  return { primaryRegion, replicaRegions, turn: numberIn(members, "turn") };
}

function rotationIn(members: Members, name: string): NonNullable<KeyRecord["rotation"]> {
  const rotation = membersOf(members[name], name);
  const days = numberIn(rotation, "periodDays", periodDays[1]);
  if (days < periodDays[0]) throw invalid("the period of the rotation is too short");
  return { periodDays: days, nextAtMs: timeIn(rotation, "nextAtMs") };
}

function readVersion(value: unknown): SharedVersion {
  const members = membersOf(value, "versions");
  const rotations = ["AUTOMATIC", "ON_DEMAND"] as const;
  const rotation = ifThere(members, "rotation", (from, name) => wordIn(from, name, rotations));
  const sealed = ifThere(members, "sealed", (from, name) => bytesIn(from, name, sealedBytesMax));
  return {
    id: textIn(members, "id", versionForm),
    createdAtMs: timeIn(members, "createdAtMs"),
    ...(rotation && { rotation }),
    ...(members["pending"] === true && { pending: true }),
    ...(sealed && { sealed }),
  };
}

/**
 * The material of a version that a peer has sent, for use at once. Its public key is made of it: what the peer says of
 * that does not count. Throws `ValidationException`.
 */
export function materialOf(
  version: SharedVersion & { readonly sealed: Buffer },
  { id, spec }: Pick<SharedKey, "id" | "spec">,
  account: string,
  peer: Peer,
): MadeMaterial {
  const plain = unwrapUnder(keyOf(peer), version.sealed, bound(account, id, version.id));
  const remake = isImportable(spec) ? importedForm : kindOfSpec(spec).remake;
  const material = plain && remake?.(spec, plain);
  plain?.fill(0);
  if (!material) throw invalid(`material ${version.id} of ${id} is none of a key of spec ${spec}`);
  return material;
}

const invalid = (message: string) => new ServiceError("ValidationException", message);

const states = [
  "Enabled",
  "Disabled",
  "PendingDeletion",
  "PendingImport",
  "PendingReplicaDeletion",
  "Updating",
] as const;

/** Reads what a peer says of a replica there. */
export const readLook = (
  answer: Members,
): Pick<KeyRecord, "state" | "policy" | "tags" | "description" | "createdAtMs"> => ({
  ...readOwn(answer),
  state: wordIn(answer, "state", states),
  createdAtMs: timeIn(answer, "createdAtMs"),
});

/** Reads which materials a peer says that a key has there. */
export const readMaterials = (answer: Members): readonly string[] =>
  textsIn(answer, "materials", versionForm, versionsMax);

/** Reads what a replica has of its own. */
export function readOwn(own: Members): ReplicaParts {
  const tags = membersOf(own["tags"], "tags");
  return {
    policy: textIn(own, "policy", /^.{0,32768}$/s),
    description: textIn(own, "description", /^.{0,8192}$/s),
    tags: Object.fromEntries(
      textsIn({ tags: Object.keys(tags) }, "tags", /^.{1,128}$/s, tagsMax).map((key) => [
        key,
        textIn(tags, key, /^.{0,256}$/s),
      ]),
    ),
  };
}
