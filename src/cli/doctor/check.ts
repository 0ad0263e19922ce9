import type { Config } from "../../config.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import type { Status } from "../running.ts";
import type { Surroundings } from "../surroundings.ts";

/** What one check found. */
export interface Check {
  readonly name: string;
  /** `warn`: it works, but not as well or as safely as it could. */
  readonly state: "ok" | "warn" | "fail";
  readonly detail: string;
  /** What to type, or to do; absent where nothing is to be done. */
  readonly fix?: string;
}

/** What checks look at. */
export interface Patient {
  readonly around: Surroundings;
  readonly config: Config;
  /** The Bondstore that has the directory open. */
  readonly running: Status | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

export const ok = (name: string, detail: string): Check => ({ name, state: "ok", detail });
export const warn = (name: string, detail: string, fix: string): Check => ({
  name,
  state: "warn",
  detail,
  fix,
});
export const fail = (name: string, detail: string, fix: string): Check => ({
  name,
  state: "fail",
  detail,
  fix,
});
