import type { ObjectName } from "../../../sql/tree.ts";
import type { RestoreTable } from "../../../sql/tree-definition.ts";

/** The name after AS, which is one in the place of the table that is restored. */
export const restoredName = ({ table, as }: RestoreTable): ObjectName | undefined =>
  as && { parts: [...table.parts.slice(0, -1), as], at: as.at };
