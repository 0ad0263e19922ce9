import { parseError } from "./sql-error.ts";
import type { Position } from "./tree.ts";

/** How high a statement's tree may be, so that whoever walks it may do so by calling itself. */
const heightMax = 600;
/** Fewer operators than these cannot make a tree too high beside the limit of nesting. */
const chainedMin = 400;

/**
 * Refuses a tree that long chains such as `1+1+1+..` made too high. `chained` is how many links were read. Goes level
 * by level without calling itself: the tree in question is the one that would overflow the stack.
 */
export function checkHeight(tree: { readonly at: Position }, chained: number): void {
  if (chained < chainedMin) return;
  let level = new Set<object>([tree]);
  for (let height = 0; level.size > 0; height += 1) {
    if (height > heightMax) {
      throw parseError(tree.at, "the expression is too long, use parentheses or subqueries");
    }
    // A source that inserts share stands once on its level.
    const below = new Set<object>();
    for (const node of level) addChildren(node, below);
    level = below;
  }
}

/** The nodes directly below; what has no kind of its own, lists above all, is looked through. */
function addChildren(node: object, below: Set<object>): void {
  for (const key in node) {
    if (key === "at") continue;
    const child: unknown = (node as Readonly<Record<string, unknown>>)[key];
    if (typeof child !== "object" || child === null) continue;
    if ("kind" in child) below.add(child);
    else addChildren(child, below);
  }
}
