import assert from "node:assert/strict";
import { test } from "node:test";
import { createProject } from "../../src/projects/project.ts";
import { member, startWorld } from "../support/warehouse.ts";

const prelude = `
reading = """
from odps.udf import annotate
from odps.distcache import get_cache_file
@annotate("->string")
class Reading(object):
    def __init__(self):
        self.words = get_cache_file("words.txt").read()
    def evaluate(self):
        return self.words
"""
table_reading = """
from odps.udf import annotate
from odps.distcache import get_cache_table
@annotate("->string")
class Reading(object):
    def evaluate(self):
        return repr(sorted(get_cache_table("secrets")))
"""
def ask(work, o=None):
    try:
        return work() if callable(work) else rows(work, o, tunnel=False)
    except Exception as error:
        return type(error).__name__ + ": " + str(error).split("\\n", 1)[-1]
def download(sql, o=None):
    return [list(one.values) for one in (o or globals()["o"]).execute_sql(sql).open_reader(tunnel=True, limit=False)]
def make(name, resources, o=None):
    return ask(lambda: (o or globals()["o"]).execute_sql("create function %s as 'reading.Reading' using '%s'" % (name, resources)) and None)
`;

test("a function is made of another project's resources by who may read them, and only while they may", async (t) => {
  const { asRoot, odps, account, user } = await startWorld(t, "safe", "plain");
  const ann = await user("ann");
  const name = `RAM$${account}:ann`;
  await asRoot(`${prelude}
plain = entry("plain")
o.create_resource("words.txt", "file", file_obj="secret words")
o.create_resource("code.py", "py", file_obj=reading)
plain.create_resource("reading.py", "py", file_obj=reading)
o.run_security_query("add user ${name}")
o = plain
${member(name, "CreateFunction on project plain", "Read on resource reading.py")}
`);
  const made = "reading.py,safe/resources/words.txt";
  const tried = await odps(
    ann,
    "plain",
    `${prelude}
out["made"] = make("f", "${made}")
out["missing"] = make("f", "reading.py,safe/resources/nothing.txt")
out["nowhere"] = make("f", "reading.py,other/resources/words.txt")
out["client"] = ask(lambda: o.create_function("f", class_type="reading.Reading", resources="${made}".split(",")))
out["temporary"] = ask("create temporary function f as 'reading.Reading' using '${made}'; select f();")
out["command"] = ask("select transform(1) using 'cat words.txt' resources 'safe/resources/words.txt' as w")
`,
  );
  const refused = /NoPermission.*odps:Read.*projects\/safe\/(schemas\/default\/)?resources\//s;
  for (const one of ["made", "missing", "client", "temporary", "command"]) {
    assert.match(String(tried[one]), refused, one);
  }
  assert.match(String(tried["nowhere"]), /Resource not found/);
  await asRoot(`o.run_security_query("grant Read on resource words.txt to user ${name}")`);
  const used = await odps(
    ann,
    "plain",
    `${prelude}
out["made"] = make("f", "${made}")
out["used"] = ask("select f()")
out["command"] = ask("select transform(1) using 'cat words.txt' resources 'safe/resources/words.txt' as w")
out["code"] = make("g", "safe/resources/code.py,safe/resources/words.txt")
out["twice"] = make("h", "reading.py,words.txt,safe/resources/words.txt")
`,
  );
  assert.equal(used["made"], null);
  assert.deepEqual([used["used"], used["command"]], [[["secret words"]], [["secret words"]]]);
  assert.match(String(used["code"]), refused);
  assert.match(String(used["twice"]), /two of its resources are called words\.txt|not found/);
  const after = await asRoot(`${prelude}
plain = entry("plain")
o.run_security_query("revoke Read on resource words.txt from user ${name}")
out["revoked"] = ask("select f()", plain)
o.run_security_query("grant Read on resource words.txt to user ${name}")
out["again"] = ask("select f()", plain)
o.delete_resource("words.txt")
o.create_resource("words.txt", "file", file_obj="other words")
o.run_security_query("grant Read on resource words.txt to user ${name}")
out["replaced"] = ask("select f()", plain)
plain.create_resource("words.txt", "file", file_obj="own words")
out["twice"] = make("h", "reading.py,words.txt,safe/resources/words.txt", plain)
`);
  assert.match(String(after["revoked"]), refused, "who made it may read it no more");
  assert.deepEqual(after["again"], [["secret words"]]);
  assert.match(String(after["replaced"]), /words\.txt that it was made with is not there any more/);
  assert.match(String(after["twice"]), /two of its resources are called words\.txt/);
});

