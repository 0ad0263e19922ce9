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
  ["nth_value(T, bigint) -> T", "nth_value($1, $2$N)$W"],
];
