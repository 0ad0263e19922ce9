import assert from "node:assert/strict";
import { test } from "node:test";
import { DisableKeyCommand } from "@aws-sdk/client-kms";
import { startSealed } from "../support/project-key.ts";
import { commands, member, startWorld } from "../support/warehouse.ts";

test("statistics of a column are for who may select it, and are made by who may alter the table as well", async (t) => {
  const { asRoot, odps, user, account } = await startWorld(t, "vault");
  const [ann, bob] = [await user("ann"), await user("bob")];
  const [toAnn, toBob] = [`RAM$${account}:ann`, `RAM$${account}:bob`];
  await asRoot(`
o.execute_sql("create table t (a bigint, secret string) partitioned by (ds string)")
o.execute_sql("insert into t partition (ds='x') values (1, 'hidden')")
o.execute_sql("create view v as select secret from t where ds = 'x'")
o.execute_sql("analyze table t partition (ds='x') compute statistics for columns")
${member(toAnn, "Describe on table t", "Select on table t(a, ds)", "Select on table v")}
${member(toBob, "Describe, Select on table t")}
o.run_security_query("grant Alter on table t to user ${toAnn}")`);
  const asked = `
def told(sql, o=o):
    failed = refused(lambda: out.__setitem__("last", o.execute_sql(sql).get_task_result()))
    return failed[0] if failed else out["last"]
`;
  const asAnn = await odps<Record<string, string>>(
    ann,
    "vault",
    `${asked}
out["own"] = told("show statistic t partition (ds='x') columns (a)")
out["others"] = [told(sql) for sql in [
    "show statistic t partition (ds='x') columns", "show statistic t partition (ds='x') columns (a, secret)", "show statistic t partition (ds='x') columns (SECRET)",
    "explain show statistic t partition (ds='x') columns (secret)", "analyze table t partition (ds='x') compute statistics for columns", "analyze table t partition (ds='x') compute statistics for columns (secret)"]]
out["view"] = refused(lambda: o.execute_sql("show statistic v columns"))[1]
out["analyzed"] = told("analyze table t partition (ds='x') compute statistics for columns (a)")
out["guess"] = [told("show statistic t partition (ds='%s') columns (a)" % ds) for ds in ["y", "x' or '1'='1"]]
`,
  );
  assert.match(String(asAnn["own"]), /^a:MaxValue: 1\n/);
  assert.doesNotMatch(String(asAnn["own"]), /hidden/);
  assert.deepEqual(asAnn["others"], Array(6).fill("NoPermission"));
  assert.match(String(asAnn["view"]), /is a view: it has no statistics/);
  assert.equal(asAnn["analyzed"], "OK");
  const asBob = await odps<Record<string, string>>(
    bob,
    "vault",
    `${asked}
out["seen"] = told("show statistic t partition (ds='x') columns (secret)")
out["changed"] = [told(sql) for sql in ["analyze table t partition (ds='x') compute statistics for columns (secret)", "analyze table t partition (ds='x') delete statistics for columns", "analyze table t delete statistics for columns (a)"]]
out["job"] = o.execute_sql("show statistic t partition (ds='x') columns (secret)").id
`,
  );
  assert.match(String(asBob["seen"]), /TopK: {hidden=1.0}/);
  assert.deepEqual(asBob["changed"], Array(3).fill("NoPermission"));
  const job = `out["of another"] = refused(lambda: o.get_instance("${asBob["job"]}").get_task_result())[0]`;
  const other = await odps(ann, "vault", job);
  assert.equal(other["of another"], "NoPermission", "a result is for who may select the columns");
  await asRoot(`
${commands(`set LabelSecurity=true`, `set label 4 to table t(secret)`)}`);
  const labelled = await odps<Record<string, string>>(
    bob,
    "vault",
    `${asked}
out["seen"] = [told("show statistic t partition (ds='x') columns (secret)"), refused(lambda: o.get_instance("${asBob["job"]}").get_task_result())[0]]
out["below"] = told("show statistic t partition (ds='x') columns (a)")[:12]
`,
  );
  assert.deepEqual(labelled["seen"], ["NoPermission", "NoPermission"], "its label is above bob's");
  assert.equal(labelled["below"], "a:MaxValue: ");
});

