/** Turns a model's pattern (Java's dialect) into an expression that must match the whole value. */
export function compilePattern(pattern: string): RegExp {
  const inline = /^\(\?([is]+)\)/.exec(pattern);
  const flags = inline?.[1] ?? "";
  const source = `^(?:${pattern.slice(inline?.[0].length ?? 0)})$`;
  try {
    return new RegExp(source, `u${flags}`);
  } catch {
    // Java allows escapes such as `\_` that only the older grammar accepts.
    return new RegExp(source, flags);
  }
}
