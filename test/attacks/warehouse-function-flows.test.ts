import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

const prelude = `
def make(name, body, signature="bigint->bigint", o=None):
    o = o or globals()["o"]
    text = 'from odps.udf import annotate\\n@annotate("%s")\\nclass F(object):\\n' % signature
    text += "\\n".join("    " + line for line in body.strip("\\n").split("\\n")) + "\\n"
    o.create_resource(name + ".py", "py", file_obj=text)
    o.execute_sql("create function %s as '%s.F' using '%s.py'" % (name, name, name))
def ask(work):
    try:
        return work() if callable(work) else rows(work)
    except Exception as error:
        return type(error).__name__ + ": " + str(error).split("\\n", 1)[-1]
`;

test("code sees the rows that its caller may read, and no view's others", async (t) => {
  const { asRoot, odps, account, user } = await startWorld(t, "sales");
  const ann = await user("ann");
  const name = `RAM$${account}:ann`;
  await asRoot(`${prelude}
o.execute_sql("create table t (a bigint, owner string)")
o.execute_sql("insert into t values (1, 'ann'), (2, 'root'), (3, 'ann'), (4, 'root')")
o.execute_sql("create view mine as select a from t where owner = 'ann'")
make("inner_of", "def evaluate(self, a):\\n    return a * 100")
o.execute_sql("create view lent as select inner_of(a) as a from t where owner = 'ann'")
make("closed", "def evaluate(self, a):\\n    return a")
for query in ["add user ${name}", "grant Select on table mine to user ${name}", "grant Select on table lent to user ${name}",
              "grant CreateInstance, CreateFunction, CreateResource, Read, List on project sales to user ${name}"]:
    o.run_security_query(query)
`);
  const out = await odps(
    ann,
    "sales",
    `${prelude}
seeing = "seen = []\\ndef evaluate(self, a):\\n    F.seen.append(a)\\n    return ' '.join(str(one) for one in sorted(F.seen))"
make("seeing", seeing, "bigint->string")
out["seen"] = ask("select max(length(s)), max(s) from (select seeing(a) as s from mine) q")
out["filter"] = ask("select a from mine where seeing(a) <> '' and seeing(a) like '%2%'")
out["join"] = ask("select max(x.s) from (select a, seeing(a) as s from mine) x join (select a from mine) y on x.a = y.a")
out["lent"] = ask("select a from lent order by a limit 9")
out["execute"] = ask("select closed(1)")
out["inner"] = ask("select inner_of(1)")
o.create_resource("hijack.py", "py", file_obj='from odps.udf import annotate\\n@annotate("bigint->bigint")\\nclass F(object):\\n    def evaluate(self, a):\\n        return -a\\n')
out["hijack"] = ask("create temporary function inner_of as 'hijack.F' using 'hijack.py'; select a from lent order by a limit 9;")
out["own"] = ask("create temporary function inner_of as 'hijack.F' using 'hijack.py'; select inner_of(1);")
out["stolen"] = ask("create temporary function x as 'closed.F' using 'closed.py'; select x(1);")
make("raises", "def evaluate(self, a):\\n    raise type('secret%d' % a, (Exception,), {})('secret %d' % a)")
out["raises"] = ask("select raises(a) from mine")
make("pretends", "def evaluate(self, a):\\n    exec(compile('\\\\n' * (5000 + a) + 'raise ValueError(a)', F.evaluate.__code__.co_filename, 'exec'))")
out["pretends"] = ask("select pretends(a) from mine")
`,
  );
  assert.deepEqual(out["seen"], [[3, "1 3"]]);
  assert.deepEqual(out["filter"], []);
  assert.doesNotMatch(JSON.stringify(out["join"]), /[24]/);
  assert.deepEqual(out["lent"], [[100], [300]]);
  assert.match(String(out["execute"]), /NoPermission.*odps:Execute.*functions\/closed/s);
  assert.match(String(out["inner"]), /NoPermission.*odps:Execute/s);
  assert.deepEqual(out["hijack"], [[100], [300]], "a view means its maker's function");
  assert.deepEqual(out["own"], [[-1]]);
  assert.match(String(out["stolen"]), /NoPermission.*odps:Read.*resources\/closed\.py/s);
  assert.match(String(out["raises"]), /File "raises\.py", line 5\s+an exception of its own/);
  assert.doesNotMatch(String(out["raises"]), /secret/);
  assert.match(String(out["pretends"]), /ValueError/);
  assert.doesNotMatch(String(out["pretends"]), /line 500\d/);
  const rebuilt = await asRoot(`${prelude}
o.execute_sql("create materialized view kept as select inner_of(a) as a from t")
o.execute_sql("create temporary function inner_of as 'hijack.F' using 'hijack.py'; alter materialized view kept rebuild;")
out["kept"] = ask("select min(a), max(a) from kept")
`);
  assert.deepEqual(rebuilt, { kept: [[100, 400]] }, "and so does a rebuild");
});

