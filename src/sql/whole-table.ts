import type { Expression, Name, ObjectName, PartitionItem, Position, Query } from "./tree.ts";
import { emptyTail } from "./tree-query.ts";

/** The query that UNLOAD of a table, or of one partition of it, means; of some columns, where they are told. */
export function queryOfTable(
  name: ObjectName,
  partition: readonly PartitionItem[],
  at: Position,
  columns: readonly Name[] = [],
): Query {
  const all: Expression = { kind: "star", at, qualifier: [], except: [] };
  const named = columns.map(
    (column): Expression => ({ kind: "name", at: column.at, parts: [column] }),
  );
  const conditions = partition.flatMap(({ column, value }): Expression[] =>
    value === undefined
      ? []
      : [
          {
            kind: "binary",
            at,
            operator: "=",
            left: { kind: "name", at, parts: [column] },
            right: value,
          },
        ],
  );
  const [first, ...more] = conditions;
  const where =
    first && more.length > 0 ? ({ kind: "and", at, operands: conditions } as const) : first;
  return {
    kind: "query",
    at,
    body: {
      kind: "select",
      at,
      hints: [],
      distinct: false,
      items: (named.length > 0 ? named : [all]).map((expression) => ({ at, expression })),
      from: { kind: "table", at, name },
      windows: [],
      ...(where && { where }),
    },
    ...emptyTail,
  };
}
