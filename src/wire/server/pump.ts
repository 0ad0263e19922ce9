import type { Writable } from "node:stream";

/** How long a client may leave an answer unread. */
const stallMs = 120_000;

/** Writes a streamed body as fast as the client takes it. Where the body breaks, so does the connection. */
export async function pump(body: AsyncIterable<Buffer>, target: Writable): Promise<void> {
  try {
    for await (const part of body) {
      if (target.destroyed) return;
      if (!target.write(part)) await drained(target);
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
