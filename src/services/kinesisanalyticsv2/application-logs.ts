import type { Clock } from "../../lib/clock.ts";

const linesMax = 2000;
const applicationsMax = 1000;
/** Of one application, for the operator: an application that cries all the time is not heard all the time. */
const toldMax = 20;
const toldWithinMs = 60_000;

interface Kept {
  readonly lines: string[];
  told: number;
  toldSinceMs: number;
}

/**
 * What applications' engines wrote: the last lines of each, in memory. Lines at WARN and above also go to the
 * operator's log, without control characters, for a tenant's code wrote them.
 */
export class ApplicationLogs {
  readonly #kept = new Map<string, Kept>();
  readonly #clock: Clock;
  readonly #tell: (line: string) => void;

  constructor(clock: Clock, tell: (line: string) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Takes a line of the application with this ARN. */
  add(arn: string, line: string): void {
    const kept = this.#of(arn);
    kept.lines.push(line);
    if (kept.lines.length > linesMax * 1.25) kept.lines.splice(0, kept.lines.length - linesMax);
    if (/ (WARN|ERROR|FATAL) /.test(line.slice(0, 40))) this.#tellOperator(arn, line, kept);
  }

  lines(arn: string): readonly string[] {
    return this.#kept.get(arn)?.lines ?? [];
  }

  /** ARNs of the applications that have written something. */
  arns(): readonly string[] {
    return [...this.#kept.keys()];
  }

  forget(arn: string): void {
    this.#kept.delete(arn);
  }

  #of(arn: string): Kept {
    const known = this.#kept.get(arn);
    if (known) return known;
    const made: Kept = { lines: [], told: 0, toldSinceMs: 0 };
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= applicationsMax && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(arn, made);
    return made;
  }

  #tellOperator(arn: string, line: string, kept: Kept): void {
    const now = this.#clock.now();
    if (now - kept.toldSinceMs > toldWithinMs) {
      kept.toldSinceMs = now;
      kept.told = 0;
    }
    kept.told += 1;
    const [, account, name] = /:(\d{12}):application\/(.+)$/.exec(arn) ?? [];
    const prefix = `flink ${account}/${name}: `;
    if (kept.told <= toldMax) this.#tell(prefix + printable(line));
    if (kept.told === toldMax) this.#tell(`${prefix}says more than is shown: see bondstore logs`);
  }
}

/** Without what would move a terminal's cursor or change its colours. */
const printable = (line: string): string => line.replace(/\p{Cc}/gu, " ");
