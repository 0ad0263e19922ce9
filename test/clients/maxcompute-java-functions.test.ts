import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { askedOfFunctions, assertAnswered } from "../support/functions.ts";
import { java } from "../support/java.ts";
import { functionsJar } from "../support/java-functions.ts";
import { startWorld } from "../support/warehouse.ts";

const tables = `
package com.example;
import com.aliyun.odps.udf.ExecutionContext;
import java.math.BigDecimal;
import java.util.Date;
public class Tables extends com.aliyun.odps.udf.UDF {
  private ExecutionContext context;
  @Override public void setup(ExecutionContext context) { this.context = context; }
  public String evaluate(String name) throws java.io.IOException {
    StringBuilder said = new StringBuilder();
    for (Object[] row : context.readResourceTable(name)) {
      BigDecimal price = (BigDecimal) row[1];
      said.append(row[0] + " " + price + " " + ((Date) row[2]).getTime() + " " + row[3] + "; ");
    }
    return said.toString();
  }
}
`;
const source = readFileSync("test/support/java/Functions.java", "utf8");

test("functions in Java are called by queries: of a row, of rows, and giving rows", async (t) => {
  const jar = await functionsJar(t, {
    "Functions.java": source,
    "Half.java": "package com.example; public class Half extends Rest {}",
    "Rest.java": "package com.example; public class Rest extends com.aliyun.odps.udf.UDF {}",
    "Tables.java": tables,
  });
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
import io, zipfile, datetime, decimal
options.sql.settings = {"odps.sql.timezone": "Europe/Berlin"}
o.create_resource("f.jar", "jar", file_obj=open("${jar}", "rb"))
o.create_resource("words.txt", "file", file_obj="one\\ntwo\\n")
packed = io.BytesIO()
with zipfile.ZipFile(packed, "w") as archive:
    archive.writestr("in/a.txt", "A")
    archive.writestr("out.txt", "B")
o.create_resource("pack.zip", "archive", file_obj=packed.getvalue())
for name, more in [("plus", ""), ("types", ""), ("dates", ""), ("nested", ""), ("words", ""), ("totals", ""), ("mean", ""), ("lookup", ",words.txt,pack.zip"), ("fails", ""), ("noFunction", "")]:
    o.execute_sql("create function j_%s as 'com.example.Functions$%s' using 'f.jar%s'" % (name.lower(), name[0].upper() + name[1:], more))
o.create_function("by_client", class_type="com.example.Functions$Plus", resources=["f.jar"])
${askedOfFunctions("j_")}
out["plus"] = rows("select j_plus(a, 10), j_plus(c, 0.5), j_plus(b, 'x'), j_plus(b, 'y', 'z'), j_plus(cast(a as int), a) from t order by a limit 9")
out["client"] = rows("select by_client(1, 2)")
out["types"] = rows("select j_types(cast(1 as int), true, cast(1.25 as decimal(10,2)), datetime '2026-01-02 03:04:05', timestamp '2026-01-02 03:04:05.123', date '2026-01-02', cast('xyz' as binary), array(1L, 2L), map('k', cast(1.5 as double)))")
out["overloads"] = [[str(one) for one in row] for row in rows("select j_types(date '2026-01-31', 1), j_types('up'), j_types(cast(null as string)), cast(j_dates(datetime '2026-06-01 10:00:00', 2) as string), j_dates(cast(1.5 as decimal(38,18)))")]
out["nested"] = rows("select s.a, s.b from (select j_nested(named_struct('a', 1L, 'b', 'x'), 'y') as s) q")
out["lookup"] = rows("select j_lookup('two'), j_lookup('three'), j_lookup()")
out["totals"] = rows("select j_totals(b) as (word, size) from t order by word limit 9")
out["totals twice"] = rows("select word, sum(size) from (select j_totals(b) as (word, size) from t where a = 1 union all select j_totals(b) as (word, size) from t) q group by word order by word limit 9")
out["totals beside"] = refused(lambda: rows("select a, word from t lateral view j_totals(b) w as word, size"))[1]
out["raised"] = refused(lambda: rows("select j_fails(a) from t where a = 2"))[1]
out["nothing"] = [refused(lambda: rows(sql))[1] for sql in ["select j_nofunction(1)", "select j_words(b, b) from t", "select j_fails(1, 2)"]]
o.execute_sql("create function missing as 'com.example.Missing' using 'f.jar'")
out["missing"] = refused(lambda: rows("select missing(1)"))[1]
o.execute_sql("create table prices (k string, price decimal(10,2), at datetime, l array<bigint>)")
o.execute_sql("""insert into prices select 'a "b"', cast(1.5 as decimal(10,2)), datetime '2026-06-01 10:20:30', array(1L, 2L)""")
o.create_resource("p", "table", table_name="prices")
o.execute_sql("create function j_tables as 'com.example.Tables' using 'f.jar,p'")
out["tables"] = rows("select j_tables('p'), j_tables('p')")
out["no table"] = refused(lambda: rows("select j_tables('f.jar')"))[1]
half = io.BytesIO()
with zipfile.ZipFile("${jar}") as whole, zipfile.ZipFile(half, "w") as archive:
    archive.writestr("com/example/Half.class", whole.read("com/example/Half.class"))
o.create_resource("half.jar", "jar", file_obj=half.getvalue())
o.execute_sql("create function half as 'com.example.Half' using 'half.jar'")
out["half"] = refused(lambda: rows("select half(1)"))[1]
o.write_table("t", [[at, "w", 1.0] for at in range(100, 20100)])
out["many"] = rows("select sum(j_plus(a, 1)), count(*) from t where a >= 100")
`);
  assert.deepEqual(out["plus"], [
    [null, null, "null+x", "[null, y, z]", null],
    [11, 2, "one two+x", "[one two, y, z]", 2],
    [12, 3, "zwei+x", "[zwei, y, z]", 4],
  ]);
  assert.deepEqual(out["client"], [[3]]);
  assert.deepEqual(out["types"], [
    [
      "1 true 1.250000000000000000 1767319445000 2026-01-02 03:04:05.123 2026-01-02 3 [1, 2] {k=1.5}",
    ],
  ]);
  assert.deepEqual(out["overloads"], [
    [
      "2026-02-01",
      "UP",
      "none",
      "2026-06-01 12:00:00",
      "[{'n': Decimal('1.500000000000000000')}, {}]",
    ],
  ]);
  assert.deepEqual(out["nested"], [[2, "xy"]]);
  assertAnswered(out);
  assert.deepEqual(out["totals"], [
    [null, 1],
    ["one two", 1],
    ["zwei", 1],
  ]);
  assert.deepEqual(out["totals twice"], [
    [null, 1],
    ["one two", 2],
    ["zwei", 1],
  ]);
  assert.match(String(out["totals beside"]), /stand beside no row of a LATERAL VIEW/);
  assert.deepEqual(out["lookup"], [[1, null, "A 8"]]);
  assert.match(
    String(out["raised"]),
    /ODPS-0123055: User script exception - java\.lang\.IllegalStateException .*\n\tat com\.example\.Functions\$Fails\(Functions\.java:\d+\)/,
  );
  assert.doesNotMatch(String(out["raised"]), /secret/);
  const [noFunction, count, overloads] = out["nothing"] as [string, string, string];
  assert.match(noFunction, /it is no UDF, UDTF or Aggregator/);
  assert.match(count, /takes 1 arguments, by string->string,bigint/);
  assert.match(
    overloads,
    /no evaluate of .* takes as many arguments: bigint->bigint; string->strin/,
  );
  assert.match(
    String(out["missing"]),
    /none of its resources has a class com\.example\.Missing: it is named with its package/,
  );
  const price = 'a "b" 1.50 1780302030000 [1, 2]; ';
  assert.deepEqual(out["tables"], [[price, price]]);
  assert.match(String(out["no table"]), /java\.io\.FileNotFoundException/);
  assert.match(String(out["half"]), /Half needs a class that none of its resources has/);
  assert.deepEqual(out["many"], [[202_010_000, 20_000]]);
});

test("the SDK for Java makes functions of a JAR, and gives them to others", async (t) => {
  const jar = await functionsJar(t, { "Functions.java": source });
  const { asRoot, running, root, account, user } = await startWorld(t, "sales");
  await user("bob");
  const bob = `RAM$${account}:bob`;
  await asRoot(`o.run_security_query("add user ${bob}")`);
  const program = "test/support/java/WarehouseFunctions.java";
  assert.deepEqual(await java("warehouse-java", running, root, program, jar, bob), {
    plus: "42",
    owner: bob,
    types: "UP",
  });
  const out = await asRoot(`
o.get_function("f").update_owner("ALIYUN$${account}")
out["owner"] = o.get_function("f").owner
`);
  assert.deepEqual(out, { owner: `ALIYUN$${account}` });
});
