/** A piece of a script of Flink SQL, cut as Flink's own parser cuts it. */
export interface FlinkToken {
  readonly kind: "word" | "quoted" | "string" | "symbol";
  /** A name without backquotes, a string's value, otherwise as it was written. */
  readonly text: string;
  /** What keywords and symbols are compared by; empty of what cannot be one. */
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

/** Text that Flink might read otherwise than we do. */
export class UnclearText extends Error {
  override readonly name = "UnclearText";
  readonly line: number;

  constructor(line: number, reason: string) {
    super(reason);
    this.line = line;
  }
}

/** A terminal reads the script line by line, and acts on such characters itself. */
const acting = /(?![\t\n\r])\p{Cc}|\r(?!\n)/u;
/** `/**` takes one more character with it, so that `/***` and `/` close nothing; `/*+` begins a hint, no comment. */
const blank =
  /[ \t\r\n]+|(?:--|\/\/)[^\r\n]*|\/\*(?!\+)(?:\*[^/]|(?!\*[^/]))[^*]*(?:\*(?!\/)[^*]*)*\*\//y;
const forms: readonly (readonly [FlinkToken["kind"], RegExp])[] = [
  ["string", /'[^']*(?:''[^']*)*'/y],
  ["quoted", /`[^`\r\n]*(?:``[^`\r\n]*)*`/y],
  ["word", /[A-Za-z0-9_]+/y],
  ["symbol", /\/\*\+|\*\/|\/(?!\*)|[()[\],;.:+\-*%=<>!?|^&]/y],
];
/** `a--$b` is one name, of a collation, and `_a--'b'` one string, of an alphabet: neither has a comment in it. */
const wide = /[\w\u0080-\uffff][\w:.\-\u0080-\uffff]*\$|_[\w:.\-\u0080-\uffff]*'/y;
/** Before a string: it has escapes of its own, or another alphabet. */
const prefix = /^[enu]$/i;

const valueIn = (kind: FlinkToken["kind"], text: string): string => {
  if (kind === "string") return text.slice(1, -1).replaceAll("''", "'");
  return kind === "quoted" ? text.slice(1, -1).replaceAll("``", "`") : text;
};

/** Cuts a script into pieces, up to where it becomes unclear: `UnclearText` is thrown there. */
export function* flinkTokens(text: string): Generator<FlinkToken> {
  let line = 1;
  let offset = 0;
  let last: FlinkToken | undefined;
  const match = (form: RegExp): string | undefined => {
    form.lastIndex = offset;
    return form.exec(text)?.[0];
  };
  const pass = (found: string): void => {
    const unclear = acting.test(found);
    for (const character of found) if (character === "\n") line += 1;
    offset += found.length;
    if (unclear) throw new UnclearText(line, "a control character is in it");
  };
  const next = (): FlinkToken | undefined => {
    if (match(wide) !== undefined) throw new UnclearText(line, "a collation or alphabet is named");
    for (const [kind, form] of forms) {
      const found = match(form);
      if (found === undefined) continue;
      const touches = kind === "string" && last?.end === offset;
      if (touches && (last?.text === "&" || (last?.kind === "word" && prefix.test(last.text)))) {
        throw new UnclearText(line, "a string has a prefix");
      }
      const key = kind === "word" || kind === "symbol" ? found.toUpperCase() : "";
      const token = { kind, key, text: valueIn(kind, found), start: offset, end: 0, line };
      pass(found);
      return { ...token, end: offset };
    }
    return undefined;
  };
  while (offset < text.length) {
    const passed = match(blank);
    if (passed !== undefined) {
      pass(passed);
      continue;
    }
    last = next();
    if (!last) throw new UnclearText(line, "a character or quotation is not known here");
    yield last;
  }
}
