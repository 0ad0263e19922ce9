import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

/** A protected project `vault` with a table and a view over it, and `plain`, which is not. The owner of both acts. */
const story = `
o.execute_sql("create table t (a bigint, b string)")
o.execute_sql("insert into t values (1, 'x'), (2, 'y')")
o.execute_sql("create table parted (a bigint) partitioned by (ds string)")
o.execute_sql("insert into parted partition (ds='p1') values (7)")
o.execute_sql("create view v as select a from t")
o.execute_sql("create view w as select a + 1 as a from v")
p = entry("plain")
p.execute_sql("create table target (a bigint) tblproperties ('transactional'='true')")
p.execute_sql("create table own (a bigint)")
p.execute_sql("insert into own values (5)")
def protect(on=True, exceptions=None):
    config = o.get_project().security_options
    config.reload()
    config.project_protection.protected = on
    config.project_protection.exception = exceptions
    config.update()
protect()
def verdict(work):
    told = refused(work)
    return "goes" if told is None else told[0] if "is protected" in told[1] else told
def sql(text, o=o):
    return verdict(lambda: o.execute_sql(text))
def download(table, project="vault", **how):
    def read():
        with entry(project).get_table(table).open_reader(**how) as reader:
            return sum(1 for _ in reader)
    return verdict(read)
`;

const refused = "NoPermission";

test("nothing of a protected project leaves it, whichever way is tried and whoever tries", async (t) => {
  const { odps, root } = await startWorld(t, "vault", "plain");
  const out = await odps<Record<string, unknown>>(
    root,
    "vault",
    `${story}
out["ctas"] = sql("create table plain.c as select * from t")
out["ctas from there"] = sql("create table c as select * from vault.t", p)
out["insert"] = sql("insert into plain.target select a from t")
out["overwrite"] = sql("insert overwrite table plain.target select a from t")
out["multi-insert"] = sql("from t insert into plain.target select a insert into t select a, b")
out["values of a subquery"] = sql("insert into plain.target select 1 from own where a in (select a from vault.t)", p)
out["scalar subquery"] = sql("insert into plain.target select (select max(a) from vault.t)", p)
out["exists"] = sql("insert into target select a from own where exists (select 1 from vault.t where t.a = 1)", p)
out["cte"] = sql("with x as (select a from vault.t) insert into plain.target select a from x", p)
out["count only"] = sql("insert into target select count(*) from vault.t", p)
out["join"] = sql("insert into target select own.a from own join vault.t on own.a = t.a", p)
out["union"] = sql("insert into target select a from own union all select a from vault.t", p)
out["view"] = sql("create view plain.look as select a from vault.t")
out["through a view"] = sql("insert into plain.target select a from v")
out["through two views"] = sql("create table plain.c as select a from w")
out["variable"] = sql("@x := select a from vault.t; insert into target select a from @x;", p)
out["max_pt"] = sql("insert into target select cast(max_pt('vault.parted') as bigint) from own", p)
out["lateral view"] = sql("insert into target select x from vault.t lateral view explode(array(a)) e as x", p)
out["merge"] = sql("merge into plain.target using vault.t on target.a = t.a when not matched then insert values (t.a)")
out["update from"] = sql("update plain.target set a = 1 where a in (select a from vault.t)")
out["clone"] = sql("clone table vault.t to plain.copy")
out["clone partition"] = sql("clone table vault.parted partition (ds='p1') to plain.copy")
p.execute_sql("create table shape (a bigint) partitioned by (ds string)")
out["exchange"] = sql("alter table plain.shape exchange partition (ds='p1') with table vault.parted")
out["exchange from there"] = sql("alter table shape exchange partition (ds='p1') with table vault.parted", p)
p.execute_sql("drop table shape")
out["download"] = download("t")
out["download arrow"] = download("t", arrow=True)
out["download partition"] = download("parted", partition="ds=p1")
def unlimited():
    options.tunnel.limit_instance_tunnel = False
    try:
        with o.execute_sql("select * from t").open_reader(tunnel=True) as reader:
            return [record for record in reader]
    finally:
        options.tunnel.limit_instance_tunnel = None
out["unlimited instance tunnel"] = verdict(unlimited)
out["nothing arrived"] = [rows("select count(*) from target", p), [one.name for one in p.list_tables()]]
out["error text"] = refused(lambda: o.execute_sql("select regexp_replace('x', concat('(ODPS-0000000: ', b, 'secret'), '') from t"))[1]
out["inside"] = [sql("create table inside as select * from t"), sql("insert into t select * from t")]
out["inflow"] = [sql("insert into t select a, 'in' from plain.own"), sql("create table from_there as select * from plain.own")]
out["shown"] = len(rows("select * from t"))
out["outside"] = [sql("insert into own select a from own", p), download("own", project="plain")]
`,
  );
  assert.doesNotMatch(String(out["error text"]), /secret/);
  const goes = ["error text", "inside", "inflow", "outside", "shown", "nothing arrived"];
  for (const [path, told] of Object.entries(out)) {
    if (!goes.includes(path)) assert.equal(told, refused, path);
  }
  assert.deepEqual(out["nothing arrived"], [[[0]], ["own", "target"]]);
  for (const path of ["inside", "inflow", "outside"]) assert.deepEqual(out[path], ["goes", "goes"]);
  assert.equal(out["shown"], 5);
});

