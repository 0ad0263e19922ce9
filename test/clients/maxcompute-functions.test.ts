import assert from "node:assert/strict";
import { test } from "node:test";
import { askedOfFunctions, assertAnswered } from "../support/functions.ts";
import { startWorld } from "../support/warehouse.ts";

const code = `
from odps.udf import annotate, BaseUDTF, BaseUDAF
import datetime, decimal

@annotate("bigint,bigint->bigint")
class Plus(object):
    def evaluate(self, a, b):
        return None if a is None or b is None else a + b

@annotate("*->string")
class Types(object):
    def evaluate(self, *values):
        return " ".join("%s=%s" % (type(value).__name__, value) for value in values)

@annotate("string,bigint->array<struct<n:bigint,t:string>>")
class Deep(object):
    def evaluate(self, a, n):
        return [(at, a * at) for at in range(n)] + [None]

@annotate("bigint->decimal(10,2),double,datetime,date,boolean,binary,map<string,bigint>")
class Wide(BaseUDTF):
    def process(self, a):
        self.forward(decimal.Decimal("1.50") * a, a / 2, datetime.datetime(2026, 1, a, 10, 20, 30), datetime.date(2026, 1, a), a > 1, b"\\x00\\x01", {"k": a})

@annotate("string->string,bigint")
class Words(BaseUDTF):
    def process(self, text):
        for word in (text or "").split():
            self.forward(word, len(word))

@annotate("double->double")
class Mean(BaseUDAF):
    def new_buffer(self):
        return [0.0, 0]
    def iterate(self, buffer, value):
        if value is not None:
            buffer[0] += value
            buffer[1] += 1
    def merge(self, buffer, other):
        buffer[0] += other[0]
        buffer[1] += other[1]
    def terminate(self, buffer):
        return buffer[0] / buffer[1] if buffer[1] else None

@annotate("string->bigint")
class Lookup(object):
    def __init__(self):
        from odps.distcache import get_cache_file
        with get_cache_file("words.txt") as file:
            self.words = {line.strip(): at for at, line in enumerate(file)}
    def evaluate(self, word):
        return self.words.get(word)
`;

