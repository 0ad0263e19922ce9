import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** SQL, and what MaxCompute's rules say that it answers. */
export interface Rule {
  readonly line: number;
  readonly sql: string;
  /** The rows, a line each. */
  readonly expected?: string;
  /** The answer is a text and no rows. */
  readonly isText?: boolean;
  /** A part of the message, where the SQL is refused. */
  readonly error?: string;
}

/** A text that runs as one job: one rule, or a query of many values with a rule for each. */
export interface Job {
  readonly file: string;
  readonly title: string;
  readonly sql: string;
  readonly hints: Readonly<Record<string, string>>;
  readonly rules: readonly Rule[];
}

const folder = join("test", "sql", "rules");

/** The files' jobs, in order. */
export const ruleFiles = (): readonly (readonly Job[])[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".test"))
    .sort()
    .map(readJobs);

/** Blocks stand between empty lines: comments, which are the title, then what is expected. */
function readJobs(file: string): readonly Job[] {
  const lines = readFileSync(join(folder, file), "utf8").split("\n");
  const jobs: Job[] = [];
  let title = "";
  for (let from = 0; from < lines.length; ) {
    const end = lines.indexOf("", from) < 0 ? lines.length : lines.indexOf("", from);
    const block = lines.slice(from, end);
    const comments = block.filter((text) => text.startsWith("# "));
    if (comments.length > 0) title = comments.map((text) => text.slice(2)).join(" ");
    const first = from + comments.length + 1;
    if (block.length > comments.length) {
      jobs.push({
        file,
        title,
        ...readBlock(`${file}:${first}`, first, block.slice(comments.length)),
      });
    }
    from = end + 1;
  }
  return jobs;
}

/**
 * `query` (SQL, `----`, rows), `text` (the same of an answer that is a text), `values` (lines of `expression => value`), `statement ok` or `statement error PART` (SQL).
 * Flags may follow the first word: `query odps.sql.type.system.odps2=false`.
 */
function readBlock(place: string, line: number, block: readonly string[]) {
  const [head = "", ...body] = block;
  const sql = body.join("\n");
  const error = /^statement error (.+)$/.exec(head)?.[1];
  if (error !== undefined) return { sql, hints: {}, rules: [{ line, sql, error }] };
  const [kind, ...flags] = head.replace("statement ok", "ok").split(" ");
  const hints = Object.fromEntries(flags.map((flag) => flag.split("=") as [string, string]));
  if (kind === "ok") return { sql, hints, rules: [{ line, sql }] };
  if (kind === "values") {
    const cases = body.map((text) => {
      const [, expression, expected = ""] = /^(.*) =>(?: (.*))?$/.exec(text) ?? [];
      if (expression === undefined) throw new Error(`${place}: no => in ${text}`);
      return { expression, expected };
    });
    return {
      sql: `SELECT ${cases.map(({ expression }) => expression).join(", ")}`,
      hints,
      rules: cases.map(({ expression, expected }, index) => ({
        line: line + index + 1,
        sql: `SELECT ${expression}`,
        expected,
      })),
    };
  }
  const end = body.indexOf("----");
  if ((kind !== "query" && kind !== "text") || end < 0)
    throw new Error(`${place}: no rule begins so`);
  const asked = body.slice(0, end).join("\n");
  const expected = body.slice(end + 1).join("\n");
  const isText = kind === "text";
  return { sql: asked, hints, rules: [{ line, sql: asked, expected, isText }] };
}

/** The values of an answer in CSV, without its head. */
export function rowsOf(csv: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cells = csv.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n]*))(,|\n|$)/g);
  for (const [whole, quoted, plain = "", end] of cells) {
    if (whole === "") break;
    row.push(quoted?.replaceAll('""', '"') ?? (plain === "\\N" ? "NULL" : plain));
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows.slice(1);
}
