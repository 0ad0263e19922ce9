import { isOn } from "./catalog.ts";
import { resolveExpression } from "./expression.ts";
import type { Resolved, Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type { FrameBound, Name, OrderItem, WindowDefinition } from "./tree.ts";

/** NULL is the least value, whatever DuckDB's own default is. */
export function orderText(item: OrderItem, scope: Scope): Resolved {
  const value = resolveExpression(item.expression, scope);
  return { ...value, sql: `${value.sql} ${directionText(item)}` };
}

/** ASC or DESC, and where NULLs go. */
export function directionText({ descending, nulls }: OrderItem): string {
  const place = nulls ?? (descending ? "last" : "first");
  return `${descending ? "DESC" : "ASC"} NULLS ${place.toUpperCase()}`;
}

/** Aggregates whose frame, where an order and no frame is written, ends at the row and not at those equal to it. */
const runningAggregates = new Set("avg count max min stddev stddev_pop stddev_samp sum".split(" "));

/** What stands in the parentheses of OVER, for a call of a function. */
export function overText(over: WindowDefinition | Name, scope: Scope, functionName = ""): Resolved {
  const window = "kind" in over ? over : named(over, scope);
  const base = window.base && named(window.base, scope);
  const partitionBy =
    window.partitionBy.length > 0 ? window.partitionBy : (base?.partitionBy ?? []);
  const orderBy = window.orderBy.length > 0 ? window.orderBy : (base?.orderBy ?? []);
  const parts = partitionBy.map((expression) => resolveExpression(expression, scope));
  const order = orderBy.map((item) => orderText(item, scope));
  const frame = window.frame ?? base?.frame;
  const uses = [...parts, ...order].flatMap((part) => part.uses);
  const texts: string[] = [];
  if (parts.length > 0) texts.push(`PARTITION BY ${parts.map(({ sql }) => sql).join(", ")}`);
  if (order.length > 0) texts.push(`ORDER BY ${order.map(({ sql }) => sql).join(", ")}`);
  if (frame) {
    const [start, end] = [frame.start, frame.end].map((bound) => boundText(bound, scope));
    const exclude = frame.exclude
      ? ` EXCLUDE ${frame.exclude.replace("-", " ").toUpperCase()}`
      : "";
    texts.push(`${frame.unit.toUpperCase()} BETWEEN ${start} AND ${end}${exclude}`);
  } else if (order.length > 0 && runningAggregates.has(functionName) && !isHive(scope)) {
    texts.push("ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW");
  }
  return { sql: texts.join(" "), type: { kind: "void" }, uses };
}

const isHive = ({ environment }: Scope): boolean =>
  isOn(environment.world.catalog, "odps.sql.hive.compatible", false);

function boundText(bound: FrameBound, scope: Scope): string {
  if ("value" in bound) {
    return `${resolveExpression(bound.value, scope).sql} ${bound.kind.toUpperCase()}`;
  }
  return bound.kind.replace("-", " ").toUpperCase();
}

function named(name: Name, scope: Scope): WindowDefinition {
  const window = scope.windows.get(name.key);
  return window ?? refuse(name.at, `window ${name.text} cannot be resolved`);
}
