import { mkdir, readFile, writeFile } from "node:fs/promises";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { Corruption, type SealerSource, type Store } from "../storage/store.ts";
import { writeVerifierKey } from "./checkpoint.ts";
import { openCheckpoints } from "./checkpoint-file.ts";
import { createFinder } from "./find.ts";
import { isAuthentic, openHeads, readHeads } from "./head.ts";
import { openJournal } from "./journal.ts";
import { trailPaths } from "./paths.ts";
import type { TreeHead } from "./proof.ts";
import { createRecorder } from "./recorder.ts";
import { recover } from "./recover.ts";
import { findTrailSecrets, keepNote, makeTrailSecrets, type TrailSecrets } from "./secrets.ts";
import { listSegments } from "./segment.ts";
import type { Trail } from "./trail.ts";

export interface TrailOptions {
  /** Own folder of the trail, `DATA/trail`. */
  readonly directory: string;
  readonly store: Store;
  /** The keyring: an event is sealed under the account it concerns. */
  readonly sealers: SealerSource;
  readonly clock: Clock;
  readonly random: Random;
}

/** A trail that runs, with what start-up wants to show. */
export interface OpenTrail extends Trail {
  /** `bondstore/<installation id>` */
  readonly origin: string;
  /** How many events there are, and the root over them. */
  head(): { readonly size: number; readonly root: Buffer };
  /** Bytes of a torn, unacknowledged tail that were cut off at the start. */
  readonly tornBytes: number;
}

/**
 * Opens the trail, or begins it where there is none.
 * Throws `Corruption` when acknowledged events are missing or changed: nothing may be recorded behind that.
 */
export async function createTrail(options: TrailOptions): Promise<OpenTrail> {
  const { directory, store, sealers, clock, random } = options;
  const systemAccount = store.system.account;
  const paths = trailPaths(directory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const secrets = findTrailSecrets(store) ?? (await makeTrailSecrets(store, random));
  const { origin, signer } = secrets;
  const acknowledged = await readAcknowledged(directory, secrets);
  const standing = await recover({ directory, acknowledged, sealers, systemAccount });
  await writeFile(
    paths.publicKey,
    `${writeVerifierKey({ origin, publicKey: signer.publicKey })}\n`,
  );

  const heads = openHeads(paths.heads, signer);
  heads.write({
    origin,
    size: standing.tree.size,
    root: standing.tree.root(),
    timeMs: clock.now(),
  });
  heads.sync();
  const journal = await openJournal({ directory, origin, standing, heads });
  const checkpoints = await openCheckpoints({
    path: paths.checkpoints,
    origin,
    signer,
    clock,
    tree: () => journal.tree,
    keep: async (note, size) => {
      await keepNote(store, note);
      heads.cover(size);
      heads.sync();
    },
    keptSize: secrets.lastNote?.size ?? 0,
  });
  const recorder = createRecorder({ journal, checkpoints, sealers, systemAccount, clock });
  return {
    origin,
    tornBytes: standing.tornBytes,
    head: () => ({ size: journal.tree.size, root: journal.tree.root() }),
    record: recorder.record,
    isFailing: recorder.isFailing,
    ...createFinder({ journal, sealers, systemAccount }),
    async close() {
      await recorder.close();
      await checkpoints.close();
      await journal.close();
      heads.sync();
      heads.close();
    },
  };
}

/** All that says which events must be there: the newest heads, and the checkpoint that the store keeps. */
async function readAcknowledged(
  directory: string,
  { origin, signer, lastNote }: TrailSecrets,
): Promise<TreeHead[]> {
  const text = await readFile(trailPaths(directory).heads, "latin1").catch(() => "");
  const heads = readHeads(text)
    .flatMap(({ head }) => head ?? [])
    .filter((head) => head.origin === origin && isAuthentic(head, signer));
  const begun = lastNote !== undefined || (await listSegments(directory)).length > 0;
  if (begun && heads.length === 0) throw new Corruption("the heads of the trail are gone");
  return lastNote ? [...heads, lastNote] : heads;
}
