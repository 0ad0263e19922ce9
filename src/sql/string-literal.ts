import { parseError } from "./sql-error.ts";
import type { Position } from "./tree.ts";

/** What a backslash and one letter stand for; any other character stands for itself. */
const escapes: Readonly<Record<string, string>> = {
  b: "\b",
  t: "\t",
  n: "\n",
  r: "\r",
  Z: "\x1a",
  // A pattern's own escapes reach LIKE as they were written.
  "%": "\\%",
  _: "\\_",
};

const octal = /[0-7]+/y;
const hex = /[0-9a-fA-F]{4}/y;

/** Reads the string in quotes at `start`: its value, and where it ends. */
export function readString(
  text: string,
  start: number,
  at: () => Position,
): { readonly value: string; readonly end: number } {
  const quote = text[start] ?? "'";
  let value = "";
  let from = start + 1;
  for (let offset = from; offset < text.length; ) {
    const found = text[offset];
    if (found === quote) {
      return { value: value + text.slice(from, offset), end: offset + 1 };
    }
    if (found !== "\\") {
      offset += 1;
      continue;
    }
    value += text.slice(from, offset);
    const escaped = readEscape(text, offset + 1, at);
    value += escaped.value;
    from = escaped.end;
    offset = from;
  }
  throw parseError(
    at(),
    `invalid token '${text.slice(start, start + 20)}', expect ${quote} at its end`,
  );
}

/** An octal escape has three digits; `\0` and `\00` are NUL, and other runs that begin with 0 are refused. */
function readEscape(
  text: string,
  start: number,
  at: () => Position,
): { readonly value: string; readonly end: number } {
  octal.lastIndex = start;
  const digits = octal.exec(text)?.[0] ?? "";
  if (digits === "0" || digits === "00") return { value: "\0", end: start + digits.length };
  if (digits.startsWith("0") && digits.length !== 3) {
    throw parseError(at(), `unexpected escape sequence: ${digits}`);
  }
  const three = digits.slice(0, 3);
  if (three.length === 3 && Number.parseInt(three, 8) < 128) {
    return { value: String.fromCharCode(Number.parseInt(three, 8)), end: start + 3 };
  }
  if (text[start] === "u") {
    hex.lastIndex = start + 1;
    const code = hex.exec(text)?.[0];
    if (code) return { value: String.fromCharCode(Number.parseInt(code, 16)), end: start + 5 };
  }
  const letter = text[start] ?? "";
  return { value: escapes[letter] ?? letter, end: start + 1 };
}
