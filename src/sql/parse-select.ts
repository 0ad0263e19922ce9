import type { Cursor } from "./cursor.ts";
import { parseStar } from "./parse-call.ts";
import { parseExpression } from "./parse-expression.ts";
import { parseRelation } from "./parse-relation.ts";
import { isTransform, parseTransform } from "./parse-transform.ts";
import { parseWindow } from "./parse-window.ts";
import { parseError } from "./sql-error.ts";
import type {
  Expression,
  GroupBy,
  GroupItem,
  Name,
  NamedWindow,
  Relation,
  Select,
  SelectItem,
} from "./tree.ts";

type Sets = Extract<GroupItem, { readonly sets: unknown }>;
const groupings: readonly (readonly [readonly string[], Sets["kind"]])[] = [
  [["GROUPING", "SETS", "("], "grouping-sets"],
  [["CUBE", "("], "cube"],
  [["ROLLUP", "("], "rollup"],
];

/** Reads SELECT up to its tail; `given` is the FROM that stood before it. */
export function parseSelect(cursor: Cursor, given?: Relation): Select {
  const { at } = cursor.expect("SELECT");
  const hints: string[] = [];
  while (cursor.token.kind === "hint") hints.push(cursor.next().value);
  const distinct = cursor.take("DISTINCT");
  if (!distinct) cursor.take("ALL");
  const transform = isTransform(cursor) ? parseTransform(cursor) : undefined;
  const items = transform ? [] : cursor.list(() => parseItem(cursor));
  const from = given ?? (cursor.take("FROM") ? parseRelation(cursor) : undefined);
  const where = cursor.take("WHERE") ? parseExpression(cursor) : undefined;
  const groupBy = cursor.is("GROUP") ? parseGroupBy(cursor) : undefined;
  const having = cursor.take("HAVING") ? parseExpression(cursor) : undefined;
  const early = cursor.take("QUALIFY") ? parseExpression(cursor) : undefined;
  const windows = cursor.take("WINDOW") ? cursor.list(() => parseNamedWindow(cursor)) : [];
  const qualify = early ?? (cursor.take("QUALIFY") ? parseExpression(cursor) : undefined);
  return {
    kind: "select",
    at,
    hints,
    distinct,
    items,
    windows,
    ...(transform && { transform }),
    ...(from && { from }),
    ...(where && { where }),
    ...(groupBy && { groupBy }),
    ...(having && { having }),
    ...(qualify && { qualify }),
  };
}

function parseItem(cursor: Cursor): SelectItem {
  const { at } = cursor.token;
  const star = parseStar(cursor);
  if (star) {
    // `SELECT * EXCEPT (SELECT ..)` has nothing to select from, so a parenthesis means columns.
    const except = cursor.areNext("EXCEPT", "(") && cursor.next();
    const expression = except ? { ...star, except: cursor.group(() => cursor.name()) } : star;
    if (!cursor.areNext("REPLACE", "(")) return { at, expression };
    cursor.next();
    return { at, expression, replace: cursor.group(() => parseReplacement(cursor)) };
  }
  const expression = parseExpression(cursor);
  if (cursor.areNext("AS", "(")) {
    cursor.next();
    return { at, expression, aliases: cursor.group(() => cursor.name()) };
  }
  const alias = cursor.alias();
  return { at, expression, ...(alias && { alias }) };
}

function parseReplacement(cursor: Cursor): { expression: Expression; name: Name } {
  const expression = parseExpression(cursor);
  cursor.expect("AS");
  return { expression, name: cursor.name() };
}

function parseNamedWindow(cursor: Cursor): NamedWindow {
  const name = cursor.name();
  cursor.expect("AS");
  return { name, window: parseWindow(cursor) };
}

function parseGroupBy(cursor: Cursor): GroupBy {
  const { at } = cursor.expect("GROUP");
  cursor.expect("BY");
  const items = cursor.list(() => parseGroupItem(cursor));
  return { at, items: parseAfterKeys(cursor, items) ?? items };
}

function parseGroupItem(cursor: Cursor): GroupItem {
  return parseSets(cursor) ?? { kind: "key", expression: parseExpression(cursor) };
}

function parseSets(cursor: Cursor): Sets | undefined {
  const { at } = cursor.token;
  const found = groupings.find(([words]) => cursor.areNext(...words));
  if (!found) return undefined;
  const [words, kind] = found;
  for (const _ of words.slice(1)) cursor.next();
  if (kind !== "grouping-sets") return { kind, at, sets: cursor.group(() => parseSet(cursor)) };
  return { kind, at, sets: cursor.group(() => parseInnerSets(cursor)).flat() };
}

const cubeMax = 12;

/** A set, or the sets for which a ROLLUP, a CUBE or GROUPING SETS inside of GROUPING SETS stand. */
function parseInnerSets(cursor: Cursor): Sets["sets"] {
  cursor.enter();
  const inner = parseSets(cursor);
  const sets = inner ? writtenOut(inner) : [parseSet(cursor)];
  cursor.leave();
  return sets;
}

function writtenOut({ kind, at, sets }: Sets): Sets["sets"] {
  if (kind === "grouping-sets") return sets;
  if (kind === "rollup")
    return Array.from({ length: sets.length + 1 }, (_, left) =>
      sets.slice(0, sets.length - left).flat(),
    );
  if (sets.length > cubeMax)
    throw parseError(at, `CUBE inside of GROUPING SETS has at most ${cubeMax} elements`);
  return Array.from({ length: 2 ** sets.length }, (_, left) =>
    sets.filter((_, place) => (left & (1 << place)) === 0).flat(),
  );
}

/** `(a, b)`, `()` or a bare `a`. */
function parseSet(cursor: Cursor): readonly Expression[] {
  if (cursor.takeAll("(", ")")) return [];
  const found = parseExpression(cursor);
  return found.kind === "row" ? found.items : [found];
}

/** `keys WITH CUBE`, `keys WITH ROLLUP` and `keys GROUPING SETS (..)`: the clause takes the keys' place. */
function parseAfterKeys(cursor: Cursor, items: readonly GroupItem[]): GroupItem[] | undefined {
  const { at } = cursor.token;
  const keys = items.flatMap((item) => (item.kind === "key" ? [[item.expression]] : []));
  if (keys.length < items.length) return undefined;
  const sets = parseSets(cursor);
  if (sets) return [{ ...sets, keys: keys.flat() }];
  if (cursor.takeAll("WITH", "CUBE")) return [{ kind: "cube", at, sets: keys }];
  return cursor.takeAll("WITH", "ROLLUP") ? [{ kind: "rollup", at, sets: keys }] : undefined;
}
