import type { Expression, ObjectName, PartitionItem, Position, Query } from "./tree.ts";
import { emptyTail } from "./tree-query.ts";

/** The query that UNLOAD of a table, or of one partition of it, means. */
export function queryOfTable(
  name: ObjectName,
  partition: readonly PartitionItem[],
  at: Position,
): Query {
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
      items: [{ at, expression: { kind: "star", at, qualifier: [], except: [] } }],
      from: { kind: "table", at, name },
      windows: [],
      ...(where && { where }),
    },
    ...emptyTail,
  };
}
