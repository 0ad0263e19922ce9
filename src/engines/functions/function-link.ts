import type { Socket } from "node:net";
import type { Cell } from "../../cells/cell.ts";
import { FunctionRefusal } from "./code-failure.ts";

const reachPauseMs = 25;
const answerBytesMax = 64 * 1024;

/**
 * Connects to a function's cell, for as long as that runs. The program in it greets as soon as it is there; before that,
 * connections close at once.
 */
export async function reach(cell: Cell): Promise<Socket> {
  let over = false;
  void cell.exited.then(() => {
    over = true;
  });
  while (!over) {
    const link = await cell.connect("function").catch(() => undefined);
    if (link && (await greets(link))) return link;
    link?.destroy();
    await new Promise((resolve) => setTimeout(resolve, reachPauseMs));
  }
  throw new FunctionRefusal({ error: "start", frames: [] });
}

function greets(link: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const closed = () => resolve(false);
    link.once("close", closed);
    link.once("end", closed);
    link.once("error", closed);
    link.once("data", (first: Buffer) => {
      link.pause();
      link.off("close", closed);
      link.off("end", closed);
      resolve(first.length === 1 && first.toString("latin1") === "+");
    });
  });
}

/** A frame: its length, and itself. */
export const framed = (payload: Buffer): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(payload.length);
  return Buffer.concat([head, payload]);
};

/** Sends bytes; rejects where the cell has ended. */
export function send(link: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    link.write(bytes, (error) => (error ? reject(lost()) : resolve()));
  });
}

const lost = () => new FunctionRefusal({ error: "ended", frames: [] });

/** Reads one frame, and leaves the connection paused behind it. */
export function frameFrom(link: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const closed = () => reject(lost());
    const done = (work: () => void) => {
      link.pause();
      link.off("data", more);
      link.off("close", closed);
      link.off("end", closed);
      work();
    };
    const more = (part: Buffer) => {
      bytes = Buffer.concat([bytes, part]);
      if (bytes.length < 4) return;
      const count = bytes.readUInt32BE();
      if (count === 0 || count > answerBytesMax || bytes.length > count + 4) return done(closed);
      if (bytes.length === count + 4) done(() => resolve(bytes.subarray(4)));
    };
    link.on("data", more);
    link.once("close", closed);
    link.once("end", closed);
    link.resume();
  });
}
