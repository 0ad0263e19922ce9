import assert from "node:assert/strict";
import { test } from "node:test";
import { member, startWorld } from "../support/warehouse.ts";

test("what hangs on rows of a protected project leaves it no more than they do, in whichever branch", async (t) => {
  const { odps, root, user, account } = await startWorld(t, "vault", "plain");
  const [ann, bob] = [await user("ann"), await user("bob")];
  const out = await odps<Record<string, unknown>>(
    root,
    "vault",
    `
p = entry("plain")
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1)")
o.execute_sql("create table own (a bigint)")
o.execute_sql("create view v as select a from t")
p.execute_sql("create table target (a bigint) tblproperties ('transactional'='true')")
p.execute_sql("insert into target values (0)")
o.run_security_query("set ProjectProtection=true")
def kind(work):
    told = refused(work)
    return "goes" if told is None else told[0] if "is protected" in told[1] else told
def sql(text, o=o): return kind(lambda: o.execute_sql(text))
seen = "((select max(a) from t) = 1)"
away = "insert into plain.target values (%d)"
out["stays"] = [sql("if %s begin insert into t values (1); end" % seen), sql("if %s begin @x := 1; end insert into own select @x" % seen), sql("if %s begin create table mine as select 1 as a; end" % seen)]
out["leaves"] = [sql(text) for text in [
    "if %s begin %s; end" % (seen, away % 1),
    "if %s begin select 1; end else begin %s; end %s" % (seen, away % 2, away % 3),
    "@x := 5; if %s begin @x := 1; end else begin @x := 2; end insert into plain.target select @x" % seen,
    "if %s begin if (true) begin %s; end end" % (seen, away % 4),
    "if %s begin end %s" % (seen, away % 5),
    "@n := select max(a) as a from t; if ((select a from @n) = 1) begin %s; end" % (away % 6),
    "if ((select max(a) from v) = 1) begin %s; end" % (away % 7),
    "if %s begin create table plain.told as select 1 as a; end" % seen,
    "if %s begin update plain.target set a = 9 where a = 0; end" % seen,
    "if %s begin delete from plain.target; end" % seen,
    "if %s begin merge into plain.target using (select 1 as a) s on target.a = s.a when not matched then insert values (s.a); end" % seen,
    "if %s begin insert overwrite table plain.target select 1; end" % seen,
    "if %s begin from own insert into plain.target select a insert into t select a; end" % seen]]
out["from there"] = [sql(text, p) for text in [
    "if ((select max(a) from vault.t) = 1) begin %s; end" % (away % 8), "if ((select max(a) from vault.t) = 1) begin select 1; end",
    "if ((select max(a) from vault.v) = 2) begin end"]]
out["definitions"] = [refused(lambda: o.execute_sql("if %s begin end %s" % (seen, text)))[1][-70:] for text in
    ["create table plain.told (a bigint)", "drop table plain.target", "create view plain.told as select 1 as a", "alter table plain.target rename to told", "truncate table plain.target"]]
out["after"] = [rows("select a from target order by a limit 99", p), refused(lambda: p.get_table("told").reload())[0]]
def unlimited(text):
    options.tunnel.limit_instance_tunnel = False
    try:
        with o.execute_sql(text).open_reader(tunnel=True) as reader: return len([record for record in reader])
    finally: options.tunnel.limit_instance_tunnel = None
out["download"] = kind(lambda: unlimited("if %s begin select 1; end" % seen))
out["shown"] = rows("if %s begin select 5; end else begin select 6; end" % seen, tunnel=False)
out["job"] = o.execute_sql("if %s begin select 5; end else begin select 6; end" % seen).id
${member(`RAM$${account}:ann`, "Read, List on project vault")}
${member(`RAM$${account}:bob`, "Select, Describe, Update on table own")}
`,
  );
  assert.deepEqual(out["stays"], ["goes", "goes", "goes"]);
  for (const [at, way] of (out["leaves"] as unknown[]).entries())
    assert.equal(way, "NoPermission", `leaves ${at}`);
  for (const way of out["from there"] as unknown[]) assert.equal(way, "NoPermission");
  for (const told of out["definitions"] as string[]) assert.match(told, /and nothing else/);
  assert.deepEqual(out["after"], [[[0]], "NoSuchObject"]);
  assert.equal(out["download"], "NoPermission");
  assert.deepEqual(out["shown"], [["5"]]);
  const asAnn = await odps<Record<string, unknown>>(
    ann,
    "vault",
    `out["rows"] = refused(lambda: o.get_instance("${out["job"]}").open_reader(tunnel=False).raw)[0]`,
  );
  assert.equal(asAnn["rows"], "NoPermission", "rows that hang on a table are for who may read it");
  const asBob = await odps<Record<string, unknown>>(
    bob,
    "vault",
    `
def kind(sql):
    told = refused(lambda: o.execute_sql(sql))
    return "goes" if told is None else told[0]
out["condition"] = kind("if ((select max(a) from t) = 1) begin select 1; end")
out["not taken"] = kind("if (false) begin select max(a) from t; end else begin select 1; end")
out["taken"] = kind("if (true) begin select max(a) from t; end")
out["before"] = [kind("insert into own values (7); if (true) begin select max(a) from t; end"), rows("select a from own where a = 7")]
`,
  );
  assert.deepEqual(asBob, {
    ...{ condition: "NoPermission", "not taken": "goes", taken: "NoPermission" },
    before: ["NoPermission", [[7]]],
  });
});

test("hostile scripts are refused, and end", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
def told(sql): return refused(lambda: o.execute_sql(sql))[1][-90:]
out["deep"] = told("if (true) begin " * 101 + "select 1; " + "end " * 101)
out["many"] = told("if (true) begin " + "select 1; " * 1001 + "end")
out["chain"] = told("if (" + "1+" * 3000 + "1 = 1) select 1")
out["variables"] = told("if (true) begin " + "@x := 1; " * 300 + "end select @x")
out["self"] = told("if (@x) begin @x := true; end")
out["open"] = [told(text) for text in ["if", "if (", "if (true", "if (true)", "if (true) begin", "if (true) else select 1", "if (true) begin end end", "end", "begin select 1; end", "if (true) select 1; else"]]
`);
  assert.match(String(out["deep"]), /nested deeper/);
  assert.match(String(out["many"]), /at most 1000 statements/);
  assert.match(String(out["chain"]), /too long/);
  assert.match(String(out["variables"]), /at most 200 variables/);
  assert.match(String(out["self"]), /cannot be resolved/);
  for (const told of out["open"] as string[]) assert.match(told, /invalid token|not supported/);
});
