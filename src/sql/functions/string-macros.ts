import type { Macro } from "../prelude.ts";

/** Work on texts for which DuckDB has no function of its own. */
export const textMacros: readonly Macro[] = [
  [
    "odps_last_entries(l)",
    `list_filter(l, lambda odps_part, odps_at: odps_part.k IS NOT NULL AND NOT list_contains(
      list_transform(l[(odps_at + 1):], lambda odps_next: odps_next.k), odps_part.k))`,
  ],
  [
    "odps_substr(s, p, n)",
    `CASE WHEN p < -length(s) OR n <= 0 THEN '' ELSE
      substr(s, CASE WHEN p = 0 THEN 1 WHEN p < 0 THEN length(s) + p + 1 ELSE p END, n) END`,
  ],
  [
    "odps_instr(s, part, p, nth)",
    `CASE WHEN s IS NULL OR part IS NULL THEN NULL ELSE CAST(coalesce(list_filter(
      range(p, length(s) - length(part) + 2),
      lambda odps_at: substr(s, odps_at, length(part)) = part)[nth], 0) AS BIGINT) END`,
  ],
  [
    "odps_cut_tail(l)",
    `l[1:len(l) - coalesce(list_position(list_transform(list_reverse(l), lambda odps_part: odps_part <> ''), true) - 1, len(l))]`,
  ],
  [
    "odps_substring_index(s, sep, n)",
    `CASE WHEN n > 0 THEN array_to_string(string_split(s, sep)[1:n], sep)
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
    "CASE WHEN contains(x, sep) THEN 0 ELSE coalesce(list_position(string_split(l, sep), x), 0) END",
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
    "odps_conv(s, source, target)",
    `CASE WHEN source = 10 AND target = 2 THEN bin(TRY_CAST(s AS BIGINT))
      WHEN source = 10 AND target = 16 THEN hex(TRY_CAST(s AS BIGINT))
      WHEN source = 10 AND target = 8 THEN printf('%o', TRY_CAST(s AS BIGINT))
      WHEN source = 16 AND target = 10 THEN CAST(TRY_CAST('0x' || s AS BIGINT) AS VARCHAR)
      WHEN source = 2 AND target = 10 THEN CAST(TRY_CAST('0b' || s AS BIGINT) AS VARCHAR)
      WHEN source = 16 AND target = 2 THEN bin(TRY_CAST('0x' || s AS BIGINT))
      WHEN source = 2 AND target = 16 THEN hex(TRY_CAST('0b' || s AS BIGINT))
      WHEN source = target THEN s END`,
  ],
];
