import type { ServiceError } from "../../lib/service-error.ts";
import { parseException, readTokens, type Token } from "./tokens.ts";

/** Goes through the tokens of one command. */
export interface Reader {
  /** Whether these words come next; quoted ones are names, never keywords. */
  sees(...words: readonly string[]): boolean;
  /** Takes the words if they come next. */
  takes(...words: readonly string[]): boolean;
  /** Takes one of the words, in lower case, or refuses. */
  oneOf(...words: readonly string[]): string;
  expect(...words: readonly string[]): void;
  /** A name: a word, or anything in quotes. */
  name(what: string): string;
  /** A text in quotes, or a word. */
  text(what: string): string;
  number(what: string): number;
  /** What stands in parentheses, or as a list without, separated by commas. */
  list<Item>(read: () => Item): readonly Item[];
  isOver(): boolean;
  /** Whether the word after the next is this one. */
  follows(word: string): boolean;
  end(): void;
  /** A refusal at the next token. */
  refuse(why: string): ServiceError;
}

const listMax = 1000;

/** Begins to read a command. */
export function createReader(text: string): Reader {
  const tokens = readTokens(text);
  let next = 0;
  const last: Token = { kind: "end", text: "", at: text.length };
  const peek = (ahead = 0): Token => tokens[next + ahead] ?? last;
  const is = (token: Token, word: string): boolean =>
    token.kind !== "quoted" && token.kind !== "end" && token.text.toLowerCase() === word;
  const refuse = (why: string) => parseException(text, peek().at, why);
  const shown = (): string => (peek().kind === "end" ? "the end" : `'${peek().text}'`);
  const sees = (...words: readonly string[]): boolean =>
    words.every((word, ahead) => is(peek(ahead), word));

  function takes(...words: readonly string[]): boolean {
    if (!sees(...words)) return false;
    next += words.length;
    return true;
  }

  function oneOf(...words: readonly string[]): string {
    const found = words.find((word) => sees(word));
    if (found === undefined) throw refuse(`expected ${words.join(" or ")}, found ${shown()}`);
    next += 1;
    return found;
  }

  function name(what: string): string {
    const token = peek();
    if (token.kind !== "word" && token.kind !== "quoted")
      throw refuse(`expected ${what}, found ${shown()}`);
    if (token.text === "") throw refuse(`${what} is empty`);
    next += 1;
    return token.text;
  }

  function number(what: string): number {
    const token = peek();
    if (token.kind === "end" || !/^\d{1,9}$/.test(token.text))
      throw refuse(`expected ${what}, found ${shown()}`);
    next += 1;
    return Number(token.text);
  }

  function list<Item>(read: () => Item): readonly Item[] {
    const items = [read()];
    while (takes(",")) {
      if (items.length >= listMax) throw refuse(`the list is longer than ${listMax}`);
      items.push(read());
    }
    return items;
  }

  return {
    sees,
    takes,
    oneOf,
    expect: (...words) => {
      for (const word of words) oneOf(word);
    },
    name,
    text: (what) => {
      if (peek().kind === "quoted" && peek().text === "") {
        next += 1;
        return "";
      }
      return name(what);
    },
    number,
    list,
    isOver: () => peek().kind === "end" || (is(peek(), ";") && peek(1).kind === "end"),
    follows: (word) => is(peek(1), word),
    end: () => {
      takes(";");
      if (peek().kind !== "end") throw refuse(`unexpected ${shown()}`);
    },
    refuse,
  };
}
