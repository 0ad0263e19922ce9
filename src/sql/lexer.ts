import { parseError } from "./sql-error.ts";
import { readString } from "./string-literal.ts";
import type { Position } from "./tree.ts";

/** A piece of SQL text. */
export interface Token {
  readonly kind:
    | "word"
    | "quoted"
    | "string"
    | "number"
    | "symbol"
    | "variable"
    | "hint"
    | "code"
    | "end";
  /** What it is compared by: a word in upper case, a symbol itself, otherwise empty. */
  readonly key: string;
  /** A name without backquotes, a string's value, a hint's inner text, otherwise as it was written. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
  readonly at: Position;
}

export interface Lexer {
  /** The next piece; after the last one, `end` again and again. */
  next(): Token;
  /** Goes on at an offset that is not before the last piece. */
  skipTo(offset: number): void;
}

/** Longer ones mean an attack: MaxCompute's names have 128 characters, its numbers 38 digits. */
const nameMax = 512;
const numberMax = 512;
const codeStart = "#CODE";
const codeEnd = "#END CODE";
const number = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?:[\p{L}_][\p{L}\p{N}_]*)?/uy;
const wideWord = /[\p{L}_][\p{L}\p{N}_]*/uy;
const symbols = new Set(
  `<=> <> <= >= == != || && := -> ( ) [ ] , ; . : + - * / % & | ^ ~ = < > !`.split(" "),
);

const isDigit = (code: number) => code >= 48 && code <= 57;
const isAsciiName = (code: number) =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || isDigit(code) || code === 95;

/** Cuts SQL text into pieces, one at a time, so that a hostile text costs no more than what was read of it. */
export function createLexer(text: string): Lexer {
  let offset = 0;
  let line = 1;
  let lineStart = 0;
  let lineEnd = text.indexOf("\n");
  let last: Token | undefined;

  const here = (): Position => ({ line, column: offset - lineStart + 1 });
  const piece = (kind: Token["kind"], key: string, value: string, end: number): Token => {
    const token = { kind, key, value, start: offset, end, at: here() };
    countLines(end);
    offset = end;
    last = token;
    return token;
  };
  /** Each line end is looked for once: searching from every piece would cost the square of a long line. */
  const countLines = (to: number): void => {
    while (lineEnd !== -1 && lineEnd < to) {
      line += 1;
      lineStart = lineEnd + 1;
      lineEnd = text.indexOf("\n", lineStart);
    }
  };
  const comment = (): Token | undefined => {
    const end = text.indexOf("*/", offset + 2);
    if (end === -1) throw parseError(here(), "invalid token '/*', expect \"*/\" at its end");
    const isHint = text.charCodeAt(offset + 2) === 43 && last?.key === "SELECT";
    if (isHint) return piece("hint", "", text.slice(offset + 3, end).trim(), end + 2);
    countLines(end);
    offset = end + 2;
    return undefined;
  };
  /** Passes blanks and comments; a hint is a piece. */
  const blanks = (): Token | undefined => {
    for (;;) {
      const code = text.charCodeAt(offset);
      if (code === 10) countLines(offset + 1);
      else if (code === 45 && text.charCodeAt(offset + 1) === 45) {
        const end = text.indexOf("\n", offset);
        offset = end === -1 ? text.length : end;
        continue;
      } else if (code === 47 && text.charCodeAt(offset + 1) === 42) {
        const hint = comment();
        if (hint) return hint;
        continue;
      } else if (code !== 32 && code !== 9 && code !== 13 && code !== 12 && code !== 0xfeff) {
        return undefined;
      }
      offset += 1;
    }
  };
  const word = (): Token => {
    let end = offset + 1;
    while (isAsciiName(text.charCodeAt(end))) end += 1;
    if (text.charCodeAt(end) >= 128) end = wideEnd();
    short(end, nameMax, "a name");
    const value = text.slice(offset, end);
    return piece("word", value.toUpperCase(), value, end);
  };
  const wideEnd = (): number => {
    wideWord.lastIndex = offset;
    return wideWord.test(text) ? wideWord.lastIndex : unknown();
  };
  const backquoted = (): Token => {
    let end = text.indexOf("`", offset + 1);
    while (end !== -1 && text.charCodeAt(end + 1) === 96) end = text.indexOf("`", end + 2);
    if (end === -1) throw parseError(here(), "invalid token '`', expect \"`\" at its end");
    short(end, nameMax, "a name");
    const value = text.slice(offset + 1, end).replaceAll("``", "`");
    if (value.trim() === "") throw parseError(here(), "invalid token '``', expect a name in it");
    return piece("quoted", "", value, end + 1);
  };
  const variable = (): Token => {
    let end = offset + 1;
    while (isAsciiName(text.charCodeAt(end))) end += 1;
    if (end === offset + 1) return unknown();
    short(end, nameMax, "a name");
    return piece("variable", "", text.slice(offset + 1, end), end);
  };
  const symbol = (): Token => {
    for (let length = 3; length > 0; length -= 1) {
      const found = text.slice(offset, offset + length);
      if (symbols.has(found)) return piece("symbol", found, found, offset + found.length);
    }
    return unknown();
  };
  /** Code in another language, up to the line that ends it. */
  const foreign = (): Token => {
    const end = text.indexOf(codeEnd, offset);
    if (end === -1) throw parseError(here(), `invalid token '${codeStart}', expect "${codeEnd}"`);
    const inner = text.slice(offset + codeStart.length, end);
    return piece("code", codeStart, inner, end + codeEnd.length);
  };
  const short = (end: number, max: number, what: string): number => {
    if (end - offset > max) throw parseError(here(), `${what} is longer than ${max} characters`);
    return end;
  };
  const unknown = (): never => {
    const found = String.fromCodePoint(text.codePointAt(offset) ?? 0);
    throw parseError(here(), `invalid token '${found}'`);
  };

  /** `t.1` is no number, and neither is the dot of `a[1].b`. */
  const mayBeFraction = () =>
    isDigit(text.charCodeAt(offset + 1)) &&
    !(last?.kind === "word" || last?.kind === "quoted" || last?.key === ")" || last?.key === "]");

  const next = (): Token => {
    const hint = blanks();
    if (hint) return hint;
    if (offset >= text.length) return piece("end", "", "<EOF>", text.length);
    const code = text.charCodeAt(offset);
    if (isDigit(code) || (code === 46 && mayBeFraction())) {
      number.lastIndex = offset;
      number.test(text);
      const end = short(number.lastIndex, numberMax, "a number");
      return piece("number", "", text.slice(offset, end), end);
    }
    if (isAsciiName(code)) return word();
    if (code === 39 || code === 34) {
      const { value, end } = readString(text, offset, here);
      return piece("string", "", value, end);
    }
    if (code === 96) return backquoted();
    if (code === 64) return variable();
    if (code === 35 && text.startsWith(codeStart, offset)) return foreign();
    if (code >= 128) {
      const end = short(wideEnd(), nameMax, "a name");
      const value = text.slice(offset, end);
      return piece("word", value.toUpperCase(), value, end);
    }
    return symbol();
  };

  return {
    next,
    skipTo: (target) => {
      countLines(target);
      offset = Math.max(offset, target);
    },
  };
}
