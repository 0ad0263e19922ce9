import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import { isRecord } from "../../../lib/record.ts";
import { firstLinkFd, functionError, type LentFunctions } from "../lent-functions.ts";
import type { KeepQuestion } from "../questions.ts";
import type { Running } from "./keep.ts";
import type { Line } from "./tell-keep.ts";

/** A query whose process has begun. */
export interface FollowedQuery {
  readonly question: KeepQuestion & { readonly functions: LentFunctions };
  /** Connections to its functions, in their order. */
  readonly links: readonly Duplex[];
  readonly line: Line;
  readonly started: (running: Running) => void;
}

/**
 * Hands on what the process of a query says, and ends it when a function takes too long, the job is cancelled or it says
 * what nobody understands. Never fails: how the query went is told by its last line.
 */
export function follow(
  child: ChildProcess,
  { question, links, line, started }: FollowedQuery,
): Promise<void> {
  let ended = "the query was ended";
  let over = false;
  let progress = 0;
  let timer: NodeJS.Timeout | undefined;
  const kill = (why: string) => {
    ended = why;
    child.kill("SIGKILL");
  };
  const late = () => kill(`${functionError}0:${JSON.stringify({ error: "time" })}`);
  const hear = (text: string) => {
    if (over) return;
    clearTimeout(timer);
    const told = toldIn(text);
    if (!told) return kill("the query's process is not understood");
    if (told["busy"] === true) timer = setTimeout(late, question.functions.batchMs);
    if ("busy" in told) return;
    if (typeof told["progress"] === "number") progress = told["progress"];
    else over = true;
    line(told);
  };
  connect(child, links);
  started({ progress: () => progress, cancel: () => kill("the query was cancelled") });
  if (child.stdout) createInterface({ input: child.stdout }).on("line", hear);
  child.stdin?.on("error", () => {});
  child.stdin?.end(JSON.stringify(question));
  return new Promise((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => {
      clearTimeout(timer);
      if (!over) line({ error: ended });
      resolve();
    });
  });
}

function connect(child: ChildProcess, links: readonly Duplex[]): void {
  for (const [at, link] of links.entries()) {
    const own = child.stdio[firstLinkFd + at] as Duplex;
    own.on("error", () => link.destroy());
    own.pipe(link).on("error", () => own.destroy());
    link.pipe(own);
  }
}

/** What a line says; undefined: it is none of ours. */
function toldIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const told: unknown = JSON.parse(text);
    return isRecord(told) ? told : undefined;
  } catch {
    return undefined;
  }
}
