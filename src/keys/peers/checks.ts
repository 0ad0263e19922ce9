import { ServiceError } from "../../lib/service-error.ts";
import { compilePolicy } from "../../policy/policy.ts";
import type { MadeMaterial } from "../algorithms/kind.ts";
import { isThere, type KeyRecord } from "../key-record.ts";
import type { KeyStore } from "../key-store.ts";
import type { ReplicaParts } from "../replica.ts";
import { type Members, textIn } from "./forms.ts";
import type { Peer } from "./peer.ts";
import { accountForm, materialOf, type SharedKey, type SharedVersion } from "./shared-key.ts";

/* What is asked of everything that a peer tells; each throws a refusal. */

/** The account that a message is about, if the peer may speak of it. */
export function accountOf(peer: Peer, message: Members): string {
  const account = textIn(message, "account", accountForm);
  if (peer.accounts.includes(account)) return account;
  throw new ServiceError(
    "UnsupportedOperationException",
    `the Bondstores were not joined for account ${account}`,
  );
}

export function checkSpeaksFor(region: string, { regions }: Peer, arn: string): void {
  if (regions.includes(region)) return;
  throw new ServiceError("AccessDeniedException", `the peer has no say about ${arn}`);
}

/**
 * Whether what a peer tells is known: it was told before, or the peer says who the primary is after it has given it
 * away. Nothing else of what it says counts then.
 */
export function isKnown({ multiRegion }: KeyRecord, told: SharedKey, { regions }: Peer): boolean {
  if (!multiRegion) return false;
  const { primaryRegion, turn } = told.multiRegion;
  if (multiRegion.primaryRegion !== primaryRegion) return false;
  return !regions.includes(primaryRegion) || (multiRegion.turn ?? 0) === turn;
}

/** Whether a key here is the one that is told of, and this is news of it. */
export function checkFollows(before: KeyRecord, told: SharedKey, arn: string): void {
  const kinds = ["spec", "usage", "origin"] as const;
  if (kinds.some((kind) => before[kind] !== told[kind])) throw alreadyExists(arn);
  if ((before.multiRegion?.turn ?? 0) >= told.multiRegion.turn) {
    throw new ServiceError("ConflictException", `${arn} has later news already`);
  }
  // What has encrypted stays so, and stays in its place: an older material does not encrypt again.
  const lost = before.versions.find(({ id, pending }, at) => {
    const version = told.versions[at];
    return !pending && (version?.id !== id || version.pending);
  });
  if (lost) throw invalid(`${arn} would lose its material ${lost.id}, or go back behind it`);
}

/**
 * What a replica takes of news that say that imported material encrypts which is not imported here: its name, so that
 * its owner can import it. Undefined for other news. Who has never had a material could never bring it back.
 */
export function heldBack(before: KeyRecord, told: SharedKey, nowMs: number): SharedKey | undefined {
  if (told.origin !== "EXTERNAL") return undefined;
  const at = told.versions.findIndex(({ id, pending }) => {
    const known = before.versions.find((version) => version.id === id);
    return !pending && (!known || (known.pending && !isThere(known, nowMs)));
  });
  const version = told.versions[at];
  if (!version) return undefined;
  const { turn = 0, ...multiRegion } = before.multiRegion ?? told.multiRegion;
  const versions = [...told.versions.slice(0, at), { ...version, pending: true as const }];
  return { ...told, multiRegion: { ...multiRegion, turn }, versions };
}

/** Whether a replica can be made of what is told. */
export function checkBegins(
  { multiRegion }: SharedKey,
  own: ReplicaParts | undefined,
  peer: Peer,
  arn: string,
): void {
  if (!own) throw new ServiceError("NotFoundException", `Key '${arn}' does not exist`);
  checkSpeaksFor(multiRegion.primaryRegion, peer, arn);
}

/** The material of a version; undefined for a key whose owner brings it into each Region. */
export function openMaterial(
  { sealed, ...version }: SharedVersion,
  key: SharedKey,
  account: string,
  peer: Peer,
): MadeMaterial | undefined {
  if (key.origin === "EXTERNAL") return undefined;
  if (!sealed) throw invalid(`material ${version.id} of ${key.id} is missing`);
  return materialOf({ ...version, sealed }, key, account, peer);
}

/** By the id of its material a ciphertext finds its key: none may be that of another key. */
export function checkNames(
  store: KeyStore,
  account: string,
  { id: keyId, versions }: SharedKey,
): void {
  for (const { id } of versions) {
    const place = store.findVersion(id);
    if (!place || (place.account === account && place.keyId === keyId)) continue;
    throw invalid(`material ${id} is of another key`);
  }
  if (new Set(versions.map(({ id }) => id)).size < versions.length) {
    throw invalid(`key ${keyId} has a material twice`);
  }
}

/** A key whose policy is none could not even be looked at. */
export function checkPolicy(text: string): void {
  try {
    compilePolicy(text, "resource");
  } catch {
    throw invalid("the policy of the replica is none");
  }
}

export const invalid = (message: string) => new ServiceError("ValidationException", message);
export const alreadyExists = (arn: string) =>
  new ServiceError("AlreadyExistsException", `${arn} already exists`);
