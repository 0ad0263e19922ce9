import type { FlinkToken } from "./tokens.ts";

/** Names have at most catalog, database and table. */
const partsMax = 3;
/** Without backquotes these are no names. */
const noNames = new Set(["TABLE", "IF", "NOT", "EXISTS", "AS", "WITH", "LIKE", "SELECT", "VALUES"]);

/** Walks through the pieces of one statement. */
export class TokenReader {
  readonly #tokens: readonly FlinkToken[];
  readonly #text: string;
  #at = 0;

  constructor(tokens: readonly FlinkToken[], text: string) {
    this.#tokens = tokens;
    this.#text = text;
  }

  get key(): string {
    return this.#tokens[this.#at]?.key ?? "";
  }

  atEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  is(key: string): boolean {
    return this.key === key;
  }

  skip(): void {
    this.#at += 1;
  }

  /** Takes a word or symbol; with a second one, only before that. */
  take(key: string, before?: string): boolean {
    if (this.key !== key) return false;
    if (before !== undefined && this.#tokens[this.#at + 1]?.key !== before) return false;
    this.skip();
    return true;
  }

  /** Takes all of these, or none. */
  takeAll(...keys: readonly string[]): boolean {
    if (!keys.every((key, index) => this.#tokens[this.#at + index]?.key === key)) return false;
    this.#at += keys.length;
    return true;
  }

  /** Goes on to the first of these words, or to the end. */
  skipTo(...keys: readonly string[]): void {
    while (!this.atEnd() && !keys.includes(this.key)) this.skip();
  }

  /** A string after COMMENT. */
  comment(): void {
    if (this.take("COMMENT")) this.skip();
  }

  /** Passes what is in parentheses, if they come next. */
  group(): void {
    if (!this.is("(")) return;
    let depth = 0;
    do {
      const { key } = this;
      if (key === "(") depth += 1;
      if (key === ")") depth -= 1;
      this.skip();
    } while (depth > 0 && !this.atEnd());
  }

  /** A name of one to three parts, taken; undefined where there is none, or a longer one. */
  name(): readonly string[] | undefined {
    const parts = this.#partsFrom(this.#at, partsMax + 1);
    if (parts.length === 0 || parts.length > partsMax || noNames.has(this.key)) return undefined;
    this.#at += parts.length * 2 - 1;
    return parts;
  }

  /** Each name that begins with this piece, the short ones first. */
  namesHere(): readonly (readonly string[])[] {
    const parts = this.#partsFrom(this.#at, partsMax);
    return parts.map((_, index) => parts.slice(0, index + 1));
  }

  #partsFrom(at: number, max: number): readonly string[] {
    const parts: string[] = [];
    for (let from = at; parts.length < max; from += 2) {
      const token = this.#tokens[from];
      if (token?.kind !== "word" && token?.kind !== "quoted") break;
      parts.push(token.text);
      if (this.#tokens[from + 1]?.key !== ".") break;
    }
    return parts;
  }

  /** `('key' = 'value', …)`, taken; undefined where something in it is no plain string, or a key comes twice. */
  options(): Map<string, string> | undefined {
    const options = new Map<string, string>();
    if (!this.take("(")) return undefined;
    do {
      const [key, equals, value] = this.#tokens.slice(this.#at, this.#at + 3);
      const plain = key?.kind === "string" && equals?.key === "=" && value?.kind === "string";
      if (!plain || options.has(key.text)) return undefined;
      options.set(key.text, value.text);
      this.#at += 3;
    } while (this.take(","));
    return this.take(")") ? options : undefined;
  }

  /** What LIKE says of options, taken: whether those of the other table count, too; undefined where it is not clear. */
  takesOptions(): boolean | undefined {
    let all: boolean | undefined;
    let own: boolean | undefined;
    if (!this.take("(")) return true;
    while (!this.take(")")) {
      const takes = this.take("INCLUDING") || this.take("OVERWRITING");
      if (!takes && !this.take("EXCLUDING")) return undefined;
      if (this.key === "ALL") all = takes;
      if (this.key === "OPTIONS") own = takes;
      this.skip();
    }
    return own ?? all ?? true;
  }

  /** The text that is left. */
  rest(): string {
    const from = this.#tokens[this.#at]?.start;
    return from === undefined ? "" : this.#text.slice(from, this.#tokens.at(-1)?.end);
  }

  /** The next word, for an error. */
  shown(): string {
    const { kind, key } = this.#tokens[this.#at] ?? {};
    return kind === "word" ? (key ?? "").slice(0, 60) : "a statement like it";
  }

  /** Whether a hint gives a table other options. */
  changesOptions(): boolean {
    const hints = this.#tokens.some(({ key }) => key === "/*+");
    return hints && this.#tokens.some(({ text }) => /^options$/i.test(text));
  }

  /** Whether a name has letters that the engine's terminal may read as others, or is filled in later. */
  hasUnclearNames(): boolean {
    return this.#tokens.some(({ kind, text }) => kind === "quoted" && !/^[ -z]+$/.test(text));
  }
}
