import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

const views = [
  "tables",
  "views",
  "columns",
  "partitions",
  "udfs",
  "resources",
  "users",
  "roles",
  "user_roles",
  "table_privileges",
  "package_privileges",
  "installed_packages",
  "tasks_history",
];

/** A project with an open table and a secret one, and ann and bob, who are granted the open one. */
const story = (account: string) => `
o.execute_sql("create table open_one (a bigint comment 'first', b string) lifecycle 9")
o.execute_sql("create table secret_one (a bigint, hidden string) partitioned by (ds string)")
o.execute_sql("insert into secret_one partition (ds='secret_value') values (1, 'x')")
o.execute_sql("create table parted (a bigint) partitioned by (ds string)")
o.execute_sql("insert into parted partition (ds='p1') values (1)")
o.execute_sql("create view look as select a from open_one")
for query in ["add user RAM$${account}:ann", "add user RAM$${account}:bob", "create role reader", "create role secret_role", "grant Describe, Select on table secret_one to role secret_role",
              "grant Describe, Select on table open_one to role reader", "grant Describe on table parted to role reader", "grant Describe, Select on table look to role reader",
              "grant CreateInstance, CreateTable, List, Read on project sales to role reader", "grant reader to RAM$${account}:ann", "grant reader to RAM$${account}:bob"]:
    o.run_security_query(query)
`;

const grants = (account: string, user: string) =>
  `for view in ${JSON.stringify(views)}: o.run_security_query("grant Select on table information_schema." + view + " to user RAM$${account}:${user}")\n`;

test("the owner sees the project's catalog as tables, which join, and copy by an INSERT or a view", async (t) => {
  const { asRoot, account } = await startWorld(t, "sales");
  const out = await asRoot(`${story(account)}
out["tables"] = rows("select table_name, table_type, is_partitioned, life_cycle, data_length > 0, owner_name from Information_Schema.TABLES order by table_name limit 9")
out["columns"] = rows("select c.column_name, c.data_type, c.ordinal_position, c.is_partition_key, c.column_comment from information_schema.columns c join information_schema.tables t on c.table_name = t.table_name where c.table_name = 'open_one' order by ordinal_position limit 9")
out["partitions"] = rows("select partition_name from information_schema.partitions where table_name = 'secret_one'")
out["users"] = rows("select user_name from information_schema.users order by user_name limit 9")
o.run_security_query("set label 2 to user ram$${account}:ANN")
out["labels"] = rows("select user_label from information_schema.users order by user_name limit 9")
out["user_roles"] = rows("select role_name, user_name from information_schema.user_roles order by user_name limit 9")
out["privileges"] = rows("select privilege_type, user_name from information_schema.table_privileges where table_name = 'secret_one' order by privilege_type limit 9")
out["tasks"] = rows("select distinct task_type, status, owner_name from information_schema.tasks_history")
out["texts"] = rows("select operation_text from information_schema.tasks_history where operation_text like 'create view%'")
out["time"] = rows("select year(create_time) > 2000, create_time <= getdate() from information_schema.tables where table_name = 'look'")
out["all"] = {view: len(rows("select * from information_schema." + view)) for view in ${JSON.stringify(views)}}
o.execute_sql("create table copied as select table_name from information_schema.tables")
o.execute_sql("create view counted as select count(*) as n from information_schema.tables")
out["copied"] = [rows("select count(*) from copied"), rows("select n from counted")]
out["none"] = refused(lambda: rows("select * from information_schema.nothing"))[0]
words = ["drop table information_schema.tables", "drop view information_schema.tables", "insert into information_schema.users values ('a','b','c','d','e')", "truncate table information_schema.users",
         "create table information_schema.mine (a bigint)", "create schema information_schema", "clone table information_schema.tables to mine", "alter table information_schema.tables set comment 'x'",
         "create or replace table information_schema.tables (a bigint)", "restore table information_schema.tables to lsn '0'"]
out["changed"] = [word for word in words if refused(lambda: o.execute_sql(word)) is None]
`);
  const owner = `ALIYUN$${account}`;
  assert.deepEqual(out["tables"], [
    ["look", "VIRTUAL_VIEW", false, -1, false, owner],
    ["open_one", "MANAGED_TABLE", false, 9, false, owner],
    ["parted", "MANAGED_TABLE", true, -1, true, owner],
    ["secret_one", "MANAGED_TABLE", true, -1, true, owner],
  ]);
  assert.deepEqual(out["columns"], [
    ["a", "bigint", 1, false, "first"],
    ["b", "string", 2, false, ""],
  ]);
  assert.deepEqual(out["partitions"], [["ds=secret_value"]]);
  const [ann, bob] = [`RAM$${account}:ann`, `RAM$${account}:bob`];
  assert.deepEqual(out["users"], [[owner], [ann], [bob]]);
  assert.deepEqual(out["labels"], [["0"], ["2"], ["0"]], "names are the same in any case");
  assert.deepEqual(out["user_roles"], [
    ["reader", ann],
    ["reader", bob],
  ]);
  assert.deepEqual(out["privileges"], [
    ["Describe", "secret_role"],
    ["Select", "secret_role"],
  ]);
  assert.deepEqual(out["tasks"], [["SQL", "Success", owner]]);
  assert.deepEqual(out["texts"], [["create view look as select a from open_one;"]]);
  assert.deepEqual(out["time"], [[true, true]]);
  for (const [view, count] of Object.entries(out["all"] as Record<string, number>)) {
    const isEmpty = ["udfs", "resources", "package_privileges", "installed_packages"];
    assert.equal(count > 0, !isEmpty.includes(view), view);
  }
  assert.deepEqual(out["copied"], [[[4]], [[6]]]);
  assert.equal(out["none"], "NoSuchTable");
  assert.deepEqual(out["changed"], []);
});