test("functions in Python are called by queries: of a row, of rows, and giving rows", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
o.create_resource("code.py", "py", file_obj=${JSON.stringify(code)})
o.create_resource("words.txt", "file", file_obj="one\\ntwo\\n")
for name, more in [("plus", ""), ("types", ""), ("deep", ""), ("wide", ""), ("words", ""), ("mean", ""), ("lookup", ", words.txt")]:
    o.execute_sql("create function %s as 'code.%s' using 'code.py%s'" % (name, name.capitalize(), more.replace(" ", "")))
out["shown"] = sorted(line.split(":")[1] for line in o.execute_sql("show functions").get_task_results().popitem()[1].split("\\n"))
out["described"] = "code.Plus" in str(o.execute_sql("desc function plus").get_task_results().popitem()[1])
${askedOfFunctions()}
out["plus"] = rows("select plus(a, 10), plus(plus(a, a), '5') from t where plus(a, 0) > 0 or a is null order by a limit 9")
out["grouped"] = rows("select plus(a, 1) as k, count(*) from t group by plus(a, 1) order by k limit 9")
out["types"] = rows("select types(a, b, c, cast(1.25 as decimal(10,2)), date '2026-01-02', datetime '2026-01-02 03:04:05', true, array(1,2), map('k',1), cast('x' as binary), null) from t where a = 1")
out["deep"] = rows("select deep(b, 2) from t where a = 2")
out["wide"] = [[str(value) for value in row] for row in rows("select d, e, cast(f as string), g, h, i, j from (select wide(a) as (d, e, f, g, h, i, j) from t where a is not null) w order by d limit 9")]
out["outer"] = rows("select a, word from t lateral view outer words(b) w as word, size where a is null")
out["none"] = rows("select mean(c) from t where a = 99")
out["lookup"] = rows("select lookup('two'), lookup('three')")
o.execute_sql("create table sums as select plus(a, 1) as s from t")
out["written"] = rows("select s from sums order by s limit 9")
o.write_table("t", [[at, "w", 1.0] for at in range(100, 20100)])
out["many"] = rows("select sum(plus(a, 1)) from t where a >= 100")
o.execute_sql("drop function plus")
out["dropped"] = refused(lambda: o.execute_sql("select plus(1, 2)"))
`);
  assert.deepEqual(out["shown"], ["deep", "lookup", "mean", "plus", "types", "wide", "words"]);
  assert.equal(out["described"], true);
  assert.deepEqual(out["plus"], [
    [null, null],
    [11, 7],
    [12, 9],
  ]);
  assert.deepEqual(out["grouped"], [
    [null, 1],
    [2, 1],
    [3, 1],
  ]);
  assert.deepEqual(out["types"], [
    [
      "int=1 str=one two float=1.5 Decimal=1.25 date=2026-01-02 datetime=2026-01-02 03:04:05 bool=True " +
        "list=[1, 2] dict={'k': 1} bytes=b'x' NoneType=None",
    ],
  ]);
  assert.deepEqual(out["deep"], [[[[0, ""], [1, "zwei"], null]]]);
  assert.deepEqual(out["wide"], [
    ["1.50", "0.5", "2026-01-01 10:20:30", "2026-01-01", "False", "b'\\x00\\x01'", "{'k': 1}"],
    ["3.00", "1.0", "2026-01-02 10:20:30", "2026-01-02", "True", "b'\\x00\\x01'", "{'k': 2}"],
  ]);
  assertAnswered(out);
  assert.deepEqual(out["outer"], [[null, null]]);
  assert.deepEqual(out["none"], [[null]]);
  assert.deepEqual(out["lookup"], [[1, null]]);
  assert.deepEqual(out["written"], [[null], [2], [3]]);
  assert.deepEqual(out["many"], [[202_010_000]]);
  assert.match((out["dropped"] as string[])[1] ?? "", /function plus cannot be resolved/);
});

test("functions in SQL, and functions that live as long as their job", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
o.create_resource("code.py", "py", file_obj=${JSON.stringify(code)})
o.execute_sql("create sql function twice(@a bigint) returns bigint as @a + @a")
out["twice"] = rows("select twice(4), sales:twice(5)")
again = o.get_function("twice")
out["about"] = [again.is_sql_function, again.class_type]
o.execute_sql("create or replace sql function twice(@a bigint, @b bigint default 3) as @a * @b")
out["replaced"] = rows("select twice(4), twice(4, 4)")
out["there"] = refused(lambda: o.execute_sql("create sql function twice(@a bigint) as @a"))[1]
o.execute_sql("create sql function if not exists twice(@a bigint) as @a")
out["temporary"] = rows("create temporary function plus as 'code.Plus' using 'code.py'; create sql function if not exists x(@a bigint) as @a; select plus(1, 2);")
out["script"] = rows("function three(@a bigint) as @a + 3; select three(1);")
out["gone"] = [refused(lambda: rows("select plus(1, 2)"))[0], refused(lambda: rows("select three(1)"))[0]]
out["built-in"] = [refused(lambda: o.execute_sql("create sql function %s(@a bigint) as @a" % name))[0] for name in ["abs", "count", "max_pt", "explode"]]
out["java"] = refused(lambda: (o.create_resource("lib.jar", "jar", file_obj=b"PK"), o.execute_sql("create function j as 'com.example.J' using 'lib.jar'"), rows("select j(1)")))[1]
out["types"] = [refused(lambda: rows(text))[1] for text in ["create temporary function plus as 'code.Plus' using 'code.py'; select plus(1);", "create temporary function plus as 'code.Nothing' using 'code.py'; select plus(1);"]]
`);
  assert.deepEqual(out["twice"], [[8, 10]]);
  assert.equal((out["about"] as string[])[0], "true");
  assert.deepEqual(out["replaced"], [[12, 16]]);
  assert.match(String(out["there"]), /already exists/);
  assert.deepEqual([out["temporary"], out["script"]], [[[3]], [[4]]]);
  assert.deepEqual(out["gone"], ["ODPSError", "ODPSError"]);
  for (const refusal of out["built-in"] as string[]) assert.notEqual(refusal, null);
  assert.match(String(out["java"]), /none of its resources has a class com\.example\.J:/);
  const [few, nothing] = out["types"] as [string, string];
  assert.match(few, /takes 2 arguments, by bigint,bigint->bigint/);
  assert.match(nothing, /has no class Nothing with @annotate/);
});

const closing = `
from odps.udf import annotate, BaseUDTF

@annotate("bigint->string,bigint")
class Sums(BaseUDTF):
    def __init__(self):
        self.sum, self.count = 0, 0
    def process(self, a):
        self.count += 1
        self.sum += a or 0
        if a == 7:
            self.forward("seven", a)
    def close(self):
        self.forward("sum", self.sum)
        self.forward("count", self.count)
`;

test("a function is made of resources of other projects, as their names say and as the client has them", async (t) => {
  const { asRoot } = await startWorld(t, "sales", "lib");
  const out = await asRoot(`
lib = entry("lib")
lib.create_resource("code.py", "py", file_obj=${JSON.stringify(code)})
lib.create_resource("words.txt", "file", file_obj="one\\ntwo\\n")
o.execute_sql("create function plus as 'code.Plus' using 'lib/resources/code.py'")
o.create_function("looked_up", class_type="code.Lookup", resources=[o.get_resource("code.py", project="lib"), o.get_resource("words.txt", project="lib")])
out["called"] = rows("select plus(1, 2), looked_up('two')")
out["made of"] = [[one.project.name, one.name] for one in o.get_function("looked_up").resources]
out["about"] = o.execute_sql("desc function plus").open_reader().raw
out["script"] = rows("create temporary function p as 'code.Plus' using 'lib/resources/code.py'; select p(3, 4);")
lib.delete_resource("code.py")
out["gone"] = refused(lambda: rows("select plus(1, 2)"))[1]
`);
  assert.deepEqual(out["called"], [[3, 1]]);
  assert.deepEqual(out["made of"], [
    ["lib", "code.py"],
    ["lib", "words.txt"],
  ]);
  assert.deepEqual(out["script"], [[7]]);
  assert.match(String(out["about"]), /Resources +lib\/resources\/code\.py/);
  assert.match(String(out["gone"]), /the resource code\.py that it was made with is not there/);
});

