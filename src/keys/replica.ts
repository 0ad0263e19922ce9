import type { KeyRecord, KeyVersion, MultiRegion } from "./key-record.ts";

const dayMs = 86_400_000;

/** What a replica has of its own. */
export type ReplicaParts = Pick<KeyRecord, "policy" | "description" | "tags">;

/** What related keys say of each other after a change of it. */
export const nextOf = ({ turn = 0, ...known }: MultiRegion, change: Partial<MultiRegion>) => ({
  ...known,
  ...change,
  turn: turn + 1,
});

/** A record as a change has left it, one turn further where that is something related keys share. */
export function nextTurn(before: KeyRecord, after: KeyRecord): KeyRecord {
  const { multiRegion } = after;
  if (!multiRegion || sharedText(before) === sharedText(after)) return after;
  return { ...after, multiRegion: nextOf(multiRegion, {}) };
}

/** The Regions of related keys, the primary's first. */
export const regionsOf = ({ primaryRegion, replicaRegions }: MultiRegion): readonly string[] => [
  primaryRegion,
  ...replicaRegions,
];

/** A replica of a primary, before it has the materials. */
export function replicaOf(
  primary: Omit<KeyRecord, "createdAtMs" | "manager" | "aliases" | "state" | keyof ReplicaParts>,
  own: ReplicaParts,
  createdAtMs: number,
): KeyRecord {
  const { id, spec, usage, origin, importSecret, multiRegion, versions } = primary;
  return {
    ...{ ...own, id, createdAtMs, manager: "CUSTOMER", aliases: [], spec, usage, origin, versions },
    ...(importSecret && { importSecret }),
    ...(multiRegion && { multiRegion }),
    state: origin === "EXTERNAL" ? "PendingImport" : "Enabled",
  };
}

/** A replica as its primary is now; `carry` makes the versions that it does not have yet. */
export function following<Version extends KeyVersion>(
  { rotation: _, ...replica }: KeyRecord,
  primary: Pick<KeyRecord, "rotation" | "multiRegion"> & { readonly versions: readonly Version[] },
  carry: (version: Version) => KeyVersion,
): KeyRecord {
  const { rotation, multiRegion } = primary;
  const versions = primary.versions.map((version) => {
    const known = replica.versions.find(({ id }) => id === version.id);
    return known ? sameTurn(known, version) : carry(version);
  });
  return {
    ...replica,
    ...(multiRegion && { multiRegion }),
    ...(rotation && { rotation }),
    versions,
  };
}

/** What was imported for a rotation that is not to be: it goes from every Region. */
export const droppedBy = (before: KeyRecord, after: Pick<KeyRecord, "versions">) =>
  before.versions.filter(({ id }) => !after.versions.some((one) => one.id === id));

/** Whether and since when a version encrypts is the primary's to say. */
function sameTurn(
  { pending: _, rotation: _before, ...own }: KeyVersion,
  { pending, rotation, createdAtMs }: KeyVersion,
): KeyVersion {
  return { ...own, createdAtMs, ...(rotation && { rotation }), ...(pending && { pending }) };
}

/** Whether a primary's newest material was made here, and waits until every related key has it. */
export const isOnItsWay = ({ origin, multiRegion, versions }: KeyRecord, region: string): boolean =>
  origin === "AWS_KMS" &&
  multiRegion?.primaryRegion === region &&
  versions.at(-1)?.pending === true;

/** What related keys agree on. Imported materials come into each Region by themselves, under the same names. */
export const sharedText = ({
  multiRegion,
  rotation,
  spec,
  usage,
  origin,
  versions,
}: Pick<
  KeyRecord,
  "multiRegion" | "rotation" | "spec" | "usage" | "origin" | "versions"
>): string =>
  JSON.stringify([
    [multiRegion?.primaryRegion, [...(multiRegion?.replicaRegions ?? [])]],
    [rotation?.periodDays, rotation?.nextAtMs, spec, usage, origin],
    versions.map(({ id, pending }) => [id, pending]),
  ]);

/** A primary that waited for its last replica waits for its own end from now on. */
export function begun(
  { deletionWaitsDays: windowDays, ...record }: KeyRecord,
  nowMs: number,
): KeyRecord {
  if (windowDays === undefined) return record;
  if (record.multiRegion?.replicaRegions.length) {
    return { ...record, deletionWaitsDays: windowDays };
  }
  const atMs = nowMs + windowDays * dayMs;
  return { ...record, state: "PendingDeletion", deletion: { atMs, windowDays } };
}
