import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

const reading = `
from odps.udf import annotate
from odps.distcache import get_cache_table
@annotate("string->string")
class Lookup(object):
    def __init__(self):
        self.found = {row[0]: row for row in get_cache_table("prices")}
    def evaluate(self, key):
        return repr(self.found.get(key))
@annotate("->bigint")
class Count(object):
    def evaluate(self):
        return sum(1 for row in get_cache_table("prices")) * 10 + sum(1 for row in get_cache_table("parted"))
@annotate("->string")
class Part(object):
    def evaluate(self):
        return repr(sorted(get_cache_table("part"))) + " " + repr(sorted(get_cache_table("parted")))
@annotate("->string")
class Fails(object):
    def evaluate(self):
        return str(next(get_cache_table("nothing")))
`;

test("code in Python reads tables that are resources, in the version of the statement", async (t) => {
  const { asRoot } = await startWorld(t, "sales", "lib");
  const out = await asRoot(`
options.sql.settings = {"odps.sql.timezone": "Europe/Berlin", "odps.sql.type.system.odps2": "true"}
lib = entry("lib")
o.create_resource("code.py", "py", file_obj=${JSON.stringify(reading)})
lib.execute_sql("create table prices (k string, price decimal(10,2), n bigint, at datetime, day date, ok boolean, b binary, l array<bigint>, m map<string,double>, s struct<a:bigint,b:string>)")
lib.execute_sql("""insert into prices select 'a "b", c', cast(1.5 as decimal(10,2)), 3, datetime '2026-06-01 10:20:30', date '2026-06-01', true, cast('x' as binary), array(1L, null), map('k', cast(0.5 as double)), named_struct('a', 1L, 'b', 'z')""")
lib.execute_sql("insert into prices (k) values ('none')")
o.execute_sql("create table parted (a bigint) partitioned by (ds string)")
o.execute_sql("insert into parted partition (ds='x') values (1), (2)")
o.execute_sql("insert into parted partition (ds='y') values (3)")
o.create_resource("prices", "table", table_name="lib.prices")
o.create_resource("parted", "table", table_name="parted")
o.create_resource("part", "table", table_name="parted", partition="ds='x'")
for name, tables in [("lookup", "prices"), ("count", "prices,parted"), ("part", "part,parted"), ("fails", "prices")]:
    o.execute_sql("create function f_%s as 'code.%s' using 'code.py,%s'" % (name, name.title(), tables))
full = {"odps.sql.allow.fullscan": "true"}
out["lookup"] = [one for [one] in rows("""select f_lookup(k) from lib.prices order by k limit 9""")]
out["count"] = rows("select f_count()", **full)
out["part"] = rows("select f_part()", **full)
o.execute_sql("alter table parted drop partition (ds='x')")
out["no part"] = rows("select f_part()", **full)
out["fails"] = refused(lambda: rows("select f_fails()"))[1]
o.execute_sql("insert into parted partition (ds='x') values (1), (2)")
lib.execute_sql("insert into prices (k) select sales:f_lookup('none') from lib.prices")
out["own"] = rows("select f_count()", **full)
o.execute_sql("create view v as select f_lookup('none') as x")
out["view"] = rows("select length(x) from v")
o.execute_sql("create materialized view m as select f_lookup('new') as x")
lib.execute_sql("insert into prices (k) values ('new')")
out["kept"] = rows("select x from m")
o.execute_sql("alter materialized view m rebuild")
out["rebuilt"] = rows("select x <> 'None' from m")
out["explain"] = o.execute_sql("explain select f_lookup('a')").open_reader().raw
`);
  const [first, none] = out["lookup"] as [string, string];
  assert.equal(
    first,
    `('a "b", c', Decimal('1.50'), 3, datetime.datetime(2026, 6, 1, 10, 20, 30), datetime.date(2026, 6, 1), True, b'x', [1, None], {'k': 0.5}, struct(a=1, b='z'))`,
  );
  assert.match(none, /^\('none', None, None, .*None\)$/);
  assert.deepEqual(out["count"], [[23]]);
  assert.deepEqual(out["part"], [["[(1,), (2,)] [(1, 'x'), (2, 'x'), (3, 'y')]"]]);
  assert.deepEqual(out["no part"], [["[] [(3, 'y')]"]]);
  assert.match(String(out["fails"]), /File "code\.py", line \d+\n.*OSError/);
  assert.deepEqual(out["own"], [[43]]);
  assert.equal((out["view"] as number[][]).length, 1);
  assert.deepEqual(out["kept"], [["None"]]);
  assert.deepEqual(out["rebuilt"], [[true]]);
  assert.match(String(out["explain"]), /lib\.prices/);
});
