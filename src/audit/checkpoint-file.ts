import { constants } from "node:fs";
import { open, readFile, truncate } from "node:fs/promises";
import type { Clock } from "../lib/clock.ts";
import type { Signer } from "../lib/signature.ts";
import { writeNote } from "./checkpoint.ts";
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
  readonly keep: (note: string) => Promise<void>;
  /** Size of the tree in the last checkpoint. */
  readonly keptSize: number;
}): Promise<Checkpoints> {
  const { path, origin, signer, clock, tree, keep } = options;
  await cutTorn(path);
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
    await keep(note);
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

/** Takes back the end of the file down to its last whole note. */
async function cutTorn(path: string): Promise<void> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  const end = bytes.lastIndexOf("\n\n— ");
  const lineEnd = bytes.indexOf("\n\n", end + 2);
  const whole = end >= 0 && lineEnd >= 0;
  if (whole && lineEnd + 2 < bytes.length) await truncate(path, lineEnd + 2);
}
