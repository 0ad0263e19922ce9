import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** The last lines that an engine wrote. What a tenant's code writes is bounded in both directions. */
export interface EngineLog {
  readonly lines: readonly string[];
  follow(stream: Readable): void;
}

const linesMax = 2000;
const lineCharsMax = 4096;
/** An engine that writes faster waits: reading it must not keep this process from its other work. */
const bytesPerTurnMax = 1024 * 1024;
const turnMs = 250;

/** Keeps the last lines and hands each one on. */
export function createEngineLog(onLine: (line: string) => void): EngineLog {
  const lines: string[] = [];

  function add(line: string): void {
    lines.push(line);
    // Cut in blocks: shifting one by one would copy the list for each line.
    if (lines.length > linesMax * 1.25) lines.splice(0, lines.length - linesMax);
    onLine(line);
  }

  function follow(stream: Readable): void {
    const decoder = new StringDecoder("utf8");
    let rest = "";
    let read = 0;
    const timer = setInterval(() => {
      read = 0;
      stream.resume();
    }, turnMs).unref();
    stream.on("data", (chunk: Buffer) => {
      const parts = (rest + decoder.write(chunk)).split("\n");
      rest = (parts.pop() ?? "").slice(0, lineCharsMax);
      // More than are kept need not be handed on.
      for (const part of parts.slice(-linesMax)) add(part.slice(0, lineCharsMax));
      read += chunk.length;
      if (read >= bytesPerTurnMax) stream.pause();
    });
    stream.on("close", () => clearInterval(timer));
    stream.on("end", () => {
      if (rest !== "") add(rest);
    });
    stream.on("error", () => {});
  }

  return { lines, follow };
}