test("names of partitions are shown as rows are: to who may read them, counted, and in the trail", async (t) => {
  const { odps, root, user, account, running } = await startWorld(t, "vault", "plain");
  const bob = await user("bob");
  await odps(
    root,
    "vault",
    `${story}
for query in ["add user RAM$${account}:bob", "grant CreateInstance, List, Read on project vault to user RAM$${account}:bob", "grant Describe on table parted to user RAM$${account}:bob"]:
    o.run_security_query(query)
`,
  );
  const tried = `
table = o.get_table("parted")
out["sql"] = verdict(lambda: o.execute_sql("show partitions parted").open_reader(tunnel=False).raw)
out["desc"] = verdict(lambda: o.execute_sql("desc parted partition (ds='p1')").open_reader(tunnel=False).raw)
out["list"] = verdict(lambda: list(table.partitions))
out["one"] = verdict(lambda: table.get_partition("ds=p1").reload())
`;
  const verdict = `
def verdict(work):
    told = refused(work)
    return "seen" if told is None else told[0]
`;
  const none = { sql: refused, desc: refused, list: refused, one: refused };
  assert.deepEqual(await odps(bob, "vault", verdict + tried), none);
  const seen = { sql: "seen", desc: "seen", list: "seen", one: "seen" };
  assert.deepEqual(await odps(root, "vault", verdict + tried), seen);
  const flows = (await running.bondstore.opened.trail.find({ account, limit: 500 }))
    .map(({ event }) => event)
    .filter(({ eventName }) => eventName === "ListPartitions" || eventName === "GetInstanceResult")
    .map(({ decision }) => JSON.stringify(decision));
  assert.ok(flows.some((one) => one.includes('"kind":"display"') && one.includes("parted")));
  await odps(root, "vault", `o.run_security_query("set ProjectProtection=false")`);
  assert.deepEqual(await odps(bob, "vault", verdict + tried), seen);
});

test("trust, exceptions and their pins let out what they name, and no more", async (t) => {
  const { odps, root, account } = await startWorld(t, "vault", "plain", "third");
  const out = await odps<Record<string, unknown>>(
    root,
    "vault",
    `${story}
o.run_security_query("add trustedproject plain")
out["trusted"] = [sql("create table plain.c1 as select * from t"), sql("create table third.c1 as select * from t"), download("t")]
out["not back"] = sql("create table vault.c1 as select * from plain.own", p)
entry("plain").run_security_query("add trustedproject third")
out["not transitive"] = sql("create table third.c2 as select * from t")
o.run_security_query("remove trustedproject plain")
out["no more"] = sql("create table plain.c2 as select * from t")
def policy(**more):
    statement = {"Effect": "Allow", "Principal": "ALIYUN$${account}", "Action": ["odps:Select"], "Resource": "acs:odps:*:projects/vault/tables/t"}
    statement.update(more)
    return json.dumps({"Version": "1", "Statement": [statement]})
protect(True, policy(Condition={"StringEquals": {"odps:TaskType": ["SQL"]}}))
out["exception for SQL"] = [sql("create table plain.c3 as select * from t"), download("t"), sql("create table plain.c4 as select * from parted where ds='p1'")]
out["in the configuration"] = "odps:TaskType" in o.get_project().security_options.project_protection.exception
protect(True, policy(Principal="RAM$${account}:somebody"))
out["of another"] = sql("create table plain.c5 as select * from t")
protect(True, policy(Condition={"DateLessThan": {"odps:CurrentTime": "2020-01-01T00:00:00Z"}}))
out["expired"] = sql("create table plain.c6 as select * from t")
protect(True, policy())
out["unconditional"] = [sql("create table plain.c7 as select * from t"), download("t")]
changes = ["insert into t values (9, 'secret')", "insert overwrite table t select * from t", "alter table t add columns (c string)", "update t set b = 'z' where a = 1", "truncate table t"]
out["pins"] = []
o.execute_sql("drop table t")
for change in changes:
    o.execute_sql("create table t (a bigint, b string) tblproperties ('transactional'='true')")
    o.execute_sql("insert into t values (1, 'x')")
    protect(False); protect(True, policy())
    before = download("t")
    o.execute_sql(change)
    out["pins"].append([change, before, download("t"), sql("create table plain.d as select a from t")])
    o.execute_sql("drop table t")
def again(prepare, change):
    o.execute_sql("create table t (a bigint, b string)")
    prepare()
    protect(False); protect(True, policy())
    change()
    told = download("t")
    o.execute_sql("drop table t")
    return told
def swap():
    o.execute_sql("drop table t"); o.execute_sql("create table t (a bigint, b string)"); o.execute_sql("insert into t values (3, 'other')")
out["made anew"] = again(lambda: None, swap)
def renamed():
    o.execute_sql("create table other (a bigint, b string)"); o.execute_sql("insert into other values (4, 'other')"); o.execute_sql("drop table t"); o.execute_sql("alter table other rename to t")
out["renamed"] = again(lambda: None, renamed)
def cloned():
    o.execute_sql("create table src (a bigint, b string)"); o.execute_sql("insert into src values (4, 'other')"); o.execute_sql("clone table src to t if exists overwrite")
out["cloned over"] = again(lambda: None, cloned)
out["tunnel commit"] = again(lambda: None, lambda: o.write_table("t", [[5, "new"]]))
`,
  );
  assert.deepEqual(out["trusted"], ["goes", refused, refused]);
  assert.equal(out["not back"], "goes");
  for (const path of ["not transitive", "no more", "of another", "expired"])
    assert.equal(out[path], refused, path);
  assert.deepEqual(out["exception for SQL"], ["goes", refused, refused]);
  assert.equal(out["in the configuration"], true);
  assert.deepEqual(out["unconditional"], ["goes", "goes"]);
  for (const [change, before, ...after] of out["pins"] as string[][]) {
    assert.equal(before, "goes", change);
    assert.deepEqual(after, [refused, refused], change);
  }
  for (const path of ["made anew", "renamed", "cloned over", "tunnel commit"])
    assert.equal(out[path], refused, path);
});

