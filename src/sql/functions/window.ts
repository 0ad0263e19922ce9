import type { Typed } from "../conversion.ts";
import type { Building, FunctionRow } from "./row.ts";

const edge =
  (name: string) =>
  ([value, ignored]: readonly Typed[], building: Building): string => {
    if (ignored && typeof ignored.literal !== "boolean")
      building.refuse(`${name} is told by a constant whether NULLs count`);
    const { marks } = building;
    const ignore = ignored?.literal === true ? " IGNORE NULLS" : "";
    return `${name}(${value?.sql}${ignore}${marks["N"]})${marks["W"]}`;
  };

/** CLUSTER_SAMPLE(n) chooses n rows of each part by chance, and CLUSTER_SAMPLE(n, m) m of every n. */
function clusterSample([rows, share]: readonly Typed[], building: Building): string {
  const counts = [rows, ...(share ? [share] : [])].map((each) => each?.literal);
  if (counts.includes(null)) return "CAST(NULL AS BOOLEAN)";
  if (!counts.every((count) => typeof count === "bigint" && count > 0n))
    return building.refuse("CLUSTER_SAMPLE takes numbers above 0");
  if (share && BigInt(String(share.literal)) > BigInt(String(rows?.literal)))
    return building.refuse("CLUSTER_SAMPLE takes no more parts than there are");
  const over = building.marks["W"] ?? "";
  if (/ORDER BY|ROWS|RANGE/.test(over.replace(/"[^"]*"|'[^']*'/g, "")))
    return building.refuse("CLUSTER_SAMPLE takes no order and no frame");
  const place = `row_number()${over.slice(0, -1)} ORDER BY random())`;
  return share
    ? `(${place} <= count(*)${over} * ${share.sql} // ${rows?.sql})`
    : `(${place} <= ${rows?.sql})`;
}

/** Functions that need OVER. */
export const windowFunctions: readonly FunctionRow[] = [
  ["row_number() -> bigint", "row_number()$W"],
  ["rank() -> bigint", "rank()$W"],
  ["dense_rank() -> bigint", "dense_rank()$W"],
  ["percent_rank() -> double", "percent_rank()$W"],
  ["cume_dist() -> double", "cume_dist()$W"],
  ["ntile(bigint) -> bigint", "ntile($1)$W"],
  ["lag(T) -> T", "lag($1$N)$W"],
  ["lag(T, bigint) -> T", "lag($1, CAST($2 AS INTEGER)$N)$W"],
  ["lag(T, bigint, T) -> T", "lag($1, CAST($2 AS INTEGER), $3$N)$W"],
  ["lead(T) -> T", "lead($1$N)$W"],
  ["lead(T, bigint) -> T", "lead($1, CAST($2 AS INTEGER)$N)$W"],
  ["lead(T, bigint, T) -> T", "lead($1, CAST($2 AS INTEGER), $3$N)$W"],
  ["first_value(T, boolean?) -> T", edge("first_value")],
  ["last_value(T, boolean?) -> T", edge("last_value")],
  ["cluster_sample(literal bigint, literal bigint?) -> boolean", clusterSample],
  ["nth_value(T, bigint) -> T", "nth_value($1, $2$N)$W"],
  [
    "nth_value(T, bigint, literal boolean) -> T",
    ([value, place, skipped], { marks }) =>
      `nth_value(${value?.sql}, ${place?.sql}${skipped?.literal === true ? " IGNORE NULLS" : ""}${marks["N"]})${marks["W"]}`,
  ],
];
