import type { ObjectName } from "../../../sql/tree.ts";
import type { RestoreTable } from "../../../sql/tree-definition.ts";

/** The id that names a dropped table, where one is told. */
export const idOf = ({ properties }: RestoreTable): string | undefined =>
  properties.find(({ key }) => key.toLowerCase() === "id")?.value;

/** The name after AS, which is one in the place of the table that is restored. */
export const restoredName = ({ table, as }: RestoreTable): ObjectName | undefined =>
  as && { parts: [...table.parts.slice(0, -1), as], at: as.at };
