import assert from "node:assert/strict";
import { test } from "node:test";
import { expressionText } from "../../test/support/tree-sketch.ts";
import { parseScript } from "./parse.ts";

/** The only expression of `SELECT expression`. */
function read(text: string): string {
  const statement = parseScript(`SELECT ${text}`).statements[0]?.statement;
  assert.ok(statement?.kind === "query" && statement.body.kind === "select");
  const [item, ...others] = statement.body.items;
  assert.ok(item && others.length === 0);
  return expressionText(item.expression);
}

const cases: readonly (readonly [title: string, text: string, expected: string])[] = [
  [
    "operators bind as MaxCompute has it",
    "a or b and not c = d + e * f ^ -g",
    "(a or (b and (not (c = (d + (e * (f ^ (- g))))))))",
  ],
  [
    "bit operators bind between arithmetic and comparisons",
    "a & b | c + 1 = d || e",
    "(((a & b) | (c + 1)) = (d || e))",
  ],
  ["signs bind tighter than powers of bits", "~a ^ -b", "((~ a) ^ (- b))"],
  [
    "the same operators apply from the left",
    "a - b - c / d / e % f div g",
    "((a - b) - ((((c / d) / e) % f) div g))",
  ],
  ["long conditions stay flat", "a and b and c or d or e", "((a and b and c) or d or e)"],
  [
    "equality has two spellings and inequality too",
    "a == b and a != b && a <> b and a <=> b",
    "((a = b) and (a <> b) and (a <> b) and (a <=> b))",
  ],
  [
    "BETWEEN keeps its AND",
    "a between 1 and 2 + 3 and b not between c and d",
    "((a between 1 and (2 + 3)) and (b not between c and d))",
  ],
  [
    "IN takes a list",
    "a in (1, 2) or (a, b) not in ((1, 2), (3, 4))",
    "((a in (1, 2)) or (row(a, b) not in (row(1, 2), row(3, 4))))",
  ],
  [
    "IN takes a query",
    "a not in (select b from t)",
    '(a not in {"kind":"select","items":["b"],"from":"t"})',
  ],
  [
    "IN takes a query in more parentheses",
    "a in ((select 1) union (select 2))",
    '(a in {"kind":"set-operation","operator":"union","inputs":[{"kind":"select","items":["1"]},{"kind":"select","items":["2"]}]})',
  ],
  [
    "LIKE and its kin",
    "a like '%x' escape '/' or a not rlike 'b' or a regexp 'c' or a ilike 'd'",
    "((a like '%x' escape '/') or (a not rlike 'b') or (a rlike 'c') or (a ilike 'd'))",
  ],
  [
    "IS tests",
    "a is null and b is not null and c is true and d is not false",
    "((a is null) and (b is not null) and (c is true) and (d is not false))",
  ],
  [
    "IS DISTINCT FROM",
    "a is distinct from b and a is not distinct from c",
    "((a is distinct from b) and (a is not distinct from c))",
  ],
  ["EXISTS is a test", "not exists (select 1)", '(not exists {"kind":"select","items":["1"]})'],
  [
    "a query may be a value",
    "(select max(a) from t) + 1",
    '({"kind":"select","items":["max(a)"],"from":"t"} + 1)',
  ],
  [
    "CASE in both forms",
    "case a when 1 then 'x' else 'y' end = case when b then null end",
    "(case a when 1 then 'x' else 'y' end = case when b then null end)",
  ],
  [
    "CAST to nested types",
    "cast(a as map<string,array<decimal(10,2)>>)",
    "cast(a as map<string,array<decimal(10,2)>>)",
  ],
  ["EXTRACT takes a unit", "extract(year from a)", "extract(year from a)"],
  ["TRIM has words for its sides", "trim(leading 'x' from a)", "ltrim(a, 'x')"],
  [
    "numbers tell their types",
    "1 + 1L + 2Y + 3S + 1.5 + .5 + 1. + 1e3 + 2.5BD + 3bd",
    "(((((((((1 + 1l) + 2y) + 3s) + double 1.5) + double 0.5) + double 1.0) + double 1e3) + decimal 2.5) + decimal 3)",
  ],
  ["strings stand in either quotes and join beside each other", "'a\\'b' \"c\"", "'a'bc'"],
  ["escapes are resolved", "'\\001\\t\\u0041\\\\d\\%'", "'\u0001\tA\\d\\%'"],
  ["quotes of the other kind are text", '"it\'s"', "'it's'"],
  [
    "typed literals",
    "date '2026-01-31' > datetime'2026-01-31 00:00:00' and timestamp '2026-01-31 00:00:00.1' is not null",
    "((date '2026-01-31' > datetime '2026-01-31 00:00:00') and (timestamp '2026-01-31 00:00:00.1' is not null))",
  ],
  [
    "DATE and INTERVAL are names elsewhere",
    "date + interval + date(timestamp)",
    "((date + interval) + date(timestamp))",
  ],
  ["binary literals", "X'616263'", "x'616263'"],
  [
    "intervals have units",
    "interval '1' days + interval 2 hour + interval a month + interval '1-2' year to month",
    "(((interval '1' day + interval 2 hour) + interval a month) + interval '1-2' year to month)",
  ],
  ["names may have parts and backquotes", "`Ab c`.`d``e` + t.a.b.c", "(Ab c.d`e + t.a.b.c)"],
  ["after a dot every word is a name", "t.order + t.`select`", "(t.order + t.select)"],
  [
    "array and map elements and their fields",
    "a[1]['k'].b + f(x).c.d",
    "(field(a[1]['k'], b) + field(field(f(x), c), d))",
  ],
  ["calls may be of a project", "p:f(1) + p.s.f(2)", "(p:f(1) + p:s:f(2))"],
  [
    "IF, LEFT and RIGHT are functions",
    "if(a, left(b, 1), right(b, 2))",
    "if(a, left(b, 1), right(b, 2))",
  ],
  [
    "COUNT has its star and DISTINCT",
    "count(*) + count(t.*) + count(distinct a, b)",
    "((count(*) + count(t.*)) + count(distinct a, b))",
  ],
  ["aggregates have a filter", "sum(a) filter (where b > 1)", "sum(a) filter (b > 1)"],
  [
    "aggregates have an order within the group",
    "wm_concat(',', a) within group (order by b desc nulls last)",
    'wm_concat(\',\', a) within {"expression":"b","descending":true,"nulls":"last"}',
  ],
  ["a window may be named", "sum(a) over w", "sum(a) over w"],
  [
    "a window may be written out",
    "sum(a) over (partition by b, c order by d rows between unbounded preceding and 1 following)",
    'sum(a) over {"partitionBy":["b","c"],"orderBy":["d"],"frame":{"unit":"rows","start":{"kind":"unbounded-preceding"},"end":{"kind":"following","value":"1"}}}',
  ],
  [
    "a frame may have one bound",
    "first_value(a) ignore nulls over (order by b range 3 preceding exclude ties)",
    'first_value(a) ignore nulls over {"orderBy":["b"],"frame":{"unit":"range","start":{"kind":"preceding","value":"3"},"end":{"kind":"current-row"},"exclude":"ties"}}',
  ],
  [
    "a window may extend another one",
    "sum(a) over (w order by b)",
    'sum(a) over {"base":"w","orderBy":["b"]}',
  ],
  [
    "lambdas have one parameter or more",
    "transform(a, x -> x + 1) = f((x, y) -> x * y, () -> 1)",
    "(transform(a, (x) -> (x + 1)) = f((x, y) -> (x * y), () -> 1))",
  ],
  ["variables of a script", "@a + @B", "(@a + @B)"],
  [
    "words of clauses are names where no clause begins",
    "offset + set + window + view",
    "(((offset + set) + window) + view)",
  ],
];

for (const [title, text, expected] of cases) {
  test(title, () => assert.equal(read(text), expected));
}
