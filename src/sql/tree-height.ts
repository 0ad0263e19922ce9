import { parseError } from "./sql-error.ts";
import type { Position, Statement } from "./tree.ts";

/** How high a statement's tree may be, so that whoever walks it may do so by calling itself. */
const heightMax = 600;
/** Fewer operators than these cannot make a tree too high beside the limit of nesting. */
const chainedMin = 200;

/**
 * Refuses a tree that long chains such as `1+1+1+..` made too high. `chained` is how many links were read. Walks
 * without calling itself: the tree in question is the one that would overflow the stack.
 */
export function checkHeight(statement: Statement, chained: number): void {
  if (chained < chainedMin) return;
  const waiting: { readonly value: object; readonly height: number }[] = [
    { value: statement, height: 1 },
  ];
  for (let item = waiting.pop(); item; item = waiting.pop()) {
    const { value, height } = item;
    if (height > heightMax) {
      throw parseError(
        positionOf(value) ?? statement.at,
        "the expression is too long, use parentheses or subqueries",
      );
    }
    const inner = "kind" in value ? height + 1 : height;
    for (const child of Object.values(value)) {
      if (typeof child === "object" && child !== null)
        waiting.push({ value: child, height: inner });
    }
  }
}

function positionOf(value: object): Position | undefined {
  return Object.hasOwn(value, "at") && "at" in value ? (value.at as Position) : undefined;
}
