import { Cursor } from "./cursor.ts";
import { parseAlter } from "./parse-alter.ts";
import { parseAssignment } from "./parse-assignment.ts";
import { parseDelete, parseMerge, parseUpdate } from "./parse-change.ts";
import { parseCreate } from "./parse-create.ts";
import { parseScriptFunction } from "./parse-function.ts";
import { endsBlock, parseIf } from "./parse-if.ts";
import { parseInsert, parseQueryStatement } from "./parse-insert.ts";
import {
  parseAnalyze,
  parseClone,
  parseDescribe,
  parseDrop,
  parsePurge,
  parseRepair,
  parseRestore,
  parseShow,
  parseTruncate,
  parseUse,
} from "./parse-maintenance.ts";
import { parseLoad, parseUnload } from "./parse-outside.ts";
import { parseError } from "./sql-error.ts";
import type { Script, ScriptStatement, Statement } from "./tree.ts";
import { checkHeight } from "./tree-height.ts";

/** The longest text that is read. */
export const sqlBytesMax = 4 * 1024 * 1024;
/** The most statements that one text may have. */
export const statementsMax = 1000;

const readers: ReadonlyMap<string, (cursor: Cursor) => Statement> = new Map([
  ["SELECT", parseQueryStatement],
  ["WITH", parseQueryStatement],
  ["FROM", parseQueryStatement],
  ["VALUES", parseQueryStatement],
  ["(", parseQueryStatement],
  ["INSERT", (cursor: Cursor): Statement => parseInsert(cursor)],
  ["SET", parseSet],
  ["UPDATE", parseUpdate],
  ["DELETE", parseDelete],
  ["MERGE", parseMerge],
  ["UNLOAD", parseUnload],
  ["LOAD", parseLoad],
  ["CREATE", parseCreate],
  ["DROP", parseDrop],
  ["ALTER", parseAlter],
  ["TRUNCATE", parseTruncate],
  ["CLONE", parseClone],
  ["RESTORE", parseRestore],
  ["PURGE", parsePurge],
  ["MSCK", parseRepair],
  ["ANALYZE", parseAnalyze],
  ["USE", parseUse],
  ["SHOW", parseShow],
  ["DESC", parseDescribe],
  ["DESCRIBE", parseDescribe],
  ["EXPLAIN", parseExplain],
  ["FUNCTION", parseScriptFunction],
  ["IF", (cursor: Cursor): Statement => parseIf(cursor, parseOne)],
]);
const unsupported: ReadonlySet<string> = new Set(["ELSE", "LOOP", "WHILE", "BEGIN"]);

/**
 * Reads SQL text: statements with semicolons between them, each with the range of its text. Throws `SqlError` at the
 * first piece that cannot stand where it stands.
 */
export function parseScript(text: string): Script {
  const start = { line: 1, column: 1 };
  if (text.length > sqlBytesMax || Buffer.byteLength(text) > sqlBytesMax) {
    throw parseError(start, `the text is longer than ${sqlBytesMax} bytes`);
  }
  const cursor = new Cursor(text);
  const statements: ScriptStatement[] = [];
  for (;;) {
    while (cursor.take(";"));
    if (cursor.atEnd()) return { text, statements };
    statements.push(parseOne(cursor));
    if (!cursor.atEnd() && !cursor.is(";") && !endsBlock(cursor)) cursor.fail();
  }
}

function parseOne(cursor: Cursor): ScriptStatement {
  const { start } = cursor.token;
  cursor.chained = 0;
  cursor.statements += 1;
  if (cursor.statements > statementsMax) {
    throw parseError(cursor.at, `a text has at most ${statementsMax} statements`);
  }
  const statement = parseStatement(cursor);
  checkHeight(statement, cursor.chained);
  return { statement, range: { start, end: cursor.lastEnd } };
}

function parseStatement(cursor: Cursor): Statement {
  if (cursor.token.kind === "variable") return parseAssignment(cursor);
  const { key } = cursor.token;
  if (unsupported.has(key)) throw cursor.unsupported(key);
  const read = readers.get(key);
  return read ? read(cursor) : cursor.fail();
}

/** The value is the text up to the semicolon, whatever it holds. */
function parseSet(cursor: Cursor): Statement {
  const { at } = cursor.expect("SET");
  const { at: keyAt } = cursor.token;
  const [, key, value] = /^([\w.:-]+)\s*=\s*([\s\S]*)$/.exec(cursor.rest()) ?? [];
  if (key === undefined || value === undefined) throw parseError(keyAt, "expect SET key=value");
  return { kind: "set", at, key, value };
}

function parseExplain(cursor: Cursor): Statement {
  const { at } = cursor.expect("EXPLAIN");
  cursor.enter();
  const statement = parseStatement(cursor);
  cursor.leave();
  return { kind: "explain", at, statement };
}
