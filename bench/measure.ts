import { drive, type Work } from "./load.ts";
import type { ServerProcess } from "./server-process.ts";

/** The same work for each server. */
export interface Case {
  readonly title: string;
  /** What one request counts for: records of a batch. */
  readonly unitsPerRequest: number;
  /** At least this many operations per server CPU second, or this many times the peer's. */
  readonly bar: { readonly atLeast: number } | { readonly times: number } | undefined;
  readonly works: readonly Laden[];
}

/** A server with its work. */
export interface Laden {
  readonly server: ServerProcess;
  readonly work: Work;
}

export interface Pace {
  readonly seconds: number;
  readonly rounds: number;
}

/** What one server reached: medians over the rounds. */
export interface Reached {
  readonly name: string;
  readonly perCpuSecond: number;
  readonly perSecond: number;
  readonly failed: number;
}

export interface Row {
  readonly title: string;
  readonly bar: Case["bar"];
  /** Bondstore first. */
  readonly reached: readonly Reached[];
}

const warmUpSeconds = 1.5;

/** Measures the servers by turns, so that whatever else the machine does meets them alike. */
export async function measure(
  { title, bar, works, unitsPerRequest }: Case,
  { seconds, rounds }: Pace,
  say: (line: string) => void,
): Promise<Row> {
  const windows = works.map(() => [] as { perCpuSecond: number; perSecond: number }[]);
  const failed = works.map(() => 0);
  let index = 0;
  for (const { work } of works) await drive(work, warmUpSeconds, index++ * 1_000_000);
  for (let round = 0; round < rounds; round += 1) {
    for (const [place, { server, work }] of works.entries()) {
      const before = server.cpuSeconds();
      const answered = await drive(work, seconds, index++ * 1_000_000);
      const cpu = server.cpuSeconds() - before;
      const units = answered.good * unitsPerRequest;
      windows[place]?.push({ perCpuSecond: units / cpu, perSecond: units / answered.seconds });
      failed[place] = (failed[place] ?? 0) + answered.bad;
      if (answered.bad > 0) say(`${title}, ${server.name}: ${answered.complaint}`);
    }
  }
  const reached = works.map(({ server }, place) => ({
    name: server.name,
    perCpuSecond: median(windows[place]?.map((one) => one.perCpuSecond) ?? []),
    perSecond: median(windows[place]?.map((one) => one.perSecond) ?? []),
    failed: failed[place] ?? 0,
  }));
  return { title, bar, reached };
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