test("statistics leave a protected project as rows of a query do, and another project not at all", async (t) => {
  const { asRoot, odps, running } = await startWorld(t, "vault", "plain");
  const stranger = (await running.tenant("other")).root;
  const out = await asRoot(`
p = entry("plain")
o.execute_sql("create table t (a bigint, b string)")
o.execute_sql("insert into t values (1, 'first'), (2, 'second')")
o.execute_sql("analyze table t compute statistics for columns")
${commands("set ProjectProtection=true")}
def shown(sql, o=o):
    failed = refused(lambda: out.__setitem__("last", o.execute_sql(sql).get_task_result()))
    return failed[0] if failed else out["last"].splitlines()
show = "show statistic vault.t columns (a)"
out["shown"] = [shown(show)[:1], shown(show, p)[:1]]
${commands("set odps.security.displayrows=2")}
out["so many"] = [shown(show), shown(show, p)]
def taken(sql, o=o):
    options.tunnel.limit_instance_tunnel = False
    try: return refused(lambda: list(o.execute_sql(sql).open_reader(tunnel=True)))[0]
    finally: options.tunnel.limit_instance_tunnel = None
out["download"] = [taken(show), taken(show, p)]
out["made elsewhere"] = shown("analyze table vault.t compute statistics for columns (a)", p)
out["made of it"] = [shown(sql, p) for sql in ["create table taken as show statistic vault.t columns", "insert into x show statistic vault.t columns", "if ((select max(a) from vault.t) = 1) begin show statistic vault.t columns; end"]]
${commands("set odps.security.displayrowsperday=1")}
out["day"] = shown(show)
${commands("set odps.security.displayrowsperday=none", "set odps.security.displayrows=0")}
out["none"] = [shown(show), shown(show, p)]
`);
  const two = ["a:MaxValue: 2", "a:MinValue: 1"];
  assert.deepEqual(out["shown"], [[two[0]], [two[0]]]);
  assert.deepEqual(out["so many"], [two, two]);
  assert.deepEqual(out["download"], ["NoPermission", "NoPermission"]);
  assert.deepEqual(out["made elsewhere"], ["OK"]);
  assert.deepEqual(out["made of it"], ["ParseError", "ParseError", "ParseError"]);
  assert.deepEqual(out["day"], "NoPermission", "more rows were shown today");
  assert.deepEqual(out["none"], ["NoPermission", "NoPermission"]);
  const foreign = `
def told(sql): return refused(lambda: entry("plain").execute_sql(sql))[0]
out["told"] = [told("show statistic vault.t columns"), told("analyze table vault.t compute statistics for columns")]`;
  const asStranger = await odps<{ told: string[] }>(stranger, "plain", foreign);
  assert.deepEqual(new Set(asStranger.told), new Set(["NoSuchProject"]));
});

