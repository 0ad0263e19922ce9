import type { Cursor } from "./cursor.ts";
import { parseOrderItem } from "./parse-call.ts";
import { parseExpression } from "./parse-expression.ts";
import type { FrameBound, WindowDefinition, WindowFrame } from "./tree.ts";

const frameUnits: ReadonlyMap<string, WindowFrame["unit"]> = new Map([
  ["ROWS", "rows"],
  ["RANGE", "range"],
  ["GROUPS", "groups"],
]);
const excluded: readonly (readonly [string[], NonNullable<WindowFrame["exclude"]>])[] = [
  [["CURRENT", "ROW"], "current-row"],
  [["GROUP"], "group"],
  [["TIES"], "ties"],
  [["NO", "OTHERS"], "no-others"],
];

/** Reads `([base] [PARTITION BY ..] [ORDER BY ..] [frame])`. */
export function parseWindow(cursor: Cursor): WindowDefinition {
  const { at } = cursor.expect("(");
  cursor.enter();
  const startsClause = frameUnits.has(cursor.token.key) || cursor.areNext("CLUSTER", "BY");
  const base = cursor.isName() && !startsClause ? cursor.name() : undefined;
  const partitioned = cursor.takeAll("PARTITION", "BY") || cursor.takeAll("DISTRIBUTE", "BY");
  const partitionBy = partitioned ? cursor.list(() => parseExpression(cursor)) : [];
  const ordered = cursor.takeAll("ORDER", "BY") || cursor.takeAll("SORT", "BY");
  const orderBy = ordered ? cursor.list(() => parseOrderItem(cursor)) : [];
  const frame = parseFrame(cursor);
  cursor.leave();
  cursor.expect(")");
  return {
    kind: "window",
    at,
    partitionBy,
    orderBy,
    ...(base && { base }),
    ...(frame && { frame }),
  };
}

function parseFrame(cursor: Cursor): WindowFrame | undefined {
  const { at, key } = cursor.token;
  const unit = frameUnits.get(key);
  if (!unit) return undefined;
  cursor.next();
  const between = cursor.take("BETWEEN");
  const start = parseBound(cursor);
  if (between) cursor.expect("AND");
  const end: FrameBound = between ? parseBound(cursor) : { kind: "current-row" };
  const exclude = cursor.take("EXCLUDE") ? parseExclude(cursor) : undefined;
  return { at, unit, start, end, ...(exclude && { exclude }) };
}

function parseBound(cursor: Cursor): FrameBound {
  if (cursor.takeAll("CURRENT", "ROW")) return { kind: "current-row" };
  const unbounded = cursor.take("UNBOUNDED");
  const value = unbounded ? undefined : parseExpression(cursor);
  const direction = cursor.take("PRECEDING")
    ? "preceding"
    : cursor.take("FOLLOWING")
      ? "following"
      : cursor.fail('"PRECEDING"', '"FOLLOWING"');
  return value ? { kind: direction, value } : { kind: `unbounded-${direction}` };
}

function parseExclude(cursor: Cursor): NonNullable<WindowFrame["exclude"]> {
  for (const [words, kind] of excluded) if (cursor.takeAll(...words)) return kind;
  return cursor.fail('"CURRENT ROW"', '"GROUP"', '"TIES"', '"NO OTHERS"');
}
