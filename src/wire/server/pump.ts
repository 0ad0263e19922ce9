import type { Writable } from "node:stream";
import { notePassed } from "../../lib/passed-bytes.ts";

/** How long a client may leave an answer unread. */
const stallMs = 120_000;

/** Pieces leave together up to this size: a call of the system for each small one would cost more than it carries. */
const togetherBytes = 256 * 1024;

/**
 * Writes a streamed body as fast as the client takes it. Where the body breaks, so does the connection: the last piece
 * leaves when the body has ended well, so that no client has all of one that did not.
 */
export async function pump(body: AsyncIterable<Buffer>, target: Writable): Promise<void> {
  let held = 0;
  try {
    target.cork();
    for await (const part of body) {
      if (target.destroyed) return;
      if (held >= togetherBytes) {
        held = 0;
        target.uncork();
        if (target.writableNeedDrain) await drained(target);
        target.cork();
      }
      target.write(part);
      held += part.length;
      notePassed(part.length);
    }
    if (!target.destroyed) target.end();
  } catch (error) {
    target.destroy();
    throw error;
  }
}

function drained(target: Writable): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => target.destroy(), stallMs);
    const done = () => {
      clearTimeout(timer);
      target.off("drain", done).off("close", done);
      resolve();
    };
    target.on("drain", done).on("close", done);
  });
}
