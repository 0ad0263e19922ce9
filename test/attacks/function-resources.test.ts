import assert from "node:assert/strict";
import { test } from "node:test";
import { createProject } from "../../src/projects/project.ts";
import { prelude } from "../support/function-resources.ts";
import { member, startWorld } from "../support/warehouse.ts";

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
