import type { Statement } from "./tree.ts";

/** Clauses of a statement, and how complex MaxCompute calls one that has at least so many. */
const steps: readonly (readonly [clauses: number, complexity: number])[] = [
  [20, 4],
  [7, 2],
  [4, 1.5],
];

/**
 * How complex MaxCompute calls a statement, for the price of it: by how often it joins, groups, sorts, makes distinct,
 * calls functions over windows, and inserts.
 */
export function complexityOf(statement: Statement): number {
  let [clauses, inserts] = [0, 0];
  // Without calling itself: trees may be high. A source that inserts share is counted once.
  const seen = new Set<object>();
  const open: object[] = [statement];
  for (let node = open.pop(); node; node = open.pop()) {
    const found = node as Readonly<Record<string, unknown>>;
    if (found["kind"] === "join") clauses += 1;
    if (found["groupBy"] !== undefined) clauses += 1;
    if (Array.isArray(found["orderBy"]) && found["kind"] === "query") {
      clauses += Math.min(found["orderBy"].length, 1);
    }
    if (found["distinct"] === true) clauses += 1;
    if (found["over"] !== undefined) clauses += 1;
    if (found["kind"] === "insert") inserts += 1;
    for (const child of Object.values(found)) {
      if (typeof child !== "object" || child === null || seen.has(child)) continue;
      seen.add(child);
      open.push(child);
    }
  }
  const all = clauses + Math.max(inserts - 1, 1);
  return steps.find(([least]) => all >= least)?.[1] ?? 1;
}