test("a download that has begun ends with what allowed it, and reads the version that was approved", async (t) => {
  const { odps, root } = await startWorld(t, "vault", "plain");
  const out = await odps<Record<string, unknown>>(
    root,
    "vault",
    `${story}
from odps.tunnel import TableTunnel
protect(False)
tunnel = TableTunnel(o)
def read(session):
    with session.open_record_reader(0, session.count) as reader:
        return [record[0] for record in reader]
session = tunnel.create_download_session("t")
o.execute_sql("insert into t values (99, 'later')")
out["as it was"] = read(session)
protect(True)
out["protected since"] = verdict(lambda: read(session))
protect(False)
stranger = tunnel.create_download_session("t", download_id=session.id)
out["reopened"] = read(stranger)
o.execute_sql("drop table t")
out["dropped"] = refused(lambda: read(session))[0]
`,
  );
  assert.deepEqual(out["as it was"], [1, 2]);
  assert.equal(out["protected since"], refused);
  assert.deepEqual(out["reopened"], [1, 2]);
  assert.notEqual(out["dropped"], undefined);
});

test("a statement that has begun ends with what allowed it", async (t) => {
  const { odps, root, user, account } = await startWorld(t, "vault", "plain");
  const bob = await user("bob");
  const name = `RAM$${account}:bob`;
  await odps(
    root,
    "vault",
    `
for project in ["vault", "plain"]:
    p = entry(project)
    for query in ["add user ${name}", "grant CreateInstance, CreateTable, List, Read on project %s to user ${name}" % project]:
        p.run_security_query(query)
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1), (2)")
o.run_security_query("grant Select on table t to user ${name}")
o.execute_sql("create table many (a bigint)")
o.execute_sql("insert into many select x.a + y.a from (select explode(sequence(1, 3000)) as a) x cross join (select explode(sequence(1, 1000)) as a) y")
o.run_security_query("grant Select on table many to user ${name}")
entry("plain").execute_sql("create table target (a bigint)")
entry("plain").run_security_query("grant Select, Update, Describe on table target to user ${name}")
`,
  );
  const ended = await odps<Record<string, unknown>>(
    bob,
    "plain",
    `
owner = ODPS("${root.accessKeyId}", "${root.secretAccessKey}", "vault", endpoint=o.endpoint)
few = "(select a from vault.many limit 40000)"
slow = "select t.a from vault.t t cross join (select count(*) as n from %s x cross join %s y where x.a <> y.a) z where z.n > 0" % (few, few)
begun = [o.run_sql(text % slow) for text in ["create table c as %s", "insert into target %s", "%s"]]
owner.run_security_query("set ProjectProtection=true")
owner.run_security_query("revoke Select on table t from user ${name}")
out["running"] = [instance.is_terminated() for instance in begun]
def end(instance):
    told = refused(lambda: instance.wait_for_success())
    return told and told[0]
out["ended"] = [end(instance) for instance in begun]
out["target"] = rows("select count(*) from target")
out["made"] = "c" in [table.name for table in o.list_tables()]
`,
  );
  assert.deepEqual(ended["running"], [false, false, false]);
  assert.deepEqual(ended["ended"], [refused, refused, refused]);
  assert.deepEqual([ended["target"], ended["made"]], [[[0]], false]);
});