test("who may write a function gives it to nobody, and to be given one is not to read what it is made of", async (t) => {
  const { asRoot, odps, account, user } = await startWorld(t, "sales");
  const [ann, bob] = [await user("ann"), await user("bob")];
  const [annName, bobName] = [`RAM$${account}:ann`, `RAM$${account}:bob`];
  await asRoot(`${prelude}
make("given", "def evaluate(self, a):\\n    return a + 1")
for name in ["${annName}", "${bobName}"]:
    o.run_security_query("add user " + name)
    o.run_security_query("grant CreateInstance on project sales to user " + name)
o.run_security_query("grant Read, Write on function given to user ${annName}")
`);
  const taken = await odps(
    ann,
    "sales",
    `${prelude}
out["taken"] = ask(lambda: o.get_function("given").update_owner("${annName}"))
out["used"] = ask("select given(1)")
`,
  );
  assert.match(String(taken["taken"]), /no super_administrator/);
  assert.match(String(taken["used"]), /NoPermission.*odps:Execute/s);
  const given = await asRoot(`${prelude}
function = o.get_function("given")
out["nobody"] = ask(lambda: function.update_owner("RAM$${account}:eve"))
function.update_owner("${bobName}")
out["owner"] = o.get_function("given").owner
`);
  assert.match(String(given["nobody"]), /is no user of project sales/);
  assert.equal(given["owner"], bobName);
  const owned = await odps(
    bob,
    "sales",
    `${prelude}
out["used"] = ask("select given(1)")
out["read"] = ask(lambda: o.open_resource("given.py", mode="r").read())
out["again"] = ask(lambda: o.get_function("given").update_owner("${annName}"))
`,
  );
  assert.deepEqual(owned["used"], [[2]]);
  assert.match(String(owned["read"]), /NoPermission/);
  assert.match(String(owned["again"]), /no super_administrator/);
});

test("code is no way out of a protected project, neither for rows nor for what it is made of", async (t) => {
  const { asRoot, odps, root, account, user } = await startWorld(t, "safe", "plain");
  const ann = await user("ann");
  const name = `RAM$${account}:ann`;
  const out = await asRoot(`${prelude}
plain = entry("plain")
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (7)")
make("same", "def evaluate(self, a):\\n    return a")
make("same", "def evaluate(self, a):\\n    return a", o=plain)
o.run_security_query("set ProjectProtection=true")
def into():
    plain.execute_sql("create table stolen as select same(a) as a from safe.t")
out["rows"] = ask(into)
out["made of"] = ask(lambda: plain.execute_sql("create table stolen as select safe:same(1) as a"))
out["inside"] = ask("select same(a) from t")
out["download"] = ask(lambda: [list(record.values) for record in o.execute_sql("select same(1)").open_reader(tunnel=True, limit=False)])
out["shown"] = ask(lambda: rows("select safe:same(2)", plain, tunnel=False))
o.run_security_query("add trustedproject plain")
out["trusted"] = ask(lambda: rows("select a from made", plain) if plain.execute_sql("create table made as select safe:same(3) as a") else None)
o.run_security_query("remove trustedproject plain")
o.run_security_query("create package code")
o.run_security_query("add function same to package code")
o.run_security_query("allow project plain to install package code")
plain.run_security_query("install package safe.code")
plain.run_security_query("add user ${name}")
plain.run_security_query("grant CreateInstance, CreateTable, Read, List on project plain to user ${name}")
`);
  const refused = /NoPermission.*protected/s;
  assert.match(String(out["rows"]), refused);
  assert.match(String(out["made of"]), /NoPermission.*resources\/same\.py.*protected/s);
  assert.deepEqual(out["inside"], [[7]]);
  assert.match(String(out["download"]), /NoPermission/);
  assert.deepEqual(out["shown"], [["2"]]);
  assert.deepEqual(out["trusted"], [[3]]);
  const lent = `${prelude}
out["used"] = ask("select safe:same(4)")
out["kept"] = ask(lambda: rows("select a from kept") if o.execute_sql("create table kept as select safe:same(5) as a") else None)
`;
  const before = await odps(ann, "plain", lent);
  assert.match(String(before["used"]), /NoPermission/);
  await odps(
    root,
    "plain",
    `o.run_security_query("grant Read on package safe.code to user ${name}")`,
  );
  const after = await odps(ann, "plain", lent);
  assert.deepEqual(after, { used: [[4]], kept: [[5]] });
});
