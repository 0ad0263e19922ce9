import type { Typed } from "../conversion.ts";

/** What a builder may ask and say while it writes a call. */
export interface Building {
  /** Ends the statement with an error at the call. */
  readonly refuse: (message: string) => never;
  readonly settings: ReadonlyMap<string, string>;
  /** What `$D`, `$N`, `$O` and `$W` are in this call. */
  readonly marks: Readonly<Record<string, string>>;
}

export type Build = (arguments_: readonly Typed[], building: Building) => string | Typed;

/**
 * A built-in: its signature, and its DuckDB text. In the text `$1` is the first argument, `$*` all of them, `$2*` those
 * from the second on, `$D` the place of DISTINCT, and `$W` that of FILTER and OVER.
 */
export type FunctionRow = readonly [signature: string, sql: string | Build];
