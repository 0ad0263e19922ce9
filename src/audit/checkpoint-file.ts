import { constants } from "node:fs";
import { open, readFile, truncate } from "node:fs/promises";
import type { Clock } from "../lib/clock.ts";
import type { Signer } from "../lib/signature.ts";
import { readNotes, writeNote } from "./checkpoint.ts";
import type { Frontier } from "./tree.ts";

/** Signs the tree from time to time, and keeps every checkpoint. */
export interface Checkpoints {
  /** Says that events were added: a checkpoint covers them within about a second. */
  grown(): void;
  /** Signs what is not covered yet. */
  close(): Promise<void>;
}

const intervalMs = 1000;

/** Opens the file of checkpoints; a note that a crash tore is cut off. */
export async function openCheckpoints(options: {
  readonly path: string;
  readonly origin: string;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly tree: () => Frontier;
  /** Keeps a note elsewhere, too. */
  readonly keep: (note: string, size: number) => Promise<void>;
  /** Size of the tree in the last checkpoint. */
  readonly keptSize: number;
}): Promise<Checkpoints> {
  const { path, origin, signer, clock, tree, keep } = options;
  await cutTorn(path, origin);
  const { O_APPEND, O_CREAT, O_DSYNC, O_WRONLY } = constants;
  const file = await open(path, O_APPEND | O_CREAT | O_DSYNC | O_WRONLY, 0o600);
  let signedSize = options.keptSize;
  let timer: NodeJS.Timeout | undefined;
  let signing = Promise.resolve();

  async function sign(): Promise<void> {
    const now = tree();
    if (now.size === signedSize) return;
    const size = now.size;
    const note = writeNote({ origin, size, root: now.root(), timeMs: clock.now() }, signer);
    await file.appendFile(`${note}\n`);
    await keep(note, size);
    signedSize = size;
  }

  function grown(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      // A checkpoint that cannot be written is tried again with the next event; the head covers what lies between.
      signing = signing.then(sign).catch(() => undefined);
    }, intervalMs).unref();
  }

  async function close(): Promise<void> {
    clearTimeout(timer);
    await signing;
    try {
      await sign();
    } finally {
      await file.close();
    }
  }

  return { grown, close };
}

/** Takes back a note that a crash tore. One that was changed stays, for `verify` to find. */
async function cutTorn(path: string, origin: string): Promise<void> {
  const text = await readFile(path, "utf8").catch(() => "");
  const last = readNotes(text, origin).at(-1);
  if (!last?.torn) return;
  await truncate(path, Buffer.byteLength(text) - Buffer.byteLength(last.text));
}
