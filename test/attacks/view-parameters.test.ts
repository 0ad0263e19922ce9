import assert from "node:assert/strict";
import { test } from "node:test";
import { commands, member, startWorld } from "../support/warehouse.ts";

const verdict = `
def sql(text, o=o):
    told = refused(lambda: o.execute_sql(text))
    return "goes" if told is None else told[0] if told[0] == "NoPermission" else told
`;

test("what a view with parameters is of, and what it is given, leave a protected project no more than elsewhere", async (t) => {
  const { asRoot, account } = await startWorld(t, "vault", "plain");
  const out = await asRoot(`${verdict}
p = entry("plain")
o.execute_sql("create table t (a bigint, b string)")
o.execute_sql("insert into t values (1, 'first')")
o.execute_sql("create table secret (a bigint, b string)")
o.execute_sql("insert into secret values (7, 'hidden')")
o.execute_sql("create view inside(@k table (a bigint)) as select t.a, t.b from t join @k on t.a = k.a")
p.execute_sql("create table own (a bigint)")
p.execute_sql("insert into own values (1)")
p.execute_sql("create view reads(@k table (a bigint)) as select t.a from vault.t t join @k on t.a = k.a")
p.execute_sql("create view takes(@k table (a bigint), @v bigint) returns @r table (a bigint, v bigint) as begin @r := select a, @v from @k; end")
o.run_security_query("set ProjectProtection=true")
sources = ["vault.inside(own)", "reads(own)", "takes((select a from vault.t), 1)", "takes(own, (select max(a) from vault.t))", "takes((select a from vault.inside(own)), 1)",
           "takes((select count(*) from vault.t), 1)", "reads((select a from reads(own)))"]
out["made"] = [sql("create table taken as select * from " + one, p) for one in sources]
out["written"] = [sql("insert into own select a from " + one, p) for one in sources]
out["from there"] = [sql("create table plain.taken as select * from " + one) for one in ["inside(plain.own)", "plain.reads(plain.own)", "plain.takes((select a from t), 1)", "plain.takes(plain.own, (select max(a) from t))"]]
out["variables"] = [sql(text, p) for text in ["@x := select a from vault.t; create table taken as select * from takes(@x, 1)", "@x bigint := (select max(a) from vault.t); create table taken as select * from takes(own, @x)"]]
out["views of it"] = [sql("create view look as select * from " + sources[1], p), sql("create view look(@k table (a bigint)) as select t.a from vault.t t join @k on t.a = k.a", p), sql("create materialized view look as select * from " + sources[1], p)]
out["unread"] = sql("create table nothing_of_it as select 1 as one from takes(own, 5)", p)
out["shown"] = rows("select * from vault.inside(own)", p, tunnel=False)
${commands("set odps.security.displayrows=0")}
out["not shown"] = refused(lambda: rows("select * from takes((select a from vault.t), 1)", p, tunnel=False))[0]
${commands("set odps.security.displayrows=100")}
policy = json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Principal": "ALIYUN$${account}", "Action": ["odps:Select"], "Resource": "acs:odps:*:projects/vault/tables/t"}]})
config = o.get_project().security_options
config.reload()
config.project_protection.exception = policy
config.update()
out["excepted"] = sql("create table exported as select * from vault.inside(own)", p)
job = p.execute_sql("select * from vault.inside(own)").id
def taken():
    options.tunnel.limit_instance_tunnel = False
    try: return refused(lambda: list(p.get_instance(job).open_reader(tunnel=True)))
    finally: options.tunnel.limit_instance_tunnel = None
out["download"] = taken()
o.execute_sql("create or replace view inside(@k table (a bigint)) as select s.a, s.b from secret s join (select 7 as a) k on s.a = k.a")
out["another view by then"] = sql("create table more as select * from vault.inside(own)", p)
out["the job's rows"] = taken()[0]
`);
  const all = (count: number) => Array.from({ length: count }, () => "NoPermission");
  assert.deepEqual(out["made"], all(7));
  assert.deepEqual(out["written"], all(7));
  assert.deepEqual(out["from there"], all(4));
  assert.deepEqual(out["variables"], all(2));
  assert.deepEqual(out["views of it"], all(3));
  assert.equal(out["unread"], "goes");
  assert.deepEqual(out["shown"], [["1", "first"]]);
  assert.equal(out["not shown"], "NoPermission");
  assert.equal(out["excepted"], "goes");
  assert.equal(out["download"], null);
  assert.equal(out["another view by then"], "NoPermission", "it was approved for t alone");
  assert.equal(out["the job's rows"], "NoSuchTable", "the view that lent them is not there");
});

