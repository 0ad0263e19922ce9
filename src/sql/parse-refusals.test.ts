import assert from "node:assert/strict";
import { test } from "node:test";
import { parseScript } from "./parse.ts";
import { SqlError } from "./sql-error.ts";

const cases: readonly (readonly [title: string, text: string, at: string, reason: string])[] = [
  ["a misspelt statement", "SLEECT 1", "[1,1]", "invalid token 'SLEECT'"],
  ["a misspelt clause", "select a form t", "[1,15]", "invalid token 't'"],
  [
    "no semicolon after a name like END",
    "select a from backend select 1",
    "[1,23]",
    "invalid token 'select'",
  ],
  [
    "no semicolon after the END of a CASE",
    "select case when a then 1 end select 1",
    "[1,31]",
    "invalid token 'select'",
  ],
  ["nothing to drop", "DROP ;", "[1,6]", "invalid token ';'"],
  ["an alias after a star", "select * as alias from dual", "[1,10]", "invalid token 'as'"],
  ["an empty selection", "select from t", "[1,8]", "invalid token 'from', expect an expression"],
  [
    "a list that ends in a comma",
    "select a, from t",
    "[1,11]",
    "invalid token 'from', expect an expression",
  ],
  [
    "a condition that is missing",
    "select a from t where",
    "[1,22]",
    "invalid token '<EOF>', expect an expression",
  ],
  ["a parenthesis too few", "select (1 + 2", "[1,14]", "invalid token '<EOF>', expect \")\""],
  ["a parenthesis too many", "select 1)", "[1,9]", "invalid token ')'"],
  [
    "a keyword as a table",
    "select 1 from group",
    "[1,15]",
    "invalid token 'group', expect a table",
  ],
  [
    "a join without its table",
    "select 1 from a join on true",
    "[1,22]",
    "invalid token 'on', expect a table",
  ],
  [
    "an ON without its condition",
    "select 1 from a join b on",
    "[1,26]",
    "invalid token '<EOF>', expect an expression",
  ],
  [
    "an octal escape of two digits",
    'select split(key, "\\01"), value from t',
    "[1,19]",
    "unexpected escape sequence: 01",
  ],
  [
    "an octal escape of four digits",
    'select "\\0001"',
    "[1,8]",
    "unexpected escape sequence: 0001",
  ],
  ["a string without an end", "select 'abc", "[1,8]", "invalid token ''abc', expect ' at its end"],
  [
    "a comment without an end",
    "select 1 /* abc",
    "[1,10]",
    "invalid token '/*', expect \"*/\" at its end",
  ],
  [
    "a backquote without an end",
    "select `abc",
    "[1,8]",
    "invalid token '`', expect \"`\" at its end",
  ],
  ["an empty name", "select ``", "[1,8]", "invalid token '``', expect a name in it"],
  ["a character that is no SQL", "select $a", "[1,8]", "invalid token '$'"],
  [
    "a parameter that nobody filled in",
    "insert into t partition (ds = $day) select 1",
    "[1,31]",
    "invalid token '$'",
  ],
  ["a number with a wrong suffix", "select 12abc", "[1,8]", "invalid token '12abc'"],
  ["a decimal with the suffix of integers", "select 1.5L", "[1,8]", "invalid token '1.5L'"],
  ["a type that does not exist", "select cast(a as bigintt)", "[1,18]", "invalid type 'bigintt'"],
  [
    "a type without its length",
    "select cast(a as varchar)",
    "[1,25]",
    "invalid token ')', expect \"(\"",
  ],
  [
    "a precision that is too great",
    "create table t (a decimal(39, 2))",
    "[1,27]",
    "invalid token '39', expect a number from 1 to 38",
  ],
  [
    "a lifecycle of no days",
    "create table t (a bigint) lifecycle 0",
    "[1,37]",
    "invalid lifecycle '0', expect a positive number",
  ],
  [
    "a table without columns",
    "create table t",
    "[1,15]",
    'invalid token \'<EOF>\', expect "(", "AS" or "LIKE"',
  ],
  [
    "a clause that comes twice",
    "create table t (a bigint) lifecycle 1 lifecycle 2",
    "[1,39]",
    "invalid token 'lifecycle'",
  ],
  [
    "a dynamic partition where none may be",
    "alter table t add partition (ds)",
    "[1,32]",
    "invalid token ')', expect \"=\"",
  ],
  [
    "a frame without its direction",
    "select sum(a) over (order by b rows 1) from t",
    "[1,38]",
    'invalid token \')\', expect "PRECEDING" or "FOLLOWING"',
  ],
  ["a CASE without WHEN", "select case a end", "[1,15]", "invalid token 'end', expect \"WHEN\""],
  [
    "a CASE without END",
    "select case when a then b",
    "[1,26]",
    "invalid token '<EOF>', expect \"END\"",
  ],
  ["BETWEEN without AND", "select a between 1", "[1,19]", "invalid token '<EOF>', expect \"AND\""],
  [
    "IS with something else",
    "select a is 5",
    "[1,13]",
    'invalid token \'5\', expect "NULL", "TRUE", "FALSE" or "DISTINCT FROM"',
  ],
  [
    "an INSERT without its mode",
    "insert t select 1",
    "[1,8]",
    'invalid token \'t\', expect "INTO" or "OVERWRITE"',
  ],
  [
    "a MERGE without branches",
    "merge into t using s on true",
    "[1,29]",
    "invalid token '<EOF>', expect \"WHEN\"",
  ],
  ["two queries without a semicolon", "select 1 select 2", "[1,10]", "invalid token 'select'"],
  [
    "a position in a later line",
    "select a,\n  b -- c\n  form t\n  where",
    "[3,8]",
    "invalid token 't'",
  ],
  ["a SET without a value", "set abc", "[1,5]", "expect SET key=value"],
  ["a star in arithmetic", "select 1 + t.*", "[1,14]", "invalid token '*', expect a field"],
  ["a lambda of more than names", "select f((a.b, c) -> 1)", "[1,19]", "invalid token '->'"],
  [
    "a window function without its window",
    "select sum(a) over from t",
    "[1,20]",
    "invalid token 'from', expect a name",
  ],
  ["a permission", "grant select on table t to user u", "[1,1]", "invalid token 'grant'"],
  ["loops of scripts", "loop select 1", "[1,1]", "LOOP is not supported yet"],
  [
    "bodies of functions",
    "create sql function f(@a bigint) as begin select 1; end",
    "[1,37]",
    "BEGIN is not supported yet",
  ],
  ["the end of a union", "select 1 union all", "[1,19]", "invalid token '<EOF>', expect a query"],
];

