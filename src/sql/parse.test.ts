import assert from "node:assert/strict";
import { test } from "node:test";
import { sketch } from "../../test/support/tree-sketch.ts";
import { parseScript } from "./parse.ts";
import { SqlError } from "./sql-error.ts";

const texts = (text: string) =>
  parseScript(text).statements.map(({ range }) => text.slice(range.start, range.end));

test("each statement keeps its text, without comments around it and without semicolons", () => {
  const text = "-- first\nset a=b ;;\n/* x */ select ';', `a;b` from t -- end ;\n; drop table t\n";
  assert.deepEqual(texts(text), ["set a=b", "select ';', `a;b` from t", "drop table t"]);
});

test("a text of blanks and comments has no statement", () => {
  assert.deepEqual(texts(" ;; -- a\n /* b */ ;"), []);
});

test("a view keeps the text of its query", () => {
  const text = "create view v as select a -- why\n from t ;";
  const statement = parseScript(text).statements[0]?.statement;
  assert.ok(statement?.kind === "create-view");
  const { start, end } = statement.queryRange;
  assert.equal(text.slice(start, end), "select a -- why\n from t");
});

test("positions count lines and columns from 1", () => {
  const text = "select\n  'a\nb', x /* \n */ , yy\nfrom t";
  const statement = parseScript(text).statements[0]?.statement;
  assert.ok(statement?.kind === "query" && statement.body.kind === "select");
  const positions = statement.body.items.map(({ at }) => [at.line, at.column]);
  assert.deepEqual(positions, [
    [2, 3],
    [3, 5],
    [4, 7],
  ]);
  assert.deepEqual(statement.body.from?.at, { line: 5, column: 6 });
});

test("names are compared in lower case and kept as they were written", () => {
  const statement = parseScript("select A as `Bc` from T").statements[0]?.statement;
  assert.ok(statement?.kind === "query" && statement.body.kind === "select");
  const [item] = statement.body.items;
  assert.deepEqual([item?.alias?.text, item?.alias?.key], ["Bc", "bc"]);
});

/** A query as reports have it: `count` common tables of six lines each. */
function longQuery(count: number): string {
  const tables = Array.from(
    { length: count },
    (_, index) => `t${index} as (
  select a.id, sum(a.amount) as amount, count(distinct a.buyer) as buyers,
    case when max(a.price) > 100 then 'high' when max(a.price) > 10 then 'mid' else 'low' end as class
  from p.orders a left outer join p.items b on a.item = b.id and b.ds = '20260101'
  where a.ds between '20260101' and '20260131' and b.name like '%x%' and a.kind in (1, 2, 3)
  group by a.id having sum(a.amount) > 0)`,
  );
  return `with ${tables.join(",\n")}\nselect * from t0 where amount / buyers > 1 order by id limit 10`;
}

test("a query of two hundred lines is read", () => {
  const text = longQuery(33);
  assert.ok(text.split("\n").length >= 199);
  const statement = parseScript(text).statements[0]?.statement;
  assert.ok(statement?.kind === "query");
  assert.equal(statement.with.length, 33);
  const [first, second] = statement.with;
  assert.deepEqual(sketch(first?.query), sketch(second?.query));
});

const seeds = [
  "with a as (select /*+ MAPJOIN(b) */ x, 'it''s', \"q\\t\" from p.t b) select a.*, f(x -> x + 1)[2].c from a lateral view explode(m) v as k, w where x not between 1L and 2.5BD group by x with rollup",
  "from s insert overwrite table a partition (ds='1', hh) select x insert into b select y where y is not distinct from 3 limit 2",
  "merge into t using (select * from s) b on t.id = b.id when matched then update set v = b.v when not matched then insert values (b.id)",
  "create table if not exists t (a map<string,array<decimal(3,1)>> not null default 1 comment 'x') partitioned by (ds string) lifecycle 7",
  "set a.b=c; @a := select cast(x as bigint) from t timestamp as of date '2026-01-01'; alter table t change column a b string after c; select sum(a) over (partition by b order by c rows between 1 preceding and current row) from @a",
  "unload from (select case when a then b end from t) into location 'oss://x' stored by 'y' with serdeproperties ('a'='b'); load into table t partition (ds) from location 'oss://x' stored as parquet; show tables in p like 'x*'",
];
const pieces =
  "( ) , . ; ' \" ` @ : := -> [ ] < > = * -- /* */ select from not in case \\ 1 1e \u0000 \u4e2d \ud800".split(
    " ",
  );

/** A generator with a seed, so that a failure comes again. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

function mutate(text: string, draw: (limit: number) => number): string {
  const at = draw(text.length + 1);
  const end = Math.min(text.length, at + draw(12));
  switch (draw(5)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(end);
    case 2:
      return text.slice(at);
    case 3:
      return text.slice(0, at) + text.slice(at, end).repeat(2) + text.slice(end);
    default:
      return `${text.slice(0, at)} ${pieces[draw(pieces.length)] ?? ""} ${text.slice(at)}`;
  }
}

test("whatever is done to a statement, it is read or refused with a position in the text", () => {
  const draw = generator(20_260_801);
  let refused = 0;
  for (let round = 0; round < 5000; round += 1) {
    let text = seeds[round % seeds.length] ?? "";
    for (let times = draw(4); times >= 0; times -= 1) text = mutate(text, draw);
    try {
      parseScript(text);
    } catch (error) {
      assert.ok(error instanceof SqlError, `${JSON.stringify(text)}: ${String(error)}`);
      const line = text.split("\n")[error.at.line - 1];
      assert.ok(line !== undefined && error.at.column <= line.length + 1, JSON.stringify(text));
      refused += 1;
    }
  }
  assert.ok(refused > 1000 && refused < 5000, `${refused} of 5000 are refused`);
});

test("every statement that is mutated is valid before", () => {
  for (const seed of seeds) assert.ok(parseScript(seed).statements.length > 0);
});
