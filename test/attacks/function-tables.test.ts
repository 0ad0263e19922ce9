import assert from "node:assert/strict";
import { test } from "node:test";
import { prelude } from "../support/function-resources.ts";
import { member, startWorld } from "../support/warehouse.ts";

test("a table that is a resource is read by who may select all of it, at the moment and as it then is", async (t) => {
  const { asRoot, odps, account, user } = await startWorld(t, "safe", "plain");
  const ann = await user("ann");
  const name = `RAM$${account}:ann`;
  await asRoot(`${prelude}
plain = entry("plain")
o.execute_sql("create table secrets (a bigint, b string)")
o.execute_sql("insert into secrets values (1, 'one')")
o.execute_sql("create view behind as select a from secrets")
o.execute_sql("create table other (a bigint)")
o.execute_sql("create table parted (a bigint) partitioned by (ds string)")
o.execute_sql("insert into parted partition (ds='x') values (1)")
for part in ["x", "y"]:
    plain.create_resource("part_" + part, "table", table_name="safe.parted", partition="ds='%s'" % part)
o.run_security_query("add user ${name}")
plain.create_resource("reading.py", "py", file_obj=table_reading)
plain.create_resource("secrets", "table", table_name="safe.secrets")
make("f", "reading.py,secrets", plain)
plain.execute_sql("create view lent as select f() as x")
o = plain
${member(name, "CreateFunction, CreateResource on project plain", "Execute on function f", "Select on table lent", "Read on resource reading.py", "Read on resource secrets", "Read on resource part_x", "Read on resource part_y")}
`);
  const used = `${prelude}
out["lent"] = ask("select f()")
out["own"] = ask("create temporary function x as 'reading.Reading' using 'reading.py,secrets'; select x();")
out["view"] = ask("select x from lent")
out["insert"] = ask(lambda: o.execute_sql("create table mine as select f() as x"))
out["condition"] = ask("if (f() = 'x') begin select 1; end")
out["parts"] = [ask("create temporary function x as 'reading.Reading' using 'reading.py,%s'; select x();" % one) for one in ["part_x", "part_y"]]
out["explained"] = ask(lambda: o.execute_sql("explain select f()") and None)
`;
  const hers = `${prelude}
out["hers"] = ask("select hers()", entry("plain"))
`;
  const made = await odps(
    ann,
    "plain",
    `${prelude}out["made"] = make("hers", "reading.py,secrets")`,
  );
  assert.equal(made["made"], null);
  const refused =
    /NoPermission.*odps:Select.*projects\/safe\/(schemas\/default\/)?tables\/secrets/s;
  assert.match(String((await asRoot(hers))["hers"]), refused, "code of who may not select it");
  const without = await odps(ann, "plain", used);
  for (const one of ["lent", "own", "insert", "condition", "explained"]) {
    assert.match(String(without[one]), refused, one);
  }
  const [there, nowhere] = (without["parts"] as string[]).map((told) =>
    told.replace(/bondstore explain \w+/, ""),
  );
  assert.match(String(there), /NoPermission.*odps:Select.*tables\/parted/s);
  assert.equal(nowhere, there, "nobody learns which partitions there are");
  assert.deepEqual(without["view"], [["[(1, 'one')]"]], "the view's owner may select it");
  await asRoot(`o.run_security_query("grant Select(a) on table secrets to user ${name}")`);
  const some = await odps(ann, "plain", used);
  for (const one of ["lent", "own", "insert"]) assert.match(String(some[one]), refused, one);
  await asRoot(`o.run_security_query("grant Select on table secrets to user ${name}")`);
  const all = await odps(ann, "plain", used);
  assert.deepEqual([all["lent"], all["own"]], [[["[(1, 'one')]"]], [["[(1, 'one')]"]]]);
  assert.deepEqual((await asRoot(hers))["hers"], [["[(1, 'one')]"]]);
  await asRoot(`
o.execute_sql("drop table secrets")
`);
  const gone = await odps(ann, "plain", used);
  assert.match(
    String(gone["lent"]),
    /its resource secrets is of safe\.secrets, which is not there/,
  );
  await asRoot(`
o.execute_sql("create table secrets (a bigint, b string)")
o.execute_sql("insert into secrets values (2, 'two')")
`);
  const replaced = await odps(ann, "plain", used);
  assert.match(String(replaced["lent"]), refused, "a table of its name is another one");
  const after = await asRoot(`${prelude}
plain = entry("plain")
out["replaced"] = ask("select f()", plain)
out["snapshot"] = ask("select count(*) from secrets") if o.execute_sql("insert into secrets select 3, plain:f()") else None
o.execute_sql("drop table secrets")
o.execute_sql("create view secrets as select a from other")
out["of a view"] = ask("select f()", plain)
o.execute_sql("drop view secrets")
o.execute_sql("create table secrets (a bigint, b string)")
o.execute_sql("insert into secrets select x, 'b' from (select 1) one lateral view explode(sequence(1L, 1000001L)) s as x")
out["rows"] = ask("select f()", plain)
o.execute_sql("insert overwrite secrets select x, repeat('b', 10000) from (select 1) one lateral view explode(sequence(1L, 10000L)) s as x")
out["bytes"] = ask("select f()", plain)
`);
  assert.deepEqual(after["replaced"], [["[(2, 'two')]"]]);
  assert.deepEqual(
    after["snapshot"],
    [[2]].map((row) => row.map(String)),
  );
  assert.match(String(after["of a view"]), /which is a view: code reads tables alone/);
  for (const one of ["rows", "bytes"])
    assert.match(String(after[one]), /more than 1000000 rows or/);
});