test("a view with parameters lends what it reads and nothing to what it is given, and its names are its own", async (t) => {
  const { asRoot, odps, user, account } = await startWorld(t, "sales");
  const ann = await user("ann");
  const name = `RAM$${account}:ann`;
  await asRoot(`
o.execute_sql("create table t (a bigint, secret string)")
o.execute_sql("insert into t values (1, 'hidden'), (2, 'kept')")
o.execute_sql("create view lent(@k table (a bigint), @v bigint) as select t.a from t join @k on t.a = k.a where t.a >= @v")
o.execute_sql("create view other(@v bigint) as select secret from t")
o.execute_sql("create view steps(@v bigint) returns @r table (a bigint) as begin @t := select a from t; @r := select a from @t where a >= @v; end")
${member(name, "Select on table lent", "Select on table steps")}
`);
  const out = await odps<Record<string, unknown>>(
    ann,
    "sales",
    `${verdict}
o.execute_sql("create table mine (a bigint)")
o.execute_sql("insert into mine values (1), (2), (3)")
out["lent"] = sorted(rows("select a from lent(mine, 1)"))
out["given"] = [sql(text) for text in ["select * from lent((select a from t), 0)", "select * from lent(mine, (select max(a) from t))", "select * from lent((select secret from other(1)), 0)", "select * from other(1)",
    "select * from lent((select length(secret) from t), 0)", "@x := select a from t; select * from lent(@x, 0)", "select * from lent((select a from lent((select a from t), 0)), 0)", "create view v(@v bigint) as select a from t where a = @v",
    "explain select * from lent((select a from t), 0)"]]
out["names"] = [sorted(rows(text)) for text in [
    "with t as (select 9 as a), k as (select 9 as a) select a from lent(mine, 2)", "@t := select 9 as a; @k := select 9 as a; select a from lent(mine, 2)", "@r := select 9 as a; @t := select 9 as a; select a from steps(2)",
    "select a from lent((select a from steps(2)), 1)", "select l.a from lent(mine, 1) l join lent((select 2), 1) m on l.a = m.a"]]
out["called as a table"] = refused(lambda: rows("select * from lent"))[1]
wrong = ["select * from other(array(1))", "select * from other()", "select * from other(nosuch)", "create view v as select * from other(array(1))", "explain select * from other(array(1))", "if (false) begin select * from other(array(1)) end"]
out["called wrongly"] = [sql(text) for text in wrong]
out["called wrongly, and may"] = refused(lambda: rows("select * from steps(array(1))"))[1]
o.execute_sql("create view again(@k table (a bigint)) as select a from lent(@k, 0)")
out["through another"] = sorted(rows("select a from again(mine)"))
`,
  );
  assert.deepEqual(out["lent"], [[1], [2]]);
  assert.deepEqual(
    out["given"],
    Array.from({ length: 9 }, () => "NoPermission"),
  );
  assert.deepEqual(
    out["called wrongly"],
    Array.from({ length: 6 }, () => "NoPermission"),
    "what a view takes is told to who may select it",
  );
  assert.match(String(out["called wrongly, and may"]), /ODPS-0130071.*argument 1 of steps/);
  assert.deepEqual(out["names"], [[[2]], [[2]], [[2]], [[2]], [[2]]]);
  assert.match(String(out["called as a table"]), /it is called as lent\(\.\.\)/);
  assert.deepEqual(out["through another"], [[1], [2]]);
  await asRoot(commands(`revoke Select on table lent from user ${name}`));
  const after = `${verdict}out["told"] = [sql("select a from lent(mine, 1)"), sql("select a from again(mine)"), sql("select a from steps(1)")]`;
  const { told } = await odps<{ told: string[] }>(ann, "sales", after);
  assert.deepEqual(told, ["NoPermission", "NoPermission", "goes"]);
});