test("rows that a table function forwards when no row follows are rows of the query", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
o.create_resource("closing.py", "py", file_obj=${JSON.stringify(closing)})
o.execute_sql("create function sums as 'closing.Sums' using 'closing.py'")
o.execute_sql("create table t (a bigint)")
o.write_table("t", [[at] for at in range(30000)])
out["all"] = rows("select sums(a) as (what, n) from t order by what limit 9")
out["some"] = rows("select sums(a) as (what, n) from t where a < 5 order by what limit 9")
out["none"] = rows("select sums(a) as (what, n) from t where a < 0 order by what limit 9")
out["twice"] = rows("select what, n from (select sums(a) as (what, n) from t where a < 3 union all select sums(a) as (what, n) from t where a < 4) q where what = 'sum' order by n limit 9")
o.execute_sql("create table kept as select sums(a) as (what, n) from t")
out["kept"] = rows("select what, n from kept order by what limit 9")
out["beside"] = refused(lambda: rows("select a, what from t lateral view sums(a) w as what, n"))[1]
`);
  const all = [
    ["count", 30_000],
    ["seven", 7],
    ["sum", 449_985_000],
  ];
  assert.deepEqual(out["all"], all);
  assert.deepEqual(out["kept"], all);
  assert.deepEqual(out["some"], [
    ["count", 5],
    ["sum", 10],
  ]);
  assert.deepEqual(out["none"], [
    ["count", 0],
    ["sum", 0],
  ]);
  assert.deepEqual(out["twice"], [
    ["sum", 3],
    ["sum", 6],
  ]);
  assert.match(String(out["beside"]), /stand beside no row of a LATERAL VIEW/);
});

test("a script holds the code of its own functions, in Python and in Java", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
def script(language, name, code, query, extra=""):
    return """create temporary function foo as '%s' using
#CODE ('lang'='%s', 'filename'='embedded')%s
%s
#END CODE;
%s;""" % (name, language, extra, code, query)
def ask(*words):
    try:
        return rows(script(*words))
    except Exception as error:
        return str(error)
python = """
from odps.udf import annotate
@annotate("bigint->string")
class Told(object):
    def evaluate(self, a):
        # It's no string of SQL; neither is "this
        return "a" * a if a < 5 else str(1 / 0)
"""
java = """
package com.mypackage;
import com.aliyun.odps.udf.UDF;
public class Reverse extends UDF {
  public String evaluate(String input) {
    if (input == null) return null;
    return new StringBuilder(input).reverse().toString(); // 'quoted
  }
}
"""
out["python"] = ask("PYTHON", "embedded.Told", python, "select foo(3), foo(1)")
out["java"] = ask("JAVA", "com.mypackage.Reverse", java, "select foo('abc'), foo(null)")
out["raised"] = ask("PYTHON", "embedded.Told", python, "select foo(9)")
out["other"] = ask("PYTHON", "elsewhere.Told", python, "select foo(3)")
out["broken"] = ask("JAVA", "com.mypackage.Reverse", java.replace("return new", "return now"), "select foo('abc')")
out["language"] = ask("COBOL", "x.Y", "", "select foo(1)")
out["lasting"] = refused(lambda: o.execute_sql(script("PYTHON", "embedded.Told", python, "select 1").replace("temporary ", "")))[1]
out["unended"] = refused(lambda: o.execute_sql("create temporary function foo as 'a.B' using #CODE ('lang'='PYTHON') x"))[1]
out["gone"] = refused(lambda: rows("select foo(1)"))[1]
`);
  assert.deepEqual(out["python"], [["aaa", "a"]]);
  assert.deepEqual(out["java"], [["cba", null]]);
  assert.match(String(out["raised"]), /File "embedded\.py", line 8\s+ZeroDivisionError/);
  assert.match(String(out["other"]), /elsewhere\.py has no class Told/);
  assert.match(String(out["broken"]), /does not compile:.*ERROR in Reverse\.java \(at line 8\)/s);
  assert.match(String(out["language"]), /the 'lang' of #CODE is 'JAVA' or 'PYTHON'/);
  assert.match(String(out["lasting"]), /TEMPORARY/);
  assert.match(String(out["unended"]), /expect "#END CODE"/);
  assert.match(String(out["gone"]), /cannot be resolved/);
});
