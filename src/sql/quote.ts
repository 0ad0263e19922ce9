/**
 * The only two ways in which a text of the user enters DuckDB's SQL. DuckDB knows no escapes inside quotes but the
 * doubled quote; a NUL would end the text, so none is let through.
 */
export function quoteName(name: string): string {
  return `"${whole(name.replaceAll("\0", "\uFFFD")).replaceAll('"', '""')}"`;
}

/** A text as a literal. */
export function quoteText(text: string): string {
  const parts = text.split("\0").map((part) => `'${whole(part).replaceAll("'", "''")}'`);
  return parts.length === 1 ? (parts[0] ?? "''") : `(${parts.join(" || chr(0) || ")})`;
}

/** A lone half of a surrogate pair has no UTF-8 form. */
function whole(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}
