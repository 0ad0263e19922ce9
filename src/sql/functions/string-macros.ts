import type { Macro } from "../prelude.ts";

/** Work on texts for which DuckDB has no function of its own. */
export const textMacros: readonly Macro[] = [
  [
    "odps_last_entries(l)",
    `list_filter(l, lambda odps_part, odps_at: odps_part.k IS NOT NULL AND NOT list_contains(
      list_transform(l[(odps_at + 1):], lambda odps_next: odps_next.k), odps_part.k))`,
  ],
  [
    "odps_distinct(l)",
    `CASE WHEN len(l) > 1000
      THEN list_concat(list_distinct(l), CASE WHEN list_count(l) < len(l) THEN [NULL] ELSE [] END)
      ELSE list_filter(l, lambda odps_part, odps_at: list_position(l, odps_part) = odps_at) END`,
  ],
  [
    "odps_overlap(a, b)",
    `CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN list_has_any(a, b) THEN true
      WHEN len(a) > 0 AND len(b) > 0 AND (list_count(a) < len(a) OR list_count(b) < len(b)) THEN NULL ELSE false END`,
  ],
  [
    "odps_substr(s, p, n)",
    `CASE WHEN p < -length(s) OR n <= 0 OR (p = 0 AND s IS NOT NULL AND n IS NOT NULL) THEN '' ELSE
      substr(s, CASE WHEN p < 0 THEN length(s) + p + 1 ELSE p END, n) END`,
  ],
  [
    "odps_instr(s, part, p, nth)",
    `CASE WHEN s IS NULL OR part IS NULL OR p IS NULL OR nth IS NULL THEN NULL ELSE CAST(coalesce(list_filter(
      CASE WHEN p < 0 THEN range(length(s) + p + 1, 0, -1) ELSE range(p, length(s) - length(part) + 2) END,
      lambda odps_at: substr(s, odps_at, length(part)) = part)[nth], 0) AS BIGINT) END`,
  ],
  [
    "odps_cut_tail(l)",
    `l[1:len(l) - coalesce(list_position(list_transform(list_reverse(l), lambda odps_part: odps_part <> ''), true) - 1, len(l))]`,
  ],
  [
    "odps_substring_index(s, sep, n)",
    `CASE WHEN sep IS NULL THEN NULL WHEN n > 0 THEN array_to_string(string_split(s, sep)[1:n], sep)
      WHEN n < 0 THEN array_to_string(list_slice(string_split(s, sep),
        greatest(len(string_split(s, sep)) + n + 1, 1), len(string_split(s, sep))), sep)
      WHEN n = 0 AND s IS NOT NULL AND sep IS NOT NULL THEN '' END`,
  ],
  [
    "odps_key_value(s, items, pair, k)",
    `split_part(list_filter(string_split(s, items), lambda odps_part: split_part(odps_part, pair, 1) = k
      AND contains(odps_part, pair))[1], pair, 2)`,
  ],
  ["odps_json_path(j, p)", "CASE WHEN json_valid(j) THEN TRY(json_extract_string(j, p)) END"],
  [
    "odps_initcap(s)",
    `array_to_string(list_transform(string_split(s, ' '),
      lambda odps_part: upper(left(odps_part, 1)) || lower(substr(odps_part, 2))), ' ')`,
  ],
  [
    "odps_find_in_set(x, l, sep)",
    "CASE WHEN x IS NULL OR l IS NULL THEN NULL WHEN contains(x, sep) THEN 0 ELSE coalesce(list_position(string_split(l, sep), x), 0) END",
  ],
  [
    "odps_parse_url(u, part)",
    `CASE upper(part)
      WHEN 'PROTOCOL' THEN nullif(regexp_extract(u, '^([^:/?#]+):', 1), '')
      WHEN 'HOST' THEN nullif(regexp_extract(u, '^[^:/?#]+://(?:[^@/?#]*@)?([^:/?#]*)', 1), '')
      WHEN 'PORT' THEN nullif(regexp_extract(u, '^[^:/?#]+://[^/?#]*:([0-9]+)', 1), '')
      WHEN 'AUTHORITY' THEN nullif(regexp_extract(u, '^[^:/?#]+://([^/?#]*)', 1), '')
      WHEN 'USERINFO' THEN nullif(regexp_extract(u, '^[^:/?#]+://([^@/?#]*)@', 1), '')
      WHEN 'PATH' THEN regexp_extract(u, '^[^:/?#]+://[^/?#]*([^?#]*)', 1)
      WHEN 'QUERY' THEN nullif(regexp_extract(u, '[?]([^#]*)', 1), '')
      WHEN 'REF' THEN nullif(regexp_extract(u, '#(.*)$', 1), '')
      WHEN 'FILE' THEN regexp_extract(u, '^[^:/?#]+://[^/?#]*([^#]*)', 1) END`,
  ],
  ["odps_query_value(u, k)", `odps_key_value(odps_parse_url(u, 'QUERY'), '&', '=', k)`],
  [
    "odps_lengths(l, n)",
    "coalesce(list_sum(list_transform(l[1:n], lambda odps_part: length(odps_part))), 0)",
  ],
  [
    "odps_regexp_instr(s, p, start, nth, behind)",
    `CASE WHEN len(regexp_extract_all(substr(s, start), p)) >= nth THEN CAST(start
      + odps_lengths(string_split_regex(substr(s, start), p), nth)
      + odps_lengths(regexp_extract_all(substr(s, start), p), nth - 1 + behind) AS BIGINT)
      WHEN s IS NOT NULL AND p IS NOT NULL THEN 0 END`,
  ],
  [
    "odps_regexp_replace(s, p, r, nth)",
    `CASE WHEN odps_regexp_instr(s, p, 1, nth, 0) = 0 THEN s
      ELSE left(s, odps_regexp_instr(s, p, 1, nth, 0) - 1)
        || regexp_replace(regexp_extract_all(s, p)[nth], p, r)
        || substr(s, odps_regexp_instr(s, p, 1, nth, 1)) END`,
  ],
  ["odps_sound_letters(s)", "regexp_replace(upper(s), '[^A-Z]', '', 'g')"],
  [
    "odps_sound_codes(s)",
    `regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(translate(left(s, 1) || regexp_replace(substr(s, 2), '[HW]', '', 'g'),
      'BFPVCGJKQSXZDTLMNRAEIOUYHW', '11112222222233455600000000'), '1+', '1', 'g'), '2+', '2', 'g'), '3+', '3', 'g'), '4+', '4', 'g'), '5+', '5', 'g'), '6+', '6', 'g')`,
  ],
  [
    "odps_soundex(s)",
    `left(odps_sound_letters(s), 1) || rpad(left(replace(substr(
      odps_sound_codes(odps_sound_letters(s)), 2), '0', ''), 3), 3, '0')`,
  ],
];
