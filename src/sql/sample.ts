import { resolveExpression } from "./expression.ts";
import type { Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type { Expression, TableSample } from "./tree.ts";

const numberOf = (expression: Expression, most: number, scope: Scope): number => {
  const value = Number(resolveExpression(expression, scope).literal ?? Number.NaN);
  if (value >= 0 && value <= most) return value;
  return refuse(expression.at, `TABLESAMPLE takes a constant number up to ${most}`);
};

/** Some rows of the relation that was brought in last. Which ones a bucket has is DuckDB's hash, not MaxCompute's. */
export function sampleText(relation: string, sample: TableSample, scope: Scope): string {
  const { amount, method, outOf, on, at } = sample;
  if (method === "percent") {
    return `${relation} TABLESAMPLE bernoulli(${numberOf(amount, 100, scope)} PERCENT)`;
  }
  if (method === "rows") {
    return `${relation} TABLESAMPLE reservoir(${Math.floor(numberOf(amount, 10_000, scope))} ROWS)`;
  }
  const buckets = outOf ? Math.floor(numberOf(outOf, 1_000_000, scope)) : 0;
  const bucket = Math.floor(numberOf(amount, 1_000_000, scope));
  if (bucket < 1 || bucket > buckets) return refuse(at, "TABLESAMPLE takes a bucket from 1 on");
  const inner: Scope = { ...scope, sources: scope.sources.slice(-1) };
  const keys = on.map((key) => resolveExpression(key, inner).sql);
  const chosen =
    keys.length > 0
      ? `hash(${keys.join(", ")}) % ${buckets} = ${bucket - 1}`
      : `random() * ${buckets} < 1`;
  const own = / AS ("[^"]+")$/.exec(relation)?.[1];
  return `(SELECT * FROM ${relation} WHERE ${chosen}) AS ${own}`;
}