test("no statistics outlive the rows and columns that they are of", async (t) => {
  const { asRoot, running, account } = await startWorld(t, "sales");
  const rows = () => [
    ...running.bondstore.opened.parts.store.account(account).table("odps-statistics").range(),
  ];
  const out = await asRoot(`
def seen(of="t"): return o.execute_sql("show statistic " + of + " columns (a)").get_task_result().splitlines()[:1]
def analyze(of="t"): o.execute_sql("analyze table " + of + " compute statistics for columns")
def made(sql):
    o.execute_sql("drop table if exists t purge")
    o.execute_sql("create table t (a bigint, b string)" + sql)
    o.execute_sql("insert into t values (7, 'x')")
    analyze()
    assert seen() == ["a:MaxValue: 7"], seen()
plain, changed = "", " tblproperties ('transactional'='true')"
for name, shape, texts in [
    ("insert", plain, ["insert into t values (1, 'y')"]), ("overwrite", plain, ["insert overwrite table t select 1, 'y'"]), ("truncate", plain, ["truncate table t"]),
    ("delete", changed, ["delete from t where a = 7"]), ("update", changed, ["update t set a = 8"]), ("renamed", plain, ["alter table t change column a rename to c", "alter table t add columns (a bigint)"]),
    ("added", plain, ["alter table t add columns (c bigint)"]), ("restored", plain, ["insert into t values (1, 'y')", "restore table t to lsn '1'"]),
    ("anew", plain, ["drop table t", "create table t (a bigint, b string)"]), ("replaced", plain, ["create or replace table t (a bigint)"])]:
    made(shape)
    for text in texts: o.execute_sql(text)
    out[name] = seen()
made(plain)
with o.get_table("t").open_writer() as writer: writer.write([1, "y"])
out["tunnel"] = seen()
made(plain)
o.execute_sql("alter table t rename to moved"); out["moved"] = seen("moved")
o.execute_sql("alter table moved rename to t"); o.execute_sql("alter table t set comment 'c'"); o.execute_sql("alter table t touch"); out["said"] = seen()
o.execute_sql("purge table t"); o.execute_sql("drop table t"); o.execute_sql("restore table t"); out["back"] = seen()
o.execute_sql("analyze table t delete statistics for columns (a)"); out["taken"] = [seen(), len(o.execute_sql("show statistic t columns").get_task_result()) > 0]
o.execute_sql("drop table t purge")
o.execute_sql("create table p (a bigint) partitioned by (ds string)")
for ds in "xy":
    o.execute_sql("insert into p partition (ds='%s') values (7)" % ds)
    analyze("p partition (ds='%s')" % ds)
o.execute_sql("insert into p partition (ds='y') values (8)")
out["parts"] = [seen("p partition (ds='x')"), seen("p partition (ds='y')")]
o.execute_sql("alter table p drop partition (ds='x')"); o.execute_sql("insert into p partition (ds='x') values (9)"); out["part anew"] = seen("p partition (ds='x')")
analyze("p partition (ds='x')")
out["not all"] = [refused(lambda: analyze(of))[1] for of in ["p", "p partition (ds='none')", "p partition (a=1)"]]
o.execute_sql("drop table p")
`);
  const kept = ["a:MaxValue: 7"];
  const { moved, said, back, taken, parts, "part anew": anew, "not all": refusals, ...gone } = out;
  assert.deepEqual({ moved, said, back }, { moved: kept, said: kept, back: kept });
  for (const [how, lines] of Object.entries(gone)) assert.deepEqual(lines, [], how);
  assert.equal(Object.keys(gone).length, 11);
  assert.deepEqual(taken, [[], true]);
  assert.deepEqual([parts, anew], [[kept, []], []]);
  const [whole, none, column] = refusals as string[];
  assert.match(String(whole), /full scan/);
  assert.match(String(none), /Partition not found/);
  assert.match(String(column), /full scan/);
  assert.equal(rows().length, 1, "of a table that can be restored");
  await asRoot(`o.execute_sql("purge table p")`);
  assert.equal(rows().length, 0, "what is purged leaves none behind");
});

test("statistics are values, sealed under the key of the project: once it is disabled nobody reads them", async (t) => {
  const { asRoot, kms, keyArn: KeyId } = await startSealed(t, "sales");
  const { job } = await asRoot(`
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (7)")
o.execute_sql("analyze table t compute statistics for columns")
shown = o.execute_sql("show statistic t columns")
assert shown.get_task_result().startswith("a:MaxValue: 7"), shown.get_task_result()
out["job"] = shown.id`);
  await kms.send(new DisableKeyCommand({ KeyId }));
  const told = await asRoot(`
out["shown"] = refused(lambda: o.execute_sql("show statistic t columns"))[1]
out["made"] = refused(lambda: o.execute_sql("analyze table t compute statistics for columns"))[1]
out["kept"] = refused(lambda: o.get_instance("${job}").get_task_result())[1]`);
  for (const [way, words] of Object.entries(told)) {
    assert.match(String(words), /DisabledException/, way);
  }
});
