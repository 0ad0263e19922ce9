import type { Cursor } from "./cursor.ts";
import { parseExpression } from "./parse-expression.ts";
import { parseError } from "./sql-error.ts";
import type { If, ScriptStatement, Statement } from "./tree.ts";
import { checkHeight } from "./tree-height.ts";

type ReadOne = (cursor: Cursor) => ScriptStatement;

const rowStatements: ReadonlySet<Statement["kind"]> = new Set([
  ...(["query", "insert", "multi-insert", "update", "delete", "merge", "assign", "if"] as const),
]);

/** Statements that read and write rows and nothing else: those may hang on a condition, and follow one. */
export const isRowStatement = (statement: Statement): boolean =>
  rowStatements.has(statement.kind) ||
  (statement.kind === "create-table" && statement.query !== undefined);

/** `IF (condition) BEGIN ..; END ELSE IF (..) ..`, where BEGIN and END may be left out around one statement. */
export function parseIf(cursor: Cursor, readOne: ReadOne): If {
  const { at, start } = cursor.expect("IF");
  cursor.enter();
  if (!cursor.is("(")) cursor.fail('"("');
  const condition = parseExpression(cursor);
  checkHeight(condition, cursor.chained);
  const head = { start, end: cursor.lastEnd };
  const holds = parseBranch(cursor, readOne);
  const otherwise = cursor.take("ELSE") ? parseBranch(cursor, readOne) : [];
  cursor.leave();
  return { kind: "if", at, condition, head, holds, otherwise };
}

function parseBranch(cursor: Cursor, readOne: ReadOne): readonly ScriptStatement[] {
  const statements: ScriptStatement[] = [];
  const read = () => {
    const one = readOne(cursor);
    if (!isRowStatement(one.statement)) {
      throw parseError(one.statement.at, "only statements of rows and variables stand in IF");
    }
    statements.push(one);
  };
  if (!cursor.take("BEGIN")) {
    read();
    if (cursor.areNext(";", "ELSE")) cursor.next();
    return statements;
  }
  for (;;) {
    while (cursor.take(";"));
    if (cursor.take("END")) {
      cursor.blockEnd = cursor.lastEnd;
      return statements;
    }
    read();
    if (!cursor.is("END") && !endsBlock(cursor)) cursor.expect(";");
  }
}

/** Whether what was read last is the END of a block: no semicolon need follow. */
export const endsBlock = ({ lastEnd, blockEnd }: Cursor): boolean => lastEnd === blockEnd;
