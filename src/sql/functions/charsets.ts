import type { Typed } from "../conversion.ts";
import type { Building, FunctionRow } from "./row.ts";

interface Charset {
  /** A text's bytes in hexadecimal, and the text of bytes that are told so. */
  readonly write: (text: string) => string;
  readonly read: (hex: string) => string;
}

const narrow = (most: number): Charset => ({
  write: (text) => `odps_narrow_hex(${text}, ${most})`,
  read: (hex) => `odps_narrow_text(${hex}, ${most})`,
});

const chinese = (charset: string): Charset => ({
  write: (text) => `hex(odps_own_to_${charset}(encode(${text})))`,
  read: (hex) => `decode(odps_own_from_${charset}(unhex(${hex})))`,
});

const charsets: Readonly<Record<string, Charset>> = {
  "utf-8": { write: (text) => `hex(${text})`, read: (hex) => `decode(unhex(${hex}))` },
  // Java writes a mark of the order before UTF-16 that is told without one.
  "utf-16": {
    write: (text) => `('FEFF' || odps_wide_hex(${text}))`,
    read: (hex) => `odps_wide_text(odps_big_endian(${hex}))`,
  },
  "utf-16be": {
    write: (text) => `odps_wide_hex(${text})`,
    read: (hex) => `odps_wide_text(${hex})`,
  },
  "utf-16le": {
    write: (text) => `odps_swapped(odps_wide_hex(${text}))`,
    read: (hex) => `odps_wide_text(odps_swapped(${hex}))`,
  },
  "iso-8859-1": narrow(255),
  "us-ascii": narrow(127),
  gbk: chinese("gbk"),
  gb2312: chinese("gb2312"),
};

function charsetOf(name: Typed | undefined, building: Building): Charset {
  const key = String(name?.literal).toLowerCase();
  return Object.hasOwn(charsets, key)
    ? (charsets[key] as Charset)
    : building.refuse(`charset '${String(name?.literal)}' is not supported`);
}

/** ENCODE(text, charset). */
function encode([text, name]: readonly Typed[], building: Building): string {
  if (name?.literal === null) return "CAST(NULL AS BLOB)";
  return `unhex(${charsetOf(name, building).write(text?.sql ?? "NULL")})`;
}

/** DECODE(bytes, charset): bytes that are no text of the charset give NULL. */
function decodeBytes([bytes, name]: readonly Typed[], building: Building): string {
  if (name?.literal === null) return "CAST(NULL AS VARCHAR)";
  return `TRY(${charsetOf(name, building).read(`hex(${bytes?.sql})`)})`;
}

/** FROM_CHARSET(bytes, charset): bytes that are no text of the charset end the statement. */
function fromCharset([bytes, name, mode]: readonly Typed[], building: Building): string {
  if (name?.literal === null) return "CAST(NULL AS VARCHAR)";
  if (mode && String(mode.literal).toUpperCase() !== "NONE")
    return building.refuse("FROM_CHARSET is supported with the mode NONE");
  return `CASE WHEN ${bytes?.sql} IS NOT NULL THEN coalesce(${decodeBytes(
    [bytes, name].filter((each) => each !== undefined),
    building,
  )}, error('FROM_CHARSET met bytes that are no text of the charset')) END`;
}

/** IS_ENCODING(text, from, to): whether a charset has all characters of a text. */
function isEncoding([text, from, to]: readonly Typed[], building: Building): string {
  if (from?.literal === null || to?.literal === null) return "CAST(NULL AS BOOLEAN)";
  if (!/^utf-?8$/i.test(String(from?.literal)))
    return building.refuse("IS_ENCODING reads texts as UTF-8, in which all of them are");
  const { write, read } = charsetOf(to, building);
  const sql = text?.sql ?? "NULL";
  return `CASE WHEN ${sql} IS NOT NULL THEN coalesce(TRY(${read(write(sql))}) = ${sql}, false) END`;
}

/** Functions of texts in other charsets than UTF-8. */
export const charsetFunctions: readonly FunctionRow[] = [
  ["encode(string, literal string) -> binary", encode],
  ["decode(binary, literal string) -> string", decodeBytes],
  ["is_encoding(string, literal string, literal string) -> boolean", isEncoding],
  ["from_charset(binary, literal string, literal string?) -> string", fromCharset],
];
