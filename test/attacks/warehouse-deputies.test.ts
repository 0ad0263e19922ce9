import assert from "node:assert/strict";
import { test } from "node:test";
import { member, startWorld } from "../support/warehouse.ts";

test("a view reads what its maker meant, whatever the flags of who reads it", async (t) => {
  const { asRoot, odps, user, account } = await startWorld(t, "vault", "other");
  const bob = await user("bob");
  const name = `RAM$${account}:bob`;
  await asRoot(`${member(name)}
o.execute_sql("create schema hr")
o.execute_sql("create schema other")
space = {"odps.namespace.schema": "true"}
for schema in ["default", "hr"]:
    o.execute_sql("create table vault.%s.customers (name string)" % schema, hints=space)
    o.execute_sql("insert into vault.%s.customers values ('%s')" % (schema, schema), hints=space)
p = entry("other")
p.execute_sql("create table pub (a string)")
p.execute_sql("insert into pub values ('public')")
o.execute_sql("create table vault.other.pub (a string)", hints=space)
o.execute_sql("insert into vault.other.pub values ('secret')", hints=space)
o.execute_sql("create view vv as select name from customers")
o.execute_sql("create view nv as select a from other.pub")
for view in ["vv", "nv"]:
    o.run_security_query("grant Select on table %s to user ${name}" % view)
`);
  const out = await odps(
    bob,
    "vault",
    `
out["plain"] = [rows("select name from vv"), rows("select a from nv")]
out["schema"] = rows("select name from vault.default.vv", **{"odps.default.schema": "hr", "odps.namespace.schema": "true"})
out["namespace"] = rows("select a from vault.default.nv", **{"odps.namespace.schema": "true"})
out["itself"] = refused(lambda: rows("select name from vault.hr.customers", **{"odps.namespace.schema": "true"}))[0]
`,
  );
  assert.deepEqual(out["plain"], [[["default"]], [["public"]]]);
  assert.deepEqual([out["schema"], out["namespace"]], [[["default"]], [["public"]]]);
  assert.equal(out["itself"], "NoPermission");
});

test("rows of a job are read by who may read their source now", async (t) => {
  const { asRoot, odps, user, account } = await startWorld(t, "vault");
  const [eve, bob] = [await user("eve"), await user("bob")];
  const names = ["eve", "bob"].map((one) => `RAM$${account}:${one}`);
  await asRoot(`${names.map((name) => member(name)).join("")}
o.execute_sql("create table t (a bigint, secret string)")
o.execute_sql("insert into t values (1, 'deep')")
o.execute_sql("create view v as select a, secret from t")
for thing in ["t", "v"]:
    o.run_security_query("grant Select on table %s to user ${names[0]}" % thing)
`);
  const ids = await odps<string[]>(
    eve,
    "vault",
    `
out = [o.execute_sql("select secret from v").id, o.execute_sql("select secret from t").id]
for id in out:
    with o.get_instance(id).open_reader(tunnel=True) as reader:
        assert [record[0] for record in reader] == ["deep"]
`,
  );
  const [byView, byTable] = ids;
  const read = `
def through(id, **how):
    def work():
        with o.get_instance(id).open_reader(**how) as reader:
            return [record[0] for record in reader]
    return (refused(work) or ["read"])[0]
out = {id: [through(id, tunnel=False), through(id, tunnel=True, limit=True), through(id, tunnel=True, limit=False)] for id in ["${byView}", "${byTable}"]}
`;
  const none = ["NoPermission", "NoPermission", "NoPermission"];
  const all = ["read", "read", "read"];
  const as = (keys: typeof eve) => odps<Record<string, string[]>>(keys, "vault", read);
  const may = (query: string) => asRoot(`o.run_security_query("${query}")`);
  assert.deepEqual(Object.values(await as(eve)), [all, all]);
  for (const id of ids) await may(`grant Read on instance ${id} to user ${names[1]}`);
  assert.deepEqual(Object.values(await as(bob)), [none, none], "Read of a job is not Select");
  await may(`revoke Select on table v from user ${names[0]}`);
  assert.deepEqual(Object.values(await as(eve)), [none, all], "the view was taken back");
  await may(`revoke Select on table t from user ${names[0]}`);
  assert.deepEqual(Object.values(await as(eve)), [none, none]);
  await asRoot(`
o.execute_sql("drop table t")
o.execute_sql("create table t (a bigint, secret string)")
o.run_security_query("grant Select on table t to user ${names[0]}")
`);
  const later = await as(eve);
  assert.ok(!later[byTable ?? ""]?.includes("read"), "another table of the name opens nothing");
});

