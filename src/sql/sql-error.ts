import type { CatalogTable } from "./catalog.ts";
import type { Position } from "./tree.ts";

/**
 * A refusal of SQL text, worded as MaxCompute words it: `ODPS-0130161:[1,8] Parse exception - ...`. The reason carries
 * its own class, such as `Parse exception - ` or `Table not found - `.
 */
export class SqlError extends Error {
  override readonly name = "SqlError";
  readonly code: string;
  readonly at: Position;
  readonly reason: string;
  /** The view that the reason tells of: only who may select it is told. */
  readonly of: CatalogTable | undefined;

  constructor(code: string, at: Position, reason: string, of?: CatalogTable) {
    super(`${code}:[${at.line},${at.column}] ${reason}`);
    this.code = code;
    this.at = at;
    this.reason = reason;
    this.of = of;
  }
}

/** The code of everything that cannot be read. */
export const parseErrorCode = "ODPS-0130161";

/** A text that cannot be read, for a reason of its own. */
export function parseError(at: Position, reason: string): SqlError {
  return new SqlError(parseErrorCode, at, `Parse exception - ${reason}`);
}
