import { createLexer, type Lexer, type Token } from "./lexer.ts";
import { parseError } from "./sql-error.ts";
import type { Name, ObjectName, Position } from "./tree.ts";
import { mayBeAlias, reservedWords } from "./words.ts";

/** How deep parentheses, calls, subqueries and their kin may stand in each other. */
const nestingMax = 100;
/** More alternatives than these would not help a reader of an error. */
const alternativesMax = 4;
const tokenShownMax = 60;

/** Walks through the pieces of one text; every parsing function takes one. */
export class Cursor {
  readonly text: string;
  /** The piece that is looked at and not yet taken. */
  token: Token;
  /** Where the piece taken last ends. */
  lastEnd = 0;
  /** Where the END of a block ends that was taken last. */
  blockEnd = 0;
  /** How many operators, joins and accesses were read that make the tree deeper by one each. */
  chained = 0;
  /** How many statements were begun. */
  statements = 0;
  private readonly lexer: Lexer;
  private readonly ahead: Token[] = [];
  private depth = 0;

  constructor(text: string) {
    this.text = text;
    this.lexer = createLexer(text);
    this.token = this.lexer.next();
  }

  get at(): Position {
    return this.token.at;
  }

  /** The piece `distance` after the current one. */
  peek(distance = 1): Token {
    while (this.ahead.length < distance) this.ahead.push(this.lexer.next());
    return this.ahead[distance - 1] ?? this.token;
  }

  /** Takes the current piece. */
  next(): Token {
    const taken = this.token;
    this.lastEnd = taken.end;
    this.token = this.ahead.shift() ?? this.lexer.next();
    return taken;
  }

  atEnd(): boolean {
    return this.token.kind === "end";
  }

  is(key: string): boolean {
    return this.token.key === key;
  }

  /** Whether these pieces come next, in this order. */
  areNext(...keys: readonly string[]): boolean {
    if (this.token.key !== keys[0]) return false;
    for (let index = 1; index < keys.length; index += 1) {
      if (this.peek(index).key !== keys[index]) return false;
    }
    return true;
  }

  take(key: string): boolean {
    if (this.token.key !== key) return false;
    this.next();
    return true;
  }

  /** Takes all of these pieces, or none. */
  takeAll(...keys: readonly string[]): boolean {
    if (!this.areNext(...keys)) return false;
    for (const _ of keys) this.next();
    return true;
  }

  expect(...keys: readonly string[]): Token {
    let taken = this.token;
    for (const key of keys) {
      if (this.token.key !== key) this.fail(`"${key}"`);
      taken = this.next();
    }
    return taken;
  }

  /** Refuses the current piece; says what was expected where few things could be. */
  fail(...expected: readonly string[]): never {
    const { kind, start, end } = this.token;
    const written =
      kind === "end" ? "<EOF>" : this.text.slice(start, Math.min(end, start + tokenShownMax));
    const known = expected.length > 0 && expected.length <= alternativesMax;
    const list = [expected.slice(0, -1).join(", "), expected.at(-1)]
      .filter((part) => part)
      .join(" or ");
    throw parseError(this.at, `invalid token '${written}'${known ? `, expect ${list}` : ""}`);
  }

  /** The error for what MaxCompute has and this program does not have yet. */
  unsupported(what: string): Error {
    return parseError(this.at, `${what} is not supported yet`);
  }

  /** Goes one level deeper; `leave` comes back. An error ends the walk, so nothing is undone then. */
  enter(): void {
    this.depth += 1;
    if (this.depth > nestingMax) {
      throw parseError(this.at, `the statement is nested deeper than ${nestingMax} levels`);
    }
  }

  leave(): void {
    this.depth -= 1;
  }

  isName(token = this.token): boolean {
    return token.kind === "quoted" || (token.kind === "word" && !reservedWords.has(token.key));
  }

  name(what = "a name"): Name {
    if (!this.isName()) this.fail(what);
    return nameOf(this.next());
  }

  /** A name after a dot or AS: there every word is one. */
  anyName(what = "a name"): Name {
    if (this.token.kind !== "quoted" && this.token.kind !== "word") this.fail(what);
    return nameOf(this.next());
  }

  /** An alias with or without AS. */
  alias(): Name | undefined {
    if (this.take("AS")) {
      if (this.token.kind === "string" && this.text[this.token.start] === '"') {
        return nameOf(this.next());
      }
      return this.name();
    }
    const { kind, key } = this.token;
    if (this.isPivot()) return undefined;
    if (kind === "quoted" || (kind === "word" && mayBeAlias(key))) return nameOf(this.next());
    return undefined;
  }

  /** Whether PIVOT or UNPIVOT of a relation comes next, and no alias of that name. */
  isPivot(): boolean {
    if (this.areNext("PIVOT", "(")) return true;
    return this.is("UNPIVOT") && ["(", "INCLUDE", "EXCLUDE"].includes(this.peek().key);
  }

  /** A name of one to three parts. */
  objectName(what = "a name"): ObjectName {
    const parts = [this.name(what)];
    while (parts.length < 3 && this.take(".")) parts.push(this.anyName());
    return { parts, at: parts[0]?.at ?? this.at };
  }

  string(what = "a string"): string {
    if (this.token.kind !== "string") this.fail(what);
    return this.next().value;
  }

  /** A whole number as a clause has it, such as LIFECYCLE 7. */
  integer(): number {
    const { kind, value } = this.token;
    if (kind !== "number" || !/^\d{1,15}$/.test(value)) this.fail("a whole number");
    this.next();
    return Number(value);
  }

  /** Items with commas between them, at least one. */
  list<Item>(read: () => Item): Item[] {
    const items = [read()];
    while (this.take(",")) items.push(read());
    return items;
  }

  /** A list in parentheses. */
  group<Item>(read: () => Item): Item[] {
    this.expect("(");
    const items = this.list(read);
    this.expect(")");
    return items;
  }

  /** Takes the raw text up to the semicolon or the end; only where nothing was looked at ahead. */
  rest(): string {
    const { start, end: passed, key } = this.token;
    if (key === ";") return "";
    const found = this.text.indexOf(";", passed);
    const taken = this.text.slice(start, found === -1 ? undefined : found).trim();
    this.lexer.skipTo(start + taken.length);
    this.lastEnd = start + taken.length;
    this.token = this.lexer.next();
    return taken;
  }
}

function nameOf({ value, at }: Token): Name {
  return { text: value, key: value.toLowerCase(), at };
}