test("rows of a protected project leave it by no table that is a resource", async (t) => {
  const { asRoot, account } = await startWorld(t, "safe", "plain");
  const exception = JSON.stringify({
    Version: "1",
    Statement: [
      {
        ...{ Effect: "Allow", Principal: `ALIYUN$${account}`, Action: ["odps:Select"] },
        Resource: "acs:odps:*:projects/safe/tables/secrets",
        Condition: { StringEquals: { "odps:TaskType": ["SQL"], "odps:TargetProject": "plain" } },
      },
    ],
  });
  const out = await asRoot(`${prelude}
plain = entry("plain")
o.execute_sql("create table secrets (a bigint, b string)")
o.execute_sql("insert into secrets values (1, 'one')")
plain.create_resource("reading.py", "py", file_obj=table_reading)
plain.create_resource("secrets", "table", table_name="safe.secrets")
make("f", "reading.py,secrets", plain)
o.run_security_query("set ProjectProtection=true")
out["made"] = ask(lambda: plain.execute_sql("create table stolen as select f() as x"))
out["condition"] = ask("if (f() like '%one%') begin select 1; end", plain)
out["download"] = ask(lambda: download("select f()", plain))
out["materialized"] = ask(lambda: plain.execute_sql("create materialized view stolen as select f() as x"))
out["view"] = ask(lambda: plain.execute_sql("create view v as select f() as x"))
out["screen"] = ask("select f()", plain)
out["inside"] = ask(lambda: rows("select x from kept", tunnel=False) if o.execute_sql("create table kept as select plain:f() as x") else None)
o.run_security_query('set ProjectProtection=true with exception ' + json.dumps(${JSON.stringify(exception)}))
out["exception"] = ask(lambda: rows("select x from let", plain) if plain.execute_sql("create table let as select f() as x") else None)
o.execute_sql("insert into secrets values (2, 'two')")
out["later"] = ask(lambda: plain.execute_sql("create table stolen as select f() as x"))
o.run_security_query("set odps.security.displayrows=0")
out["no screen"] = ask("select f()", plain)
`);
  for (const one of ["made", "condition", "materialized", "view", "later"]) {
    assert.match(String(out[one]), /NoPermission.*tables\/secrets.*protected/s, one);
  }
  for (const one of ["download", "no screen"]) assert.match(String(out[one]), /NoPermission/, one);
  const rows = [["[(1, 'one')]"]];
  assert.deepEqual([out["screen"], out["inside"], out["exception"]], [rows, rows, rows]);
});
