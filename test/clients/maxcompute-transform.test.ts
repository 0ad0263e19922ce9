import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

const script = `
import sys
for line in sys.stdin:
    a, b = line.rstrip("\\n").split("\\t")
    if a == "\\\\N":
        print("none\\t\\\\N")
    else:
        for at in range(int(a)):
            print("%s\\t%d" % (b, at))
`;

test("SELECT TRANSFORM gives rows to a command as lines, and takes its lines as rows", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
o.create_resource("repeat.py", "py", file_obj=${JSON.stringify(script)})
o.create_resource("count.sh", "file", file_obj="#!/bin/sh\\nwc -l | tr -d ' '\\n")
o.create_resource("words.txt", "file", file_obj="x\\ny\\n")
o.execute_sql("create table t (a bigint, b string)")
o.write_table("t", [[1, "one"], [2, "two"], [None, None]])
out["script"] = rows("select transform(a, b) using 'python3 repeat.py' resources 'repeat.py' as (b string, n bigint) from t order by b, n limit 9")
out["cat"] = rows("select transform(*) using 'cat' from t order by key limit 9")
out["typed"] = rows("select transform(a, cast(a as double), true) using 'cat' as (a bigint, c double, d string, more bigint) from t where a > 1")
out["delimited"] = rows("select transform(a, b) row format delimited fields terminated by ',' null defined as '-' using 'sed s/one/1,2/' as (a string, b string) row format delimited fields terminated by ',' null defined as '-' from t order by a limit 9")
out["escaped"] = rows(r"select transform('a,b', 'c') row format delimited fields terminated by ',' escaped by '\\\\' using 'cat' as (a string, b string) row format delimited fields terminated by ',' escaped by '\\\\' ")
out["shell"] = rows("select transform(a) using 'sh -c \\"grep -v 1 | sort -r\\"' as a from t where a is not null")
out["program"] = rows("select transform(a) using './count.sh' resources 'count.sh' as (n bigint) from t")
out["file"] = rows("select transform(a) using 'cat words.txt' resources 'words.txt' as w from t order by w limit 9")
out["awk"] = rows("""select transform(b, a) using "awk '{ n += $2 } END { print n }'" as (n bigint) from t""")
out["head"] = rows("select transform(a) using 'head -n 1' as (a bigint) from (select 7L as a union all select 7L as a) q")
out["within"] = rows("select count(*), max(n) from (select transform(a, b) using 'python3 repeat.py' resources 'repeat.py' as (b string, n bigint) from t) q where b <> 'none'")
o.execute_sql("create table made as select transform(a, b) using 'cat' as (a bigint, b string) from t")
out["made"] = rows("select * from made order by a limit 9")
o.write_table("t", [[at, "w"] for at in range(100, 50100)])
out["many"] = rows("select transform(a) using 'wc -l' as (n bigint) from t")
out["many rows"] = rows("select count(*), sum(a) from (select transform(a, b) using 'cat' as (a bigint, b string) from t where a >= 100) q")
out["fails"] = [refused(lambda: rows(sql))[1] for sql in [
    "select transform(a) using 'sh -c \\"cat >/dev/null; echo secret >&2; exit 3\\"' as a from t",
    "select transform(a) using 'no-such-program' as a from t",
    "select transform(a) using 'cat' resources 'missing.py' as a from t",
    "select transform(a) row format serde 'x.Y' using 'cat' as a from t",
    "select transform(a) using 'cat' as w from t distribute by b sort by b"]]
out["views"] = [refused(lambda: o.execute_sql(sql))[1] for sql in [
    "create view v as select transform(a) using 'cat' as a from t",
    "create materialized view m as select x.a from (select transform(a) using 'cat' as a from t) x"]]
`);
  assert.deepEqual(out["script"], [
    ["none", null],
    ["one", 0],
    ["two", 0],
    ["two", 1],
  ]);
  assert.deepEqual(out["cat"], [
    [null, null],
    ["1", "one"],
    ["2", "two"],
  ]);
  assert.deepEqual(out["typed"], [[2, 2, "true", null]]);
  assert.deepEqual(out["delimited"], [
    [null, null],
    ["1", "1"],
    ["2", "two"],
  ]);
  assert.deepEqual(out["escaped"], [["a,b", "c"]]);
  assert.deepEqual(out["shell"], [["2"]]);
  assert.deepEqual(out["program"], [[3]]);
  assert.deepEqual(out["file"], [["x"], ["y"]]);
  assert.deepEqual(out["awk"], [[3]]);
  assert.deepEqual(out["head"], [[7]]);
  assert.deepEqual(out["within"], [[3, 1]]);
  assert.deepEqual(out["made"], [
    [null, null],
    [1, "one"],
    [2, "two"],
  ]);
  assert.deepEqual(out["many"], [[50_003]]);
  assert.deepEqual(out["many rows"], [[50_000, 1_254_975_000]]);
  const [status, program, missing, serde, order] = out["fails"] as string[];
  assert.match(String(order), /column b cannot be resolved/);
  assert.match(String(status), /ODPS-0123055: .*the command ended with 3/);
  assert.doesNotMatch(String(status), /secret/);
  assert.match(
    String(program),
    /its command `no-such-program` does not start: .*\.\/ and the name of .*, or one of awk, bash/,
  );
  assert.match(String(missing), /Resource not found - 'missing\.py'/);
  assert.match(String(serde), /TRANSFORM knows no SERDE/);
  for (const refusal of out["views"] as string[]) assert.match(refusal, /not in views/);
});
