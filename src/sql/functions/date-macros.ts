import type { Macro } from "../prelude.ts";

/** Calculations with dates for which DuckDB has no function of its own. */
export const dateMacros: readonly Macro[] = [
  [
    "odps_next_day(d, name)",
    `CASE WHEN name IS NOT NULL THEN d + CAST((coalesce(nullif((list_position(['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'],
      lower(left(name, 2))) - isodow(d) + 7) % 7, 0), 7)) AS INTEGER) END`,
  ],
  [
    "odps_padded_date(s)",
    `CASE WHEN regexp_full_match(s, '[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,2}( .*)?')
      THEN lpad(split_part(s, '-', 1), 4, '0') || '-' || lpad(split_part(s, '-', 2), 2, '0') || '-'
        || lpad(split_part(split_part(s, '-', 3), ' ', 1), 2, '0')
        || CASE WHEN contains(s, ' ') THEN substr(s, instr(s, ' ')) ELSE '' END END`,
  ],
  ["odps_loose_moment(s)", "odps_text_moment(odps_padded_date(s))"],
  [
    "odps_clock_moment(s)",
    `odps_text_moment(CASE WHEN regexp_full_match(s, '[0-9]{2}:[0-9]{2}:[0-9]{2}')
      THEN '1970-01-01 ' || s ELSE odps_padded_date(s) END)`,
  ],
  [
    "odps_months_between(a, b)",
    `CASE WHEN day(a) = day(b) OR (CAST(a AS DATE) = last_day(a) AND CAST(b AS DATE) = last_day(b))
      THEN CAST((year(a) - year(b)) * 12 + month(a) - month(b) AS DOUBLE)
      ELSE (year(a) - year(b)) * 12 + month(a) - month(b) + (day(a) - day(b)
        + (epoch(a - date_trunc('day', a)) - epoch(b - date_trunc('day', b))) / 86400) / 31 END`,
  ],
];
