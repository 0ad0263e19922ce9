/** A table of lines and pipes, as the official client's users know it. */
export function asciiTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const rule = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+`;
  const line = (cells: readonly string[]): string =>
    `|${widths.map((width, column) => ` ${(cells[column] ?? "").padEnd(width)} `).join("|")}|`;
  return [rule, line(head), rule, ...rows.flatMap((row) => [line(row), rule])].join("\n");
}

/** A time as listings show it: `2026-11-28T10:00:00+0000`. */
export const listedTime = (timeMs: number): string =>
  `${new Date(timeMs).toISOString().slice(0, 19)}+0000`;
