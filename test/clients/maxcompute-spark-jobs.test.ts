import assert from "node:assert/strict";
import { test } from "node:test";
import { sparkJobs } from "../support/spark-jobs.ts";
import { startWorld } from "../support/warehouse.ts";

const sums = `
import sys
from pyspark.sql import SparkSession
from pyspark_odps import entry

spark = SparkSession.builder.getOrCreate()
orders = spark.read.format("odps").option("table", "orders").load()
orders.createOrReplaceTempView("orders")
found = spark.sql("select name, sum(amount) amount, count(distinct ds) days, min(at) since from orders group by name").cache()
for row in sorted(found.collect()):
    print("row", row["name"], row["amount"], row["days"], row["since"])
found.select("name", "amount", "since").write.format("odps").mode("append").save("sums")
print("words", sys.argv[1:], spark.conf.get("spark.sql.shuffle.partitions"))
print("sums", entry().get_table("sums").name)
`;

test("a Spark job reads and writes tables of its project, and its log is its result", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`${sparkJobs}
o.execute_sql("create table orders (id bigint, name string, amount decimal(10,2), at datetime) partitioned by (ds string)")
o.execute_sql("""insert into orders partition (ds) values
  (1, 'a', 1.50BD, datetime'2026-01-01 10:00:00', '1'), (2, 'b', 2.25BD, null, '1'), (3, 'a', 3.00BD, datetime'2026-01-02 10:00:00', '2')""")
o.execute_sql("create table sums (name string, amount decimal(20,2), since datetime)")
status, log = spark("sums.py", ${JSON.stringify(sums)}, "a word", "--flag", spark__sql__shuffle__partitions="1", spark__sql__codegen__wholeStage="false")
out["status"], out["log"] = status, log
out["sums"] = rows("select name, amount, cast(since as string) from sums order by name limit 9")
`);
  const log = String(out["log"]);
  assert.equal(out["status"], "SUCCESS", log);
  const told = log.split("\n").filter((line) => /^(row|words|sums) /.test(line));
  assert.deepEqual(told, [
    "row a 4.50 2 2026-01-01 10:00:00",
    "row b 2.25 1 None",
    "words ['a word', '--flag'] 1",
    "sums sums",
  ]);
  assert.deepEqual(out["sums"], [
    ["a", "4.50", "2026-01-01 10:00:00"],
    ["b", "2.25", null],
  ]);
});
