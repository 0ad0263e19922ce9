import type { Macro } from "../prelude.ts";
import type { FunctionRow } from "./row.ts";

/** The first two digits: provinces of GB/T 2260. */
const provinces =
  "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82";
/** How much each digit counts for the last one (GB 11643). */
const weights = "7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2";

/** Numbers of Chinese identity cards: of 18 digits, the last of which checks the others, or of 15 as before 1999. */
export const cardMacros: readonly Macro[] = [
  [
    "odps_card_check(s)",
    `substr('10X98765432', CAST(list_reduce(list_transform(range(1, 18),
      lambda odps_at: [${weights}][odps_at] * CAST(substr(s, odps_at, 1) AS BIGINT)),
      lambda odps_sum, odps_part: odps_sum + odps_part, CAST(0 AS BIGINT)) % 11 AS BIGINT) + 1, 1)`,
  ],
  [
    "odps_card_birthday(s)",
    `CASE WHEN NOT list_contains([${provinces.replace(/\d+/g, "'$&'").replaceAll(" ", ", ")}], left(s, 2)) THEN NULL
      WHEN regexp_full_match(s, '[0-9]{15}')
        THEN odps_whole_date('19' || substr(s, 7, 2) || '-' || substr(s, 9, 2) || '-' || substr(s, 11, 2))
      WHEN regexp_full_match(s, '[0-9]{17}[0-9Xx]') THEN CASE WHEN odps_card_check(s) = upper(substr(s, 18, 1))
        THEN odps_whole_date(substr(s, 7, 4) || '-' || substr(s, 11, 2) || '-' || substr(s, 13, 2)) END END`,
  ],
];

/** What the number of an identity card tells; a number that is none tells nothing. */
export const cardFunctions: readonly FunctionRow[] = [
  ["get_idcard_birthday(string) -> datetime", "CAST(odps_card_birthday($1) AS TIMESTAMPTZ)"],
  [
    "get_idcard_age(string) -> bigint",
    "(year(CAST(now() AS DATE)) - year(odps_card_birthday($1)))",
  ],
  [
    "get_idcard_sex(string) -> string",
    `CASE WHEN odps_card_birthday($1) IS NOT NULL THEN CASE WHEN list_contains(['1', '3', '5', '7', '9'],
      substr($1, CASE WHEN length($1) = 15 THEN 15 ELSE 17 END, 1)) THEN 'M' ELSE 'F' END END`,
  ],
];