test("hostile views with parameters are refused, and end", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
def told(sql):
    failed = refused(lambda: o.execute_sql(sql))
    return failed and failed[1]
o.execute_sql("create view v0(@a bigint) as select @a as a")
o.execute_sql("create or replace view v0(@a bigint) as select a from (select @a as a) x")
out["self"] = [told("create or replace view v0(@a bigint) as select a from v0(@a)"), told("select a from v0(1)")]
o.execute_sql("create or replace view v0(@a bigint) as select @a as a")
def doubled(n): return "create view v%d(@a bigint) as select x.a from v%d(@a) x join v%d(@a + 1) y on x.a < y.a" % (n, n - 1, n - 1)
out["growing"] = next(filter(None, (told(doubled(n)) for n in range(1, 12))), None)
o.execute_sql("create view w0(@a string) as select concat(%s) as a" % ", ".join(["@a"] * 100))
def longer(n): return "create view w%d(@a string) as select a from w%d(concat(%s))" % (n, n - 1, ", ".join(["@a"] * 100))
out["doubling"] = next(filter(None, (told(longer(n)) for n in range(1, 9))), None)
o.execute_sql("create view often(@a string) as select count(*) as n from (%s) x" % " union all ".join(["select @a"] * 900))
out["often"] = told("select n from often('%s')" % ("x" * 900000))
out["deep"] = told("select a from " + "v0((select max(a) from " * 150 + "v0(1)" + "))" * 150)
out["big"] = told("create view big(@a bigint) as select @a as a, '%s' as b, '%s' as c" % ("x" * 900000, "y" * 900000)) or told("select count(*) from " + " cross join ".join("big(%d) b%d" % (n, n) for n in range(19)))
out["injected"] = [told(text) for text in ["create view i(@a bigint) returns @r table (x bigint) as begin @r := select 1L; end select * from v0(1)", "create view j(@a bigint) as begin select 1; end", "create view k(@a bigint) returns @r table (x bigint) as begin drop table t; end",
    "create view l(@a bigint) returns bigint as select 1", "create view m(@a bigint) returns @r table (x bigint) as begin @r := select 1", "create view n(@a table (k any, * any)) as select 1", "create view q(@a bigint) returns @r table (x bigint) as begin " + "@r := select 1L; " * 300 + "end"]]
`);
  assert.match(
    String((out["self"] as string[])[0] ?? (out["self"] as string[])[1]),
    /reads itself/,
  );
  assert.match(String(out["growing"]), /more than 1000 relations/);
  assert.match(String(out["doubling"]), /longer than \d+ characters/);
  assert.match(String(out["often"]), /longer than 16777216 characters/);
  assert.match(String(out["deep"]), /nested deeper|too long|deeper than/);
  assert.match(String(out["big"]), /longer than 16777216 characters/);
  const [after, block, statement, type, open, any, many] = out["injected"] as (string | null)[];
  assert.equal(after, null, "what stands behind END is a statement of its own");
  for (const told of [block, statement, type, open, any]) {
    assert.match(String(told), /invalid t|not supported|expect/);
  }
  assert.match(String(many), /at most 200 variables/);
});

test("code of the caller in a value is asked once, and not told how many rows a view has behind it", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
code = """
from odps.udf import annotate
@annotate("bigint->bigint")
class Counting(object):
    def __init__(self):
        self.asked = 0
    def evaluate(self, a):
        self.asked += 1
        return self.asked
"""
o.create_resource("counting.py", "py", file_obj=code)
o.execute_sql("create function asked as 'counting.Counting' using 'counting.py'")
o.execute_sql("create table secrets (a bigint, b string)")
o.execute_sql("insert into secrets values (1, 'x'), (2, 'x'), (3, 'y'), (4, 'x')")
o.execute_sql("create view behind(@a bigint) as select max(t) as most from (select @a as t from secrets where b = 'x') one")
o.execute_sql("create view around(@a bigint) as select most from behind(@a)")
o.execute_sql("create view both(@a bigint) as select @a as one, @a as other")
out["rows"] = [rows("select most from %s(%s)" % call, tunnel=False) for call in [("behind", "asked(0)"), ("around", "asked(0)"), ("behind", "asked(0) + 0"), ("behind", "(select asked(0))")]]
out["both"] = rows("select one, other from both(asked(0))", tunnel=False)
`);
  assert.deepEqual(out["rows"], Array(4).fill([["1"]]));
  assert.deepEqual(out["both"], [["1", "1"]]);
});