test("who renames a table or a column does not shake off its label or its grants", async (t) => {
  const { asRoot, odps, user, account } = await startWorld(t, "vault");
  const [eve, bob] = [await user("eve"), await user("bob")];
  const names = ["eve", "bob"].map((one) => `RAM$${account}:${one}`);
  await asRoot(`${names.map((name) => member(name)).join("")}
for table in ["lab", "cols"]:
    o.execute_sql("create table %s (a bigint, ssn string, z string)" % table)
    o.execute_sql("insert into %s values (1, 'secret', 'zz')" % table)
for query in ["set LabelSecurity=true", "set label 3 to table lab(ssn)", "grant Select, Alter on table lab to user ${names[1]}",
              "grant Select(a) on table cols to user ${names[0]}", "grant Alter on table cols to user ${names[0]}", "create role reader", "grant reader to ${names[1]}"]:
    o.run_security_query(query)
next(role for role in o.list_roles() if role.name == "reader").policy = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["odps:Select"], "Resource": "acs:odps:*:projects/vault/tables/*"}]}
`);
  const label = await odps(
    bob,
    "vault",
    `
out["before"] = refused(lambda: rows("select ssn from lab"))[0]
o.execute_sql("alter table lab change column ssn x string")
out["column"] = refused(lambda: rows("select x from lab"))[0]
out["rename"] = refused(lambda: o.execute_sql("alter table lab rename to lab2"))[0]
`,
  );
  assert.deepEqual(Object.values(label), ["NoPermission", "NoPermission", "NoPermission"]);
  await asRoot(`o.execute_sql("alter table lab rename to lab2")`);
  const after = await odps<unknown>(
    bob,
    "vault",
    `out = [refused(lambda: rows("select x from lab2"))[0], rows("select a from lab2")]`,
  );
  assert.deepEqual(after, ["NoPermission", [[1]]]);
  const grants = await odps(
    eve,
    "vault",
    `
out["before"] = rows("select a from cols")
o.execute_sql("alter table cols change column a tmp bigint")
o.execute_sql("alter table cols change column z a string")
out["swapped"] = refused(lambda: rows("select a from cols"))[0]
out["still"] = rows("select tmp from cols")
`,
  );
  assert.deepEqual(grants, { before: [[1]], swapped: "NoPermission", still: [[1]] });
});

test("who turns a table by PIVOT or UNPIVOT reads no more of it than before, and takes no more away", async (t) => {
  const { asRoot, odps, user, account } = await startWorld(t, "vault", "other");
  const [eve, bob] = [await user("eve"), await user("bob")];
  const names = ["eve", "bob"].map((one) => `RAM$${account}:${one}`);
  await asRoot(`${names.map((name) => member(name)).join("")}
o.execute_sql("create table t (a bigint, b bigint, c bigint)")
o.execute_sql("insert into t values (1, 2, 666)")
o.execute_sql("create view seen as select a, b from t")
for query in ["set LabelSecurity=true", "set label 3 to table t(c)", "grant Select(a, b) on table t to user ${names[0]}",
              "grant Select, Describe, Download on table t to user ${names[1]}", "set ProjectProtection=true"]:
    o.run_security_query(query)
`);
  const turned = `
out["own"] = rows("select n, v from (select a, b from t) unpivot (v for n in (a, b)) order by n limit 9")
for name, sql in {"named": "select v from t unpivot (v for n in (a, c))", "kept": "select v from t unpivot (v for n in (a, b))",
                  "second": "select n from t unpivot ((v, w) for n in ((a, b), (a, c)))", "counted": "select count(*) from t unpivot include nulls (v for n in (c))",
                  "pivot": "select * from t pivot (max(c) for a in (1 as x))", "behind": "select x_m from t unpivot (v for n in (a, c)) pivot (max(v) as m for n in ('c' as x))"}.items():
    out[name] = refused(lambda: rows(sql))[0]
`;
  const nothing = { named: "NoPermission", kept: "NoPermission", second: "NoPermission" };
  const more = { counted: "NoPermission", pivot: "NoPermission", behind: "NoPermission" };
  const seen = {
    own: [
      ["a", 1],
      ["b", 2],
    ],
    ...nothing,
    ...more,
  };
  assert.deepEqual(await odps(eve, "vault", turned), seen, "columns that are not granted");
  assert.deepEqual(await odps(bob, "vault", turned), seen, "a column above the reader's label");
  const away = await asRoot(`
out = [refused(lambda: o.execute_sql(f"create table other.x as select * from {table} unpivot (v for n in (a, b))"))[0] for table in ["t", "seen"]]
`);
  assert.deepEqual(away, ["NoPermission", "NoPermission"]);
  const released = await asRoot(`
o.run_security_query("set ProjectProtection=false")
o.execute_sql("create table other.x as select * from seen unpivot (v for n in (a, b))")
out["made"] = o.exist_table("x", project="other")
`);
  assert.deepEqual(released, { made: true }, "it was the protection that refused");
});

