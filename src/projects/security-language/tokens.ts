import { ServiceError } from "../../lib/service-error.ts";

/** A piece of a command. */
export interface Token {
  readonly kind: "word" | "quoted" | "sign" | "end";
  /** Without its quotes. */
  readonly text: string;
  readonly at: number;
}

const lengthMax = 65_536;
const tokensMax = 4096;

/** A word may be a user, a path or a number; what else a name holds is quoted. */
const word = /[\w$@.+:/*?%-]+/y;
const signs = "(),=;<>";

/** Takes a command apart. Throws a parse exception with its place. */
export function readTokens(text: string): readonly Token[] {
  if (text.length > lengthMax)
    throw parseException(text, 0, `the command is longer than ${lengthMax} characters`);
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const mark = text[at] ?? "";
    if (/\s/.test(mark)) {
      at += 1;
      continue;
    }
    if (tokens.length >= tokensMax)
      throw parseException(text, at, `the command has more than ${tokensMax} words`);
    if (mark === "'" || mark === '"' || mark === "`") {
      const { value, end } = readQuoted(text, at);
      tokens.push({ kind: "quoted", text: value, at });
      at = end;
    } else if (signs.includes(mark)) {
      tokens.push({ kind: "sign", text: mark, at });
      at += 1;
    } else {
      word.lastIndex = at;
      const [found] = word.exec(text) ?? [];
      if (found === undefined)
        throw parseException(text, at, `unexpected character '${printable(mark)}'`);
      tokens.push({ kind: "word", text: found, at });
      at += found.length;
    }
  }
  tokens.push({ kind: "end", text: "", at: text.length });
  return tokens;
}

/** Reads from a quote to the next that is neither doubled nor behind a backslash. */
function readQuoted(text: string, start: number): { readonly value: string; readonly end: number } {
  const quote = text[start] ?? "";
  let value = "";
  for (let at = start + 1; at < text.length; at += 1) {
    const mark = text[at] ?? "";
    if (mark === "\\" && quote !== "`" && at + 1 < text.length) {
      at += 1;
      value += text[at] ?? "";
    } else if (mark !== quote) {
      value += mark;
    } else if (text[at + 1] === quote) {
      at += 1;
      value += quote;
    } else {
      return { value, end: at + 1 };
    }
  }
  throw parseException(text, start, "the quote is not closed");
}

const printable = (text: string): string =>
  /[\p{C}]/u.test(text) ? `\\u${text.charCodeAt(0).toString(16).padStart(4, "0")}` : text;

/** A refusal of a command that cannot be read, with line and column from 1. */
export function parseException(text: string, at: number, why: string): ServiceError {
  const before = text.slice(0, at).split("\n");
  const place = `[${before.length},${(before.at(-1)?.length ?? 0) + 1}]`;
  return new ServiceError("ODPS-0130161", `ODPS-0130161:${place} Parse exception - ${why}`);
}