test("a resource of a protected project leaves it by a function of another as rows do", async (t) => {
  const { asRoot, odps, account, user } = await startWorld(t, "safe", "plain");
  const [ann, eve] = [await user("ann"), await user("eve")];
  const [annName, eveName] = [`RAM$${account}:ann`, `RAM$${account}:eve`];
  const out = await asRoot(`${prelude}
plain = entry("plain")
o.create_resource("words.txt", "file", file_obj="secret words")
plain.create_resource("reading.py", "py", file_obj=reading)
o.execute_sql("create table kept (w string)")
make("f", "reading.py,safe/resources/words.txt", plain)
out["open"] = ask(lambda: download("select f()", plain))
plain.execute_sql("create table before as select f() as w")
o.run_security_query("set ProjectProtection=true")
out["made"] = ask(lambda: plain.execute_sql("create table stolen as select f() as w"))
out["written"] = ask(lambda: plain.execute_sql("insert into before select f()"))
out["view"] = ask(lambda: download("select w from v", plain) if plain.execute_sql("create view v as select f() as w") else None)
out["condition"] = ask("if ((select f()) like 'secret%') begin select 1; end", plain)
out["command"] = ask(lambda: plain.execute_sql("create table stolen as select transform(1) using 'cat words.txt' resources 'safe/resources/words.txt' as w"))
out["download"] = ask(lambda: download("select f()", plain))
out["screen"] = ask("select f()", plain)
out["back"] = ask(lambda: rows("select w from kept", tunnel=False) if plain.execute_sql("insert into safe.kept select f()") else None)
o.run_security_query("set odps.security.displayrows=0")
out["no screen"] = ask("select f()", plain)
o.run_security_query("set odps.security.displayrows=100")
o.run_security_query("create package words")
o.run_security_query("add resource words.txt to package words")
o.run_security_query("allow project plain to install package words")
plain.run_security_query("install package safe.words")
safe, o = o, plain
${member(annName, "CreateFunction on project plain", "Read on resource reading.py", "Read on package safe.words")}
${member(eveName, "Execute on function f", "Read on resource reading.py")}
`);
  const refused = /NoPermission.*protected/s;
  assert.deepEqual(out["open"], [["secret words"]]);
  for (const one of ["made", "written", "view", "condition", "command"]) {
    assert.match(String(out[one]), refused, one);
  }
  assert.match(String(out["download"]), /NoPermission/);
  assert.deepEqual(out["screen"], [["secret words"]], "as rows of a table are shown");
  assert.deepEqual(out["back"], [["secret words"]], "into its own project");
  assert.match(String(out["no screen"]), /NoPermission/);
  const lent = await odps(
    ann,
    "plain",
    `${prelude}
out["made"] = make("mine", "reading.py,safe/resources/words.txt")
out["package"] = ask(lambda: rows("select w from given") if o.execute_sql("create table given as select mine() as w") else None)
`,
  );
  assert.deepEqual(
    lent,
    { made: null, package: [["secret words"]] },
    "that is what a package is for",
  );
  const stranger = await odps(
    eve,
    "plain",
    `${prelude}
out["screen"] = ask("select f()")
out["made"] = ask(lambda: o.execute_sql("create table theirs as select f() as w"))
out["own"] = ask("create temporary function x as 'reading.Reading' using 'reading.py,safe/resources/words.txt'; select x();")
`,
  );
  assert.deepEqual(stranger["screen"], [["secret words"]], "who made it lends it");
  assert.match(String(stranger["made"]), refused);
  assert.match(String(stranger["own"]), /NoPermission.*exist in project safe/s);
});

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
  const [there, nowhere] = without["parts"] as [string, string];
  assert.match(there, /NoPermission.*odps:Select.*tables\/parted/s);
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

test("no function is made of another tenant's resources", async (t) => {
  const { asRoot, odps, running } = await startWorld(t, "safe");
  const other = await running.tenant("other");
  await createProject(running.bondstore.opened.parts, other.account, { name: "theirs" });
  await asRoot(`${prelude}
o.create_resource("words.txt", "file", file_obj="secret words")
o.execute_sql("create table secrets (a bigint)")
`);
  const tried = await odps(
    other.root,
    "theirs",
    `${prelude}
o.create_resource("reading.py", "py", file_obj=reading)
out["made"] = make("f", "reading.py,safe/resources/words.txt")
o.create_resource("table.py", "py", file_obj=table_reading)
o.create_resource("secrets", "table", table_name="safe.secrets")
o.execute_sql("create function g as 'table.Reading' using 'table.py,secrets'")
out["table"] = ask("select g()")
`,
  );
  assert.match(String(tried["made"]), /Resource not found/);
  assert.match(String(tried["table"]), /is of safe\.secrets, which is not there/);
});
