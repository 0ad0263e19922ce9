import { readStatement } from "./statements.ts";
import type { ScriptStore } from "./stores.ts";
import { ScriptTables } from "./tables.ts";
import { type FlinkToken, flinkTokens, UnclearText } from "./tokens.ts";

/** Where in a script something stands. */
export interface ScriptPlace {
  /** From 1. */
  readonly statement: number;
  readonly line: number;
}

/** What a statement takes from where to where. */
export interface ScriptMove extends ScriptPlace {
  readonly from: readonly ScriptStore[];
  readonly into: ScriptStore;
}

/** A statement of which it cannot be told what it reads and writes. */
export interface UnclearStatement extends ScriptPlace {
  readonly reason: string;
}

/** What a script of Flink SQL moves, as far as its text tells, and where it does not. */
export interface ScriptMoves {
  readonly moves: readonly ScriptMove[];
  readonly unclear: readonly UnclearStatement[];
}

/**
 * Resolves the sources and sinks of a script. A store that is named is never left out of a statement that is clear: a
 * column that is called like a table counts as that table.
 */
export function resolveScript(text: string): ScriptMoves {
  const tables = new ScriptTables();
  const moves: ScriptMove[] = [];
  const unclear: UnclearStatement[] = [];
  let statement = 1;
  const read = (tokens: readonly FlinkToken[]): void => {
    const [first] = tokens;
    if (!first) return;
    const place = { statement, line: first.line };
    statement += 1;
    const found = readStatement(tokens, text, tables);
    if (typeof found === "string") unclear.push({ ...place, reason: found });
    else moves.push(...found.map((move) => ({ ...place, ...move })));
  };
  let pieces: FlinkToken[] = [];
  try {
    for (const token of flinkTokens(text)) {
      if (token.key !== ";") pieces.push(token);
      else {
        read(pieces);
        pieces = [];
      }
    }
    read(pieces);
  } catch (error) {
    if (!(error instanceof UnclearText)) throw error;
    unclear.push({ statement, line: error.line, reason: error.message });
  }
  return { moves, unclear };
}
