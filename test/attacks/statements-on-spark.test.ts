/**
 * A statement that runs on Spark is judged as any other, by its plan: no text, name or flag of a user's reaches Spark but
 * as a text, a name or nothing; what may not be read or may not leave on DuckDB does not on Spark; a key that is
 * disabled ends Spark as well; and kill -9 leaves no half of what Spark was writing.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DisableKeyCommand, EnableKeyCommand } from "@aws-sdk/client-kms";
import { createProject } from "../../src/projects/project.ts";
import { startSealed } from "../support/project-key.ts";
import { member } from "../support/warehouse.ts";

type Told = Readonly<Record<string, unknown>>;

const spark = `
spark = {"hive.execution.engine": "spark", "odps.sql.allow.fullscan": "true", "odps.sql.validate.orderby.limit": "false"}
def on_spark(sql, **more):
    with o.execute_sql(sql, hints={**spark, **more}).open_reader(tunnel=True) as reader:
        return [[column.name for column in reader._schema.columns], [list(record.values) for record in reader]]
def told(sql, **more):
    return refused(lambda: on_spark(sql, **more))
`;

const refusedTexts: readonly (readonly [sql: string, why: RegExp])[] = [
  ["select * from parquet.`/etc/passwd`", /parquet/],
  ["select * from `parquet`.`/data/t`", /parquet/],
  ["select reflect('java.lang.System', 'getenv', 'HOME')", /cannot be resolved|not supported/],
  ["select java_method('java.lang.System', 'exit', 0)", /cannot be resolved|not supported/],
  ["select try_reflect('java.lang.System', 'exit', 0)", /cannot be resolved|not supported/],
  ["select input_file_name()", /cannot be resolved|not supported/],
  ["select a from t where a in (select 1) /*+ */ ; add jar x", /Parse|add/i],
  ["create temporary function f as 'java.lang.String' using 'x.jar'; select f(1)", /x\.jar/],
  ["select transform(a) using 'sh' from t", /./],
];

test("Spark is a way around nothing", async (t) => {
  const world = await startSealed(t, "sales");
  const { odps, root, user, account, kms, keyArn: KeyId, running } = world;
  const { parts } = running.bondstore.opened;
  await createProject(parts, account, { name: "other" });
  await createProject(parts, account, { name: "safe" });
  for (const name of ["other", "safe"]) {
    await odps(root, name, `o.execute_sql("create table secret as select 'a-secret' as word")`);
  }
  await odps(root, "safe", `o.run_security_query("set ProjectProtection=true")`);
  await odps(root, "sales", "o.execute_sql(\"create table t as select 7 as a, '$x' as b\")");
  const alice = await user("alice");
  const grants = member(`RAM$${account}:alice`, "Select, Describe on table t");
  await odps(root, "sales", grants);

  const texts = JSON.stringify(JSON.stringify(refusedTexts.map(([sql]) => sql)));
  const out = await odps<Told>(
    root,
    "sales",
    `${spark}
out["texts"] = [told(sql) for sql in json.loads(${texts})]
out["names"] = on_spark("select a as \`x\`\`; drop table t; -- \`, b as \`/* Ü\` from t")
out["values"] = on_spark(r"""select concat(b, '\${spark.app.name}', '\\\\', '\\'', '"', '\`', '-- ') as v from t""")
out["flags"] = on_spark("set spark.sql.runSQLOnFiles=true; set spark.jars=/x.jar; set spark.master=spark://x:1; set spark.sql.ansi.enabled=false; select a from t", **{"spark.plugins": "x"})
out["zone"] = told("select datetime '2020-01-01 00:00:00' as d from t", **{"odps.sql.timezone": "UTC'; drop table t"})
out["other"] = on_spark("select * from other.secret")
out["leaves"] = [[told(sql), refused(lambda: rows(sql))] for sql in ("select * from safe.secret", "insert into t select 1, word from safe.secret",
  "create table stolen as select * from safe.secret")]
out["after"] = on_spark("select count(*) as n from t")
`,
  );
  for (const [at, [sql, why]] of refusedTexts.entries()) {
    const answer = String((out["texts"] as unknown[])[at]);
    assert.match(answer, why, sql);
    assert.match(answer, /ODPS-0/, sql);
  }
  assert.deepEqual(out["names"], [["x`; drop table t; -- ", "/* ü"], [[7, "$x"]]]);
  assert.deepEqual(out["values"], [["v"], [[`$x${"$"}{spark.app.name}\\'"\`-- `]]]);
  assert.deepEqual(out["flags"], [["a"], [[7]]]);
  assert.match(String(out["zone"]), /ODPS-0/);
  assert.deepEqual(out["other"], [["word"], [["a-secret"]]]);
  const leaves = out["leaves"] as [unknown, unknown][];
  const words = (refusal: unknown) =>
    String(refusal).replaceAll(/(InstanceId:|bondstore explain) \w+/g, "");
  for (const [spark, duckdb] of leaves) assert.equal(words(spark), words(duckdb));
  for (const [refusal] of leaves.slice(1)) assert.match(String(refusal), /safe' is protected/);
  assert.deepEqual(out["after"], [["n"], [[1]]]);

  // The other project's file lies in the cell by now: it is nobody's who may not read it.
  const asked = await odps<Told>(
    alice,
    "sales",
    `${spark}
out["own"] = on_spark("select a from t")
out["other"] = told("select * from other.secret")`,
  );
  assert.deepEqual(asked["own"], [["a"], [[7]]]);
  assert.match(String(asked["other"]), /NoPermission/);
  const events = await parts.trail.find({ account, limit: 100 });
  assert.ok(
    events.some(({ event }) => event.errorCode && JSON.stringify(event).includes("other")),
    "the refusal is in the trail",
  );

  // A statement that runs on Spark ends with its key.
  const begin = await odps<Told>(
    root,
    "sales",
    `${spark}
import time
out["id"] = o.run_sql("select sum(x.a * y.a) from (select explode(sequence(1, 2000000)) as a) x cross join (select explode(sequence(1, 2000000)) as a) y", hints=spark).id
time.sleep(8)
out["running"] = not o.get_instance(out["id"]).is_terminated()
`,
  );
  assert.equal(begin["running"], true);
  await kms.send(new DisableKeyCommand({ KeyId }));
  const end = await odps<Told>(
    root,
    "sales",
    `${spark}
out["failed"] = refused(o.get_instance("${begin["id"]}").wait_for_success)
out["later"] = told("select a from t")`,
  );
  assert.match(String(end["failed"]), /cannot be used: DisabledException/);
  assert.match(String(end["later"]), /cannot be used: DisabledException/);
  await kms.send(new EnableKeyCommand({ KeyId }));
  const again = await odps<Told>(
    root,
    "sales",
    `${spark}\nout["rows"] = on_spark("select a from t")`,
  );
  assert.deepEqual(again["rows"], [["a"], [[7]]]);
});
