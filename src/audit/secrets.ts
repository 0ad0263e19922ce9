import type { Random } from "../lib/random.ts";
import { createSigner, type Signer } from "../lib/signature.ts";
import type { Store, Table } from "../storage/store.ts";
import { type Note, readNote } from "./checkpoint.ts";

/** What the store keeps of the trail: apart from its files, and sealed. */
export interface TrailSecrets {
  /** `bondstore/<installation id>` */
  readonly origin: string;
  readonly signer: Signer;
  /** The last checkpoint that was signed. */
  readonly lastNote: Note | undefined;
}

type Kept = string | Uint8Array;

const tableOf = (store: Store): Table<Kept> => store.system.table<Kept>("trail");

/** The trail's signer and last checkpoint; undefined before the first start. */
export function findTrailSecrets(store: Store): TrailSecrets | undefined {
  const table = tableOf(store);
  const [seed, origin, lastNote] = [
    table.find(["seed"]),
    table.find(["origin"]),
    table.find(["checkpoint"]),
  ];
  if (typeof seed !== "object" || typeof origin !== "string") return undefined;
  return {
    origin,
    signer: createSigner(seed),
    lastNote: typeof lastNote === "string" ? readNote(lastNote) : undefined,
  };
}

/** Draws the trail's signing key, once for an installation. */
export async function makeTrailSecrets(store: Store, random: Random): Promise<TrailSecrets> {
  const [seed, origin] = [random.bytes(32), `bondstore/${random.uuid()}`];
  await store.transaction(() => {
    tableOf(store).put(["seed"], seed);
    tableOf(store).put(["origin"], origin);
  });
  return { origin, signer: createSigner(seed), lastNote: undefined };
}

/** Keeps the last checkpoint where who changes the trail's files does not reach it. */
export function keepNote(store: Store, note: string): Promise<void> {
  return store.transaction(() => tableOf(store).put(["checkpoint"], note));
}