function refusalOf(text: string): SqlError {
  try {
    parseScript(text);
  } catch (error) {
    assert.ok(error instanceof SqlError, String(error));
    return error;
  }
  return assert.fail(`${text.slice(0, 100)} is read`);
}

for (const [title, text, at, reason] of cases) {
  test(`${title} is refused where it stands`, () => {
    const { message } = refusalOf(text);
    assert.equal(message, `ODPS-0130161:${at} Parse exception - ${reason}`);
  });
}

const many = 100_000;
const level = "a or b and c = d | e & f || g + h * i ^ (";
const hostile: readonly (readonly [title: string, text: string, reason: RegExp])[] = [
  ["parentheses", "select ".concat("(".repeat(many)), /deeper than 100/],
  ["calls", "select ".concat("f(".repeat(many)), /deeper than 100/],
  ["NOT", "select ".concat("not ".repeat(many), "1"), /deeper than 100/],
  ["signs", "select ".concat("- ".repeat(many), "1"), /deeper than 100/],
  ["CASE", "select ".concat("case when ".repeat(many)), /deeper than 100/],
  ["lambdas", "select ".concat("x -> ".repeat(many)), /deeper than 100/],
  ["subqueries", "select * from (".repeat(many), /deeper than 100/],
  ["joins in parentheses", "select 1 from ".concat("(a join ".repeat(many)), /deeper than 100/],
  ["IN", "select 1 from t where ".concat("a in (".repeat(many)), /deeper than 100/],
  ["common tables", "with a as (".repeat(many), /deeper than 100/],
  ["EXPLAIN", "explain ".repeat(many).concat("select 1"), /deeper than 100/],
  ["types", "select cast(a as ".concat("array<".repeat(many)), /deeper than 100/],
  ["all levels of operators", "select ".concat(level.repeat(many)), /deeper than 100/],
  ["sums", "select 1".concat("+1".repeat(many)), /too long/],
  ["elements", "select a".concat("[1]".repeat(many)), /too long/],
  ["IS NULL", "select a".concat(" is null".repeat(many)), /too long/],
  ["joins", "select 1 from t".concat(" join t on true".repeat(many)), /too long/],
  ["lateral views", "select 1 from t".concat(" lateral view f(a) b as c".repeat(many)), /too long/],
  [
    "sums within sums",
    "select ".concat("(".repeat(90), "1", "+1+1+1+1+1+1+1+1)".repeat(90)),
    /too long/,
  ],
  ["parts of a name", "select a".concat(".b".repeat(many)), /at most 20 parts/],
  ["inserts", "from t".concat(" insert into t select 1".repeat(256)), /at most 255 inserts/],
  ["statements", "select 1;".repeat(1001), /at most 1000 statements/],
  ["letters of a name", "a".repeat(many), /a name is longer than 512/],
  ["digits", "select ".concat("1".repeat(many)), /a number is longer than 512/],
  ["bytes", " ".repeat(4 * 1024 * 1024 + 1), /longer than 4194304 bytes/],
  ["bytes of wide characters", "\u4e2d".repeat(2 * 1024 * 1024), /longer than 4194304 bytes/],
];

for (const [title, text, reason] of hostile) {
  test(`too many ${title} are an error, never an overflow`, () => {
    assert.match(refusalOf(text).reason, reason);
  });
}

const long: readonly (readonly [title: string, text: string])[] = [
  ["a condition of many parts", "select 1 from t where a".concat(" and a".repeat(10_000))],
  ["a union of many queries", "select 1".concat(" union all select 1".repeat(1000))],
  ["many rows", "insert into t values (1, 'a')".concat(", (1, 'a')".repeat(10_000))],
  ["a sum of 500 terms", "select 1".concat("+1".repeat(499))],
  ["a hundred levels less one", "select ".concat("(".repeat(99), "1", ")".repeat(99))],
  ["comments and blanks", "/* */ -- a\n".repeat(100_000).concat("select 1")],
];

for (const [title, text] of long) {
  test(`${title} may be long`, () => {
    assert.equal(parseScript(text).statements.length, 1);
  });
}