test("who is not granted the catalog sees none of it; who is sees what is theirs, by no detour more", async (t) => {
  const { asRoot, odps, root, account, user } = await startWorld(t, "sales", "other");
  const [ann, bob] = [await user("ann"), await user("bob")];
  await asRoot(story(account));
  const before = await odps(
    ann,
    "sales",
    `out["told"] = [refused(lambda: rows("select * from information_schema." + view))[0] for view in ${JSON.stringify(views)}]
out["described"] = refused(lambda: o.execute_sql("desc information_schema.tables"))[0]`,
  );
  assert.deepEqual(
    before["told"],
    views.map(() => "NoPermission"),
  );
  assert.equal(before["described"], "NoPermission");
  const jobs = await odps<Record<string, string>>(
    root,
    "sales",
    `${grants(account, "ann")}
out["owners"] = o.execute_sql("select * from information_schema.tables").id
o.run_security_query("grant Read on instance " + out["owners"] + " to user RAM$${account}:ann")
out["secret"] = o.execute_sql("select 'secret_text' from secret_one where ds = 'secret_value'").id
o.execute_sql("create view lent as select * from information_schema.tables")
o.run_security_query("grant Select on table lent to user RAM$${account}:ann")
p = entry("other")
p.run_security_query("add user RAM$${account}:ann")
p.run_security_query("grant CreateInstance, CreateTable, Read on project other to user RAM$${account}:ann")
p.execute_sql("create table elsewhere (a bigint)")
`,
  );
  const seen = await odps(
    ann,
    "sales",
    `
for view in ${JSON.stringify(views)}:
    out[view] = rows("select * from information_schema." + view)
out["lent"] = sorted(rows("select table_name from lent"))
out["mine"] = o.execute_sql("select * from information_schema.tables").id
out["owner's rows"] = refused(lambda: list(o.get_instance("${jobs["owners"]}").open_reader(tunnel=True)))
out["owner's rows as text"] = refused(lambda: o.get_instance("${jobs["owners"]}").open_reader(tunnel=False).raw)
q = entry("other")
out["from another project"] = sorted(rows("select table_name from sales.information_schema.tables", q))
out["of another project"] = [refused(lambda: rows("select * from other.information_schema.tables"))[0], refused(lambda: rows("select * from information_schema.tables", q))[0]]
`,
  );
  const text = JSON.stringify(
    Object.entries(seen).filter(([name]) => !["mine", "from another project"].includes(name)),
  );
  assert.doesNotMatch(text, /secret/);
  assert.deepEqual((seen["tables"] as string[][]).map((row) => row[2]).sort(), [
    "look",
    "open_one",
    "parted",
  ]);
  assert.deepEqual(seen["lent"], [["look"], ["open_one"], ["parted"]]);
  assert.deepEqual(seen["from another project"], [["look"], ["open_one"], ["parted"]]);
  assert.deepEqual(
    (seen["partitions"] as string[][]).map((row) => row[3]),
    ["ds=p1"],
  );
  assert.deepEqual(
    (seen["users"] as string[][]).map((row) => row[2]),
    [`RAM$${account}:ann`],
  );
  assert.deepEqual(
    (seen["roles"] as string[][]).map((row) => row[2]),
    ["reader"],
  );
  for (const row of seen["tasks_history"] as string[][]) {
    assert.ok(row[6] === `RAM$${account}:ann` || row[4] === jobs["owners"], row[4]);
  }
  assert.deepEqual(seen["of another project"], ["NoPermission", "NoPermission"]);
  for (const path of ["owner's rows", "owner's rows as text"]) {
    assert.equal((seen[path] as string[])[0], "NoPermission", path);
    assert.match((seen[path] as string[])[1] ?? "", /shown to who has asked/, path);
  }
  // What ann may see is not bob's either, though he may read the job and the view.
  await asRoot(
    `${grants(account, "bob")}o.run_security_query("grant Read on instance ${seen["mine"]} to user RAM$${account}:bob")`,
  );
  const lent = await odps(
    bob,
    "sales",
    `out["rows"] = refused(lambda: list(o.get_instance("${seen["mine"]}").open_reader(tunnel=True)))`,
  );
  assert.match((lent["rows"] as string[])[1] ?? "", /shown to who has asked/);
});

