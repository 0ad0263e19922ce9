import type { Macro } from "../prelude.ts";

/** Calculations with dates for which DuckDB has no function of its own. */
export const dateMacros: readonly Macro[] = [
  [
    "odps_next_day(d, name)",
    `d + CAST((coalesce(nullif((list_position(['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'],
      lower(left(name, 2))) - isodow(d) + 7) % 7, 0), 7)) AS INTEGER)`,
  ],
  [
    "odps_months_between(a, b)",
    `CASE WHEN day(a) = day(b) OR (CAST(a AS DATE) = last_day(a) AND CAST(b AS DATE) = last_day(b))
      THEN CAST((year(a) - year(b)) * 12 + month(a) - month(b) AS DOUBLE)
      ELSE round((year(a) - year(b)) * 12 + month(a) - month(b) + (day(a) - day(b)
        + (epoch(a - date_trunc('day', a)) - epoch(b - date_trunc('day', b))) / 86400) / 31, 8) END`,
  ],
];
