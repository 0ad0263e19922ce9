import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

/** Begins a script: tables with rows of every kind, and `both`, which asks DuckDB and Spark. */
const begin = `
o.execute_sql("create table orders (id bigint, name string, price decimal(10,2), at datetime, tags array<string>, size int, ok boolean, day date, half double, raw binary, pairs map<string,bigint>, nest struct<a:bigint,b:string>) partitioned by (ds string)",
              hints={"odps.sql.type.system.odps2": "true"})
o.execute_sql("""insert into orders partition (ds='2026 01%你')
  select 1, 'one', 1.50BD, datetime '2026-01-02 03:04:05', array('a', null), 7, true, date '2026-01-02', cast(0.1 as double), unhex('00FF'), map('k', 1L), named_struct('a', 2L, 'b', 'x')
  union all select 2, null, null, null, null, null, null, null, null, null, null, null""", hints={"odps.sql.type.system.odps2": "true"})
o.execute_sql("insert into orders partition (ds='b') (id, name) values (3, 'three')", hints={"odps.sql.type.system.odps2": "true"})
spark = {"hive.execution.engine": "spark"}
def both(sql, **hints):
    hints = {"odps.sql.allow.fullscan": "true", "odps.sql.validate.orderby.limit": "false", "odps.sql.type.system.odps2": "true", **hints}
    def asked(more):
        with o.execute_sql(sql, hints={**hints, **more}).open_reader(tunnel=True) as reader:
            return [[(column.name, str(column.type)) for column in reader._schema.columns], [list(record.values) for record in reader]]
    return asked({}), asked(spark)
`;

test("PyODPS reads the same rows from both engines", async (t) => {
  const { asRoot } = await startWorld(t, "ledger");
  const out = await asRoot(`${begin}
out["answers"] = []
for sql in ["select * from orders order by id", "select ds, count(*) as n, sum(price) as total from orders group by ds order by ds", "select o.id, o.id as \`ID two\` from orders o where ds = 'b'",
            "select id from orders where ds = '2026 01%你' order by id desc", "select 1 as x, 'a' as y", "select count(*) from orders where id > 99"]:
    one, other = both(sql)
    out["answers"].append([sql, repr(one), repr(other)])
`);
  for (const [sql, one, other] of out["answers"] as [string, string, string][]) {
    assert.equal(other, one, sql);
  }
});
