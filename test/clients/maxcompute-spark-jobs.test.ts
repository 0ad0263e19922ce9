import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { findSpark } from "../../src/engines/spark/spark-home.ts";
import { temporary } from "../support/bondstore.ts";
import { java } from "../support/java.ts";
import { cache, run } from "../support/python.ts";
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
import helper
from pyspark import SparkFiles
def text(*names):
    with open("/".join([SparkFiles.get(names[0]), *names[1:]])) as file:
        return file.read()
print("files", helper.word, text("words.txt"), text("zipped.zip", "inside.txt"), text("tarred.tar.gz", "inside.txt"))
`;

/** Resources in each way that code and files can be packed. */
const resources = `
import io, tarfile, zipfile
def zipped():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("inside.txt", "from a zip")
    return made.getvalue()
def tarred():
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as file:
        told = tarfile.TarInfo("inside.txt")
        told.size = 10
        file.addfile(told, io.BytesIO(b"from a tar"))
    return made.getvalue()
put("helper.py", "word = 'helped'")
put("words.txt", "words", kind="file")
put("zipped.zip", zipped(), kind="archive")
put("tarred.tar.gz", tarred(), kind="archive")
`;

test("a Spark job reads and writes tables of its project, and its log is its result", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`${sparkJobs}${resources}
o.execute_sql("create table orders (id bigint, name string, amount decimal(10,2), at datetime) partitioned by (ds string)")
o.execute_sql("""insert into orders partition (ds) values
  (1, 'a', 1.50BD, datetime'2026-01-01 10:00:00', '1'), (2, 'b', 2.25BD, null, '1'), (3, 'a', 3.00BD, datetime'2026-01-02 10:00:00', '2')""")
o.execute_sql("create table sums (name string, amount decimal(20,2), since datetime)")
put("sums.py", ${JSON.stringify(sums)})
job = submit("sums.py", "a word", "--flag", spark__sql__shuffle__partitions="1", spark__sql__codegen__wholeStage="false",
  spark__hadoop__odps__cupid__resources="helper.py, words.txt,zipped.zip,tarred.tar.gz")
out["status"], out["log"] = ended(job)
worker = job.get_task_workers("spark_job")[0]
out["workers"] = worker.get_log("stdout")
out["sums"] = rows("select name, amount, cast(since as string) from sums order by name limit 9")
`);
  const log = String(out["log"]);
  assert.equal(out["status"], "SUCCESS", log);
  assert.equal(String(out["workers"]).trim(), log.trim());
  const told = log.split("\n").filter((line) => /^(row|words|sums|files) /.test(line));
  assert.deepEqual(told, [
    "row a 4.50 2 2026-01-01 10:00:00",
    "row b 2.25 1 None",
    "words ['a word', '--flag'] 1",
    "sums sums",
    "files helped words from a zip from a tar",
  ]);
  assert.deepEqual(out["sums"], [
    ["a", "4.50", "2026-01-01 10:00:00"],
    ["b", "2.25", null],
  ]);
});

/** Packs the class of a source into a JAR. */
async function jarOf(t: TestContext, name: string): Promise<string> {
  const classes = temporary(t);
  const jar = join(temporary(t), `${name}.jar`);
  const env = { PATH: process.env["PATH"] };
  const jars = join(findSpark(cache)?.sparkHome ?? "", "jars", "*");
  const source = `test/support/java/${name}.java`;
  const compiled = await run("javac", ["-cp", jars, "-d", classes, source], env);
  assert.equal(compiled.status, 0, compiled.stderr);
  const packed = await run("jar", ["--create", "--file", jar, "-C", classes, "."], env);
  assert.equal(packed.status, 0, packed.stderr);
  return jar;
}

test("the SDK for Java runs a JAR on Spark, which overwrites a table", async (t) => {
  const { asRoot, running, root } = await startWorld(t, "sales");
  const jar = await jarOf(t, "SparkTotals");
  await asRoot(`${sparkJobs}
o.execute_sql("create table orders (id bigint, name string)")
o.execute_sql("insert into orders values (1, 'a'), (2, 'b'), (3, 'a')")
o.execute_sql("create table totals (name string, total bigint)")
o.execute_sql("insert into totals values ('old', 0)")
with open(${JSON.stringify(jar)}, "rb") as file:
    put("totals.jar", file, kind="jar")
`);
  const plan = { resource: "totals.jar", class: "SparkTotals", arguments: ["!", "--flag"] };
  const source = "test/support/java/SparkJob.java";
  const told = await java("warehouse-java", running, root, source, JSON.stringify(plan));
  assert.match(JSON.stringify(told), /words !,--flag/);
  const out = await asRoot('out["totals"] = rows("select * from totals order by name limit 9")');
  assert.deepEqual(out["totals"], [
    ["a!", 4],
    ["b!", 2],
  ]);
});
