import { isOn } from "./catalog.ts";
import { resolveExpression } from "./expression.ts";
import type { ColumnUse, Resolved, Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import { SqlError } from "./sql-error.ts";
import type { Expression, GroupItem, Select } from "./tree.ts";

/** What GROUP BY says, the texts of its keys, and the columns it looks at. */
export interface Grouping {
  readonly sql: string;
  readonly keys: ReadonlySet<string>;
  readonly uses: readonly ColumnUse[];
  /** What must hold of the groups that are meant, where the text makes others as well. */
  readonly only?: string;
}

const setsMax = 4096;

export function groupText(select: Select, open: Scope): Grouping {
  const scope: Scope = { ...open, noAggregates: "GROUP BY" };
  const keys = new Set<string>();
  const uses: ColumnUse[] = [];
  const key = (expression: Expression): string => {
    const found = groupKey(expression, select, scope);
    uses.push(...found.uses);
    keys.add(found.sql);
    return found.sql;
  };
  const items = select.groupBy?.items ?? [];
  if (items.reduce((count, item) => count + sizeOf(item), 0) > setsMax) {
    refuse(select.groupBy?.at ?? select.at, `GROUP BY has more than ${setsMax} grouping sets`);
  }
  let only: string | undefined;
  const texts = items.map((item) => {
    if (item.kind === "key") return key(item.expression);
    const meant = new Set(keys);
    // First as they stand in GROUP BY: in that order GROUPING_ID numbers them.
    const all = item.keys?.map(key) ?? [];
    const sets = item.sets.map((set) => {
      const texts = set.map(key);
      for (const one of texts) meant.add(one);
      return `(${texts.join(", ")})`;
    });
    const lone = all.find((one) => !meant.has(one));
    if (lone !== undefined) {
      // A key must stand in some set to be NULL in the others: it gets one, whose groups are left out.
      sets.push(`(${[...new Set(all)].join(", ")})`);
      only = `grouping(${lone}) = 1`;
    }
    return `${item.kind.replace("-", " ").toUpperCase()} (${sets.join(", ")})`;
  });
  return { sql: texts.join(", "), keys, uses, ...(only !== undefined && { only }) };
}

const sizeOf = (item: GroupItem): number =>
  item.kind === "key"
    ? 1
    : item.kind === "cube"
      ? 2 ** Math.min(item.sets.length, 20)
      : item.sets.length;

/** A column of the sources comes first, an alias of SELECT after it; a number is a position where the flag says so. */
function groupKey(expression: Expression, select: Select, scope: Scope): Resolved {
  const { catalog } = scope.environment.world;
  if (expression.kind === "integer" && isOn(catalog, "odps.sql.groupby.position.alias")) {
    const item = select.items[Number(expression.digits) - 1];
    if (!item)
      return refuse(
        expression.at,
        `GROUP BY position ${expression.digits} is not in the select list`,
      );
    return resolveExpression(item.expression, scope);
  }
  try {
    return resolveExpression(expression, scope);
  } catch (error) {
    const alias =
      expression.kind === "name" && expression.parts.length === 1
        ? expression.parts[0]?.key
        : undefined;
    const item = select.items.find((item) => alias !== undefined && item.alias?.key === alias);
    if (!item || !(error instanceof SqlError)) throw error;
    return resolveExpression(item.expression, scope);
  }
}