test("the catalog of a protected project stays in it, and names of partitions are for who may read the table", async (t) => {
  const { asRoot, odps, account, user } = await startWorld(t, "sales", "other");
  const ann = await user("ann");
  const out = await asRoot(`${story(account)}${grants(account, "ann")}
o.run_security_query("set ProjectProtection=true")
p = entry("other")
def tried(o, sql): return (refused(lambda: o.execute_sql(sql)) or ["goes", ""])
out["moved"] = [tried(o, "create table other.c as select table_name from information_schema.tables"), tried(p, "create table c as select table_name from sales.information_schema.tables"),
                tried(p, "create view v as select partition_name from sales.information_schema.partitions"), tried(o, "insert into other.elsewhere select count(*) from information_schema.tables")] if p.execute_sql("create table elsewhere (a bigint)") else None
out["inside"] = tried(o, "create table c as select table_name from information_schema.tables")[0]
def unlimited():
    options.tunnel.limit_instance_tunnel = False
    return list(o.execute_sql("select * from information_schema.tables").open_reader(tunnel=True))
out["download"] = refused(unlimited)
`);
  for (const told of [...(out["moved"] as string[][]), out["download"] as string[]]) {
    assert.equal(told[0], "NoPermission");
    assert.match(told[1] ?? "", /is protected/);
  }
  assert.equal(out["inside"], "goes");
  const seen = await odps(
    ann,
    "sales",
    `out["names"] = rows("select partition_name from information_schema.partitions")`,
  );
  assert.deepEqual(seen["names"], []);
});
