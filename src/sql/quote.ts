/**
 * The only two ways in which a text of the user enters DuckDB's SQL. DuckDB knows no escapes inside quotes but the
 * doubled quote; a NUL would end the text, so none is let through.
 */
export function quoteName(name: string): string {
  return `"${clean(name).replaceAll('"', '""')}"`;
}

/** A text as a literal. */
export function quoteText(text: string): string {
  const parts = text.split("\u0000").map((part) => `'${clean(part).replaceAll("'", "''")}'`);
  return parts.length === 1 ? (parts[0] ?? "''") : `(${parts.join(" || chr(0) || ")})`;
}

/** A lone half of a surrogate pair has no UTF-8 form. */
function clean(text: string): string {
  return text.replace(
    /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]|\u0000/g,
    "\uFFFD",
  );
}
