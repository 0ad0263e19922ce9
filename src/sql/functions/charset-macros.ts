import type { Macro } from "../prelude.ts";

/** Texts as the bytes of charsets, in hexadecimal. DuckDB itself knows UTF-8 only. */
export const charsetMacros: readonly Macro[] = [
  [
    "odps_codes(s)",
    "list_transform(list_filter(string_split(s, ''), lambda odps_part: odps_part <> ''), lambda odps_part: unicode(odps_part))",
  ],
  [
    "odps_wide_hex(s)",
    `CASE WHEN s IS NOT NULL THEN coalesce(array_to_string(list_transform(odps_codes(s), lambda odps_code: CASE WHEN odps_code < 65536 THEN printf('%04X', odps_code)
      ELSE printf('%04X%04X', 55296 + ((odps_code - 65536) >> 10), 56320 + ((odps_code - 65536) & 1023)) END), ''), '') END`,
  ],
  [
    "odps_units(h)",
    "list_transform(range(1, length(h), 4), lambda odps_at: CAST('0x' || substr(h, odps_at, 4) AS INTEGER))",
  ],
  [
    "odps_unit_texts(l)",
    `list_transform(l, lambda odps_unit, odps_at: CASE WHEN odps_unit BETWEEN 55296 AND 56319
      THEN chr(65536 + ((odps_unit - 55296) << 10) + (l[odps_at + 1] - 56320))
      WHEN odps_unit BETWEEN 56320 AND 57343 THEN '' ELSE chr(odps_unit) END)`,
  ],
  [
    "odps_wide_text(h)",
    "CASE WHEN h IS NOT NULL THEN coalesce(array_to_string(odps_unit_texts(odps_units(h)), ''), '') END",
  ],
  [
    "odps_swapped(h)",
    "array_to_string(list_transform(range(1, length(h), 4), lambda odps_at: substr(h, odps_at + 2, 2) || substr(h, odps_at, 2)), '')",
  ],
  [
    "odps_big_endian(h)",
    "CASE WHEN starts_with(h, 'FFFE') THEN odps_swapped(substr(h, 5)) WHEN starts_with(h, 'FEFF') THEN substr(h, 5) ELSE h END",
  ],
  [
    "odps_narrow_hex(s, most)",
    `CASE WHEN s IS NOT NULL THEN coalesce(array_to_string(list_transform(odps_codes(s),
      lambda odps_code: CASE WHEN odps_code <= most THEN printf('%02X', odps_code) ELSE '3F' END), ''), '') END`,
  ],
  [
    "odps_narrow_text(h, most)",
    `CASE WHEN h IS NOT NULL THEN coalesce(array_to_string(list_transform(odps_bytes(h),
      lambda odps_byte: CASE WHEN odps_byte <= most THEN chr(CAST(odps_byte AS INTEGER)) ELSE chr(65533) END), ''), '') END`,
  ],
];
