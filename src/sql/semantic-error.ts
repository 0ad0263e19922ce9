import { SqlError } from "./sql-error.ts";
import type { Position } from "./tree.ts";

/** Refuses a statement whose text is understood and whose meaning is wrong. */
export function refuse(at: Position, message: string): never {
  throw new SqlError("ODPS-0130071", at, `Semantic analysis exception - ${message}`);
}

/** Refuses a name for which there is no table. */
export function refuseTable(at: Position, name: string): never {
  throw new SqlError("ODPS-0130131", at, `Table not found - table ${name} cannot be resolved`);
}
