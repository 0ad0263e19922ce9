import type { Macro } from "../prelude.ts";

/** The remainders of CRC-32 (polynomial 0xEDB88320) for each byte. */
const remainders = Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1)
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  return remainder >>> 0;
});

/** Calculations with numbers for which DuckDB has no function of its own. */
export const numberMacros: readonly Macro[] = [
  [
    "odps_conv_read(s, base)",
    `CASE base WHEN 2 THEN TRY_CAST('0b' || s AS BIGINT) WHEN 16 THEN TRY_CAST('0x' || s AS BIGINT)
      WHEN 10 THEN CASE WHEN regexp_full_match(s, '[0-9]+([.][0-9]*)?') THEN TRY_CAST(split_part(s, '.', 1) AS BIGINT) END
      WHEN 8 THEN CASE WHEN regexp_full_match(s, '[0-7]{1,20}') THEN list_reduce(
        list_transform(string_split(s, ''), lambda odps_part: CAST(odps_part AS BIGINT)),
        lambda odps_sum, odps_part: odps_sum * 8 + odps_part) END END`,
  ],
  [
    "odps_conv(s, source, target)",
    `CASE target WHEN 2 THEN bin(odps_conv_read(s, source)) WHEN 8 THEN printf('%o', odps_conv_read(s, source))
      WHEN 10 THEN CAST(odps_conv_read(s, source) AS VARCHAR) WHEN 16 THEN hex(odps_conv_read(s, source)) END`,
  ],
  ["odps_modulus(x, n)", "((x % n) + n) % n"],
  [
    "odps_wrap(x, n)",
    "CASE WHEN odps_modulus(x, n) >= n // 2 THEN odps_modulus(x, n) - n ELSE odps_modulus(x, n) END",
  ],
  [
    "odps_shift_left(x, n)",
    "CAST(odps_wrap(CAST(x AS HUGEINT) * (CAST(1 AS HUGEINT) << odps_modulus(n, 64)), 18446744073709551616) AS BIGINT)",
  ],
  [
    "odps_shift_left_int(x, n)",
    "CAST(odps_wrap(CAST(x AS HUGEINT) * (CAST(1 AS HUGEINT) << odps_modulus(n, 32)), 4294967296) AS INTEGER)",
  ],
  [
    "odps_decimal_digits(s, n)",
    `CASE WHEN starts_with(s, '-') THEN '-' ELSE '' END
      || format('{:,}', CAST(split_part(ltrim(s, '-'), '.', 1) AS HUGEINT))
      || CASE WHEN n > 0 THEN '.' || rpad(left(split_part(s, '.', 2), n), n, '0') ELSE '' END`,
  ],
  [
    "odps_bytes(h)",
    "list_transform(range(1, length(h), 2), lambda odps_at: CAST('0x' || substr(h, odps_at, 2) AS BIGINT))",
  ],
  [
    "odps_crc32(s)",
    `xor(4294967295, list_reduce(odps_bytes(hex(s)),
      lambda odps_sum, odps_byte: xor(odps_sum >> 8, [${remainders.join(",")}][(xor(odps_sum, odps_byte) & 255) + 1]),
      CAST(4294967295 AS BIGINT)))`,
  ],
  [
    "odps_interpolated(low, high, share)",
    "CASE WHEN share = 0 THEN low ELSE coalesce(low, high) + (high - coalesce(low, high)) * share END",
  ],
  [
    "odps_percentile_cont(l, p)",
    `odps_interpolated(l[CAST(floor(p * (len(l) - 1)) AS BIGINT) + 1], l[CAST(ceil(p * (len(l) - 1)) AS BIGINT) + 1],
      p * (len(l) - 1) - floor(p * (len(l) - 1)))`,
  ],
  ["odps_percentile_disc(l, p)", "l[greatest(CAST(ceil(p * len(l)) AS BIGINT), 1)]"],
  [
    "odps_approached(l, high, rank)",
    `CASE WHEN high = l[1] THEN high ELSE l[list_position(l, high) - 1]
      + (rank - (list_position(l, high) - 1)) * (high - l[list_position(l, high) - 1])
      / len(list_filter(l, lambda odps_part: odps_part = high)) END`,
  ],
  ["odps_percentile_approx(l, p)", "odps_approached(l, odps_percentile_disc(l, p), p * len(l))"],
];
