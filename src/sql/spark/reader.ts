import { refuse } from "../semantic-error.ts";

/** A piece of the text that our resolver emits. A word's key is in upper case, that of a symbol is itself. */
export interface Piece {
  readonly kind: "word" | "name" | "text" | "number" | "symbol" | "end";
  readonly key: string;
  /** A name without its quotes, a text's value, a word or number as written. */
  readonly value: string;
}

/** An expression in Spark's words. INVARIANT: the text stands for itself, inside any other expression. */
export interface Words {
  readonly sql: string;
  /** What a bare literal says. */
  readonly literal?: string | number;
}

/** Refuses a statement that runs on DuckDB and has no words for Spark. */
export function refuseSpark(what: string): never {
  return refuse({ line: 1, column: 1 }, `${what} is not built for Spark`);
}

const pieces =
  /\s+|'((?:[^']|'')*)'|"((?:[^"]|"")*)"|(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(:=|\|\||<>|<=|>=|\/\/|<<|>>|[()[\],.:+\-*/%&|~=<>])/y;
const end: Piece = { kind: "end", key: "", value: "" };

function pieceOf(found: RegExpExecArray): Piece | undefined {
  const [, text, name, number, word, symbol] = found;
  if (text !== undefined)
    return {
      kind: "text",
      key: "'",
      value: text.includes("''") ? text.replaceAll("''", "'") : text,
    };
  if (name !== undefined) return { kind: "name", key: '"', value: name.replaceAll('""', '"') };
  if (number !== undefined) return { kind: "number", key: "0", value: number };
  if (word !== undefined) return { kind: "word", key: word.toUpperCase(), value: word };
  if (symbol !== undefined) return { kind: "symbol", key: symbol, value: symbol };
  return undefined;
}

function cut(text: string): Piece[] {
  const found: Piece[] = [];
  pieces.lastIndex = 0;
  while (pieces.lastIndex < text.length) {
    const { lastIndex } = pieces;
    const match = pieces.exec(text);
    if (!match) return refuseSpark(`\`${text.slice(lastIndex, lastIndex + 20)}\``);
    const piece = pieceOf(match);
    if (piece) found.push(piece);
  }
  return found;
}

/** Reading descends with every parenthesis, and a chain of operators has one for each of its links. */
const depthMax = 500;

/** Where each parenthesis ends, by its place. */
function endsOf(found: readonly Piece[]): Map<number, number> {
  const ends = new Map<number, number>();
  const open: number[] = [];
  for (const [place, { kind, key }] of found.entries()) {
    if (kind !== "symbol") continue;
    if (key === "(") open.push(place);
    if (open.length > depthMax) refuseSpark(`a nesting of more than ${depthMax} parentheses`);
    const start = key === ")" ? open.pop() : undefined;
    if (start !== undefined) ends.set(start, place);
  }
  return ends;
}

/** Fresh names for what Spark's text names itself, of one statement. */
export interface Names {
  made: number;
}

const textMax = 1_000_000;

/** Macros and templates may write an argument many times: what grows too long is refused. */
export function checkLength({ sql }: Words): void {
  if (sql.length > textMax) refuseSpark(`an expression of more than ${textMax} characters`);
}

/** Reads one emitted text, piece by piece. */
export interface Reader {
  readonly names: Names;
  /** What unquoted names stand for: parameters of lambdas and of macros. */
  readonly meanings: ReadonlyMap<string, Words>;
  /** The piece that comes next, or after `ahead` others. */
  peek(ahead?: number): Piece;
  next(): Piece;
  /** Takes these keys, if they come next. */
  takes(...keys: string[]): boolean;
  /** Takes this key, which must come. */
  expect(key: string): void;
  /** Whether the parenthesis that comes next holds a query. */
  holdsQuery(): boolean;
  /** The same place, with other meanings of names. */
  meaning(meanings: ReadonlyMap<string, Words>): Reader;
}

const afterQuery = new Set([")", "UNION", "INTERSECT", "EXCEPT", "ORDER", "LIMIT", "OFFSET"]);

/** Opens an emitted text. */
export function openReader(
  text: string,
  names: Names,
  meanings: ReadonlyMap<string, Words> = new Map(),
): Reader {
  const found = cut(text);
  const ends = endsOf(found);
  let place = 0;
  const at = (index: number): Piece => found[index] ?? end;
  const isQuery = (from: number): boolean => {
    let open = from;
    while (at(open).key === "(") {
      const { key } = at(open + 1);
      if (key === "SELECT" || (open > from && key === "VALUES")) return true;
      if (key !== "(" || !afterQuery.has(at((ends.get(open + 1) ?? open) + 1).key)) return false;
      open += 1;
    }
    return false;
  };
  const reader = (known: ReadonlyMap<string, Words>): Reader => ({
    names,
    meanings: known,
    peek: (ahead = 0) => at(place + ahead),
    next: () => at(place++),
    takes(...keys) {
      const all = keys.every((key, index) => {
        const piece = at(place + index);
        return piece.key === key && (piece.kind === "word" || piece.kind === "symbol");
      });
      if (all) place += keys.length;
      return all;
    },
    expect(key) {
      const piece = at(place++);
      if (piece.key !== key)
        refuseSpark(`\`${piece.value.slice(0, 32)}\` where ${key} is expected`);
    },
    holdsQuery: () => isQuery(place),
    meaning: (inner) => reader(inner),
  });
  return reader(meanings);
}

/** A name that no other has in the statement. */
export function freshSparkName(names: Names): string {
  names.made += 1;
  return `s${names.made}`;
}

/** A text as a literal of Spark, which knows escapes; a dollar could begin the name of a variable of Spark. */
export function sparkText(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
  return `'${escaped.replaceAll("$", "\\u0024")}'`;
}

/** A name as Spark writes it. */
export function sparkName(name: string): string {
  if (name.includes("$")) refuseSpark("a name with a dollar");
  return `\`${name.replaceAll("`", "``")}\``;
}

/** Things one after the other, with commas between them. */
export function listOf<Thing>(reader: Reader, read: (reader: Reader) => Thing): Thing[] {
  const things = [read(reader)];
  while (reader.takes(",")) things.push(read(reader));
  return things;
}