test("what a table has dropped does not come back by a clone, nor under an old name", async (t) => {
  const { asRoot } = await startWorld(t, "vault", "other");
  const out = await asRoot(`
o.execute_sql("create table t (id bigint, pin string, note string)")
o.execute_sql("insert into t values (7, 'PIN-9999', 'n')")
o.execute_sql("alter table t drop columns (pin)")
o.execute_sql("alter table t change column note memo string")
o.execute_sql("insert into t values (8, 'm')")
out["renamed"] = rows("select id, memo from t order by id limit 9")
o.execute_sql("clone table vault.t to other.t")
p = entry("other")
p.execute_sql("alter table t add columns (pin string)")
out["clone"] = rows("select id, memo, pin from t order by id limit 9", p)
o.execute_sql("alter table t add columns (pin string)")
out["same table"] = rows("select id, memo, pin from t order by id limit 9")
o.execute_sql("create table u (id bigint, old string)")
o.execute_sql("alter table u change column old memo string")
o.execute_sql("alter table u add columns (pin string)")
o.execute_sql("clone table t to u if exists overwrite")
out["into another"] = rows("select id, memo, pin from u order by id limit 9")
o.write_table("t", [[9, "tunnel", "p"]])
out["tunnel"] = [list(record.values) for record in o.read_table("t")]
`);
  const both = [
    [7, "n"],
    [8, "m"],
  ];
  const three = both.map((row) => [...row, null]);
  assert.deepEqual(out["renamed"], both);
  for (const path of ["clone", "same table", "into another"])
    assert.deepEqual(out[path], three, path);
  assert.deepEqual(out["tunnel"], [...three, [9, "tunnel", "p"]]);
});

test("who may change a table and not read it moves none of its rows to where they may", async (t) => {
  const { asRoot, odps, account, user } = await startWorld(t, "sales");
  const eve = await user("eve");
  const name = `RAM$${account}:eve`;
  await asRoot(`
o.execute_sql("create table s (a bigint) partitioned by (ds string)")
o.execute_sql("insert into s partition (ds='1') values (42)")
${member(name, "Describe, Alter, Update, Drop on table s")}
`);
  const tried = await odps(
    eve,
    "sales",
    `
o.execute_sql("create table mine (a bigint) partitioned by (ds string)")
out["exchange"] = refused(lambda: o.execute_sql("alter table mine exchange partition (ds='1') with table s"))[0]
out["restore as"] = refused(lambda: o.execute_sql("restore table s to lsn '1' as mine2"))[0]
out["clone"] = refused(lambda: o.execute_sql("clone table s to mine3"))[0]
out["materialized"] = refused(lambda: o.execute_sql("create materialized view m as select a from s where ds = '1'"))[0]
out["merged name"] = refused(lambda: o.execute_sql("alter table s archive"))[0]
out["nothing"] = [[one.name for one in o.list_tables() if one.name.startswith("mine")], rows("select count(*) from mine where ds = '1'")]
`,
  );
  for (const way of ["exchange", "restore as", "clone", "materialized"]) {
    assert.equal(tried[way], "NoPermission", way);
  }
  assert.notEqual(tried["merged name"], null);
  assert.deepEqual(tried["nothing"], [["mine"], [[0]]]);
});

test("a table or view is given away by who administers the project alone, and to a member alone", async (t) => {
  const { asRoot, odps, account, user } = await startWorld(t, "sales");
  const ann = await user("ann");
  await asRoot(`
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1)")
${member(`RAM$${account}:ann`, "Describe, Select on table t")}
`);
  const tried = await odps(
    ann,
    "sales",
    `
o.execute_sql("create view v as select a from t")
o.execute_sql("alter view v set comment 'mine'")
o.execute_sql("create table own (a bigint)")
out["given"] = [refused(lambda: o.execute_sql("alter view v changeowner to 'ALIYUN$${account}'"))[0], refused(lambda: o.execute_sql("alter table own changeowner to 'ALIYUN$${account}'"))[0]]
`,
  );
  assert.deepEqual(tried["given"], ["NoPermission", "NoPermission"]);
  const out = await asRoot(`
def owner(name):
    one = o.get_table(name); one.reload()
    return [one.owner, one.comment]
o.run_security_query("revoke Select on table t from user RAM$${account}:ann")
out["lends no more"] = refused(lambda: rows("select a from v"))[0]
out["nobody"] = [refused(lambda: o.execute_sql("alter view v changeowner to 'RAM$${account}:nobody'")) is None, refused(lambda: o.execute_sql("alter table own changeowner to 'not a user'")) is None]
o.execute_sql("alter view v changeowner to 'ALIYUN$${account}'")
o.execute_sql("alter table own changeowner to 'ALIYUN$${account}'")
o.execute_sql("alter view v rename to w")
out["owners"] = [owner("w"), owner("own")]
out["lends"] = rows("select a from w")
`);
  const owner = `ALIYUN$${account}`;
  assert.equal(out["lends no more"], "NoPermission");
  assert.deepEqual(out["nobody"], [false, false]);
  assert.deepEqual(out["owners"], [
    [owner, "mine"],
    [owner, ""],
  ]);
  assert.deepEqual(out["lends"], [[1]]);
});
