import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

/** Bob is of `plain` alone; `lend` makes the package whole again after somebody took a part of it away. */
const story = (account: string, bob: { accessKeyId: string; secretAccessKey: string }) => `
from odps.tunnel import TableTunnel
p = entry("plain")
BOB = "RAM$${account}:bob"
def bob(project): return ODPS("${bob.accessKeyId}", "${bob.secretAccessKey}", project, endpoint=o.endpoint)
o.execute_sql("create table t (a bigint, b string)")
o.execute_sql("create table beside (a bigint)")
o.write_table("t", [[1, "x"], [2, "y"]])
o.run_security_query("set ProjectProtection=true")
for text in ["create package k", "add table t to package k with privileges Select, Describe"]: o.run_security_query(text)
p.execute_sql("create table target (a bigint)")
for text in ["add user " + BOB, "grant CreateInstance, CreateTable, List, Read on project plain to user " + BOB, "grant Update, Select, Describe on table target to user " + BOB]: p.run_security_query(text)
lending = {"allow": (o, "allow project plain to install package k"), "install": (p, "install package vault.k"), "grant": (p, "grant Read on package vault.k to user " + BOB)}
ending = {"disallow": (o, "disallow project plain to install package k"), "uninstall": (p, "uninstall package vault.k"), "revoke": (p, "revoke Read on package vault.k from user " + BOB),
          "remove": (o, "remove table t from package k"), "drop": (o, "delete package k")}
def lend():
    for where, text in lending.values(): refused(lambda: where.run_security_query(text))
def read(project, session=None, table="t"):
    session = session or TableTunnel(bob(project), project="vault").create_download_session(table)
    with session.open_record_reader(0, session.count) as reader: return [record[0] for record in reader]
def kind(work):
    told = refused(work)
    return "goes" if told is None else told[0]
def ways(session=None, job=None):
    return [kind(lambda: bob("plain").execute_sql("insert into target select a from vault.t")), kind(lambda: bob("plain").execute_sql("select * from vault.t").open_reader(tunnel=False)),
            kind(lambda: read("plain")), kind(lambda: list(bob("plain").get_table("t", project="vault").head(1))), kind(lambda: bob("plain").get_table("t", project="vault").reload())] + (
           [kind(lambda: read("plain", session)), kind(lambda: bob("plain").get_instance(job).open_reader(tunnel=False).raw)] if session else [])
`;

test("a package lends what it lists to who may read it, in SQL and in the tunnel, and ends at once", async (t) => {
  const { odps, root, user, account } = await startWorld(t, "vault", "plain", "third");
  const bob = await user("bob");
  const out = await odps<Record<string, string[]>>(
    root,
    "vault",
    `${story(account, bob)}
out["before"] = ways()
for step, (where, text) in lending.items():
    out["before " + step] = ways()
    where.run_security_query(text)
out["lent"] = ways()
out["writes"] = [kind(lambda: bob("plain").execute_sql("insert into vault.t values (9, 'z')")), kind(lambda: TableTunnel(bob("plain"), project="vault").create_upload_session("t"))]
out["beside"] = [kind(lambda: bob("plain").execute_sql("select * from vault.beside")), kind(lambda: read("plain", table="beside"))]
out["from elsewhere"] = [kind(lambda: read("vault")), kind(lambda: read("third")), kind(lambda: read("nowhere"))]
for step, (where, text) in ending.items():
    session = TableTunnel(bob("plain"), project="vault").create_download_session("t")
    job = bob("plain").execute_sql("select * from vault.t").id
    out["until " + step] = ways(session, job)
    where.run_security_query(text)
    out["after " + step] = ways(session, job)
    lend()
    if step == "remove": o.run_security_query("add table t to package k with privileges Select, Describe"); lend()
o.run_security_query("create package k"); o.run_security_query("add table t to package k with privileges Describe"); lend()
out["describe only"] = ways()
`,
  );
  const no = (count: number) => Array.from({ length: count }, () => "NoPermission");
  const goes = (count: number) => Array.from({ length: count }, () => "goes");
  for (const step of ["before", "before allow", "before install", "before grant"])
    assert.deepEqual(out[step], no(5), step);
  assert.deepEqual(out["lent"], goes(5));
  for (const step of ["writes", "beside"]) assert.deepEqual(out[step], no(2), step);
  assert.deepEqual(out["from elsewhere"], no(3));
  for (const step of ["disallow", "uninstall", "revoke", "remove", "drop"]) {
    assert.deepEqual(out[`until ${step}`], goes(7), `until ${step}`);
    assert.deepEqual(out[`after ${step}`], no(7), `after ${step}`);
  }
  assert.deepEqual(out["describe only"], [...no(4), "goes"]);
});

test("an exception ends with RESTORE, even where the rows are the same as before", async (t) => {
  const { odps, root, account } = await startWorld(t, "vault", "plain");
  const out = await odps<Record<string, unknown>>(
    root,
    "vault",
    `
from odps.tunnel import TableTunnel
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1)")
statement = {"Effect": "Allow", "Principal": "ALIYUN$${account}", "Action": ["odps:Select"], "Resource": "acs:odps:*:projects/vault/tables/t"}
def approve():
    config = o.get_project().security_options
    config.reload()
    config.project_protection.protected = False
    config.project_protection.exception = None
    config.update()
    config.reload()
    config.project_protection.protected = True
    config.project_protection.exception = json.dumps({"Version": "1", "Statement": [statement]})
    config.update()
def kind(work):
    told = refused(work)
    return "goes" if told is None else told[0]
made = 0
def ways():
    global made
    made += 1
    def read():
        with o.get_table("t").open_reader() as reader: return list(reader)
    return [kind(lambda: o.execute_sql("create table plain.c%d as select * from t" % made)), kind(read)]
def newest():
    raw = o.execute_sql("show history for table t").open_reader(tunnel=False).raw
    return max(int(word) for line in raw.splitlines() for word in line.replace("|", " ").replace(",", " ").split()[:2] if word.isdigit() and int(word) < 1000)
approve()
out["approved"] = ways()
session = TableTunnel(o).create_download_session("t")
version = newest()
o.execute_sql("restore table t to lsn '%d'" % version)
out["newest"] = [version, newest()]
out["same rows"] = rows("select a from t")
out["restored to itself"] = ways()
def again():
    with session.open_record_reader(0, 1) as reader: return list(reader)
out["begun before"] = kind(again)
approve()
out["approved anew"] = ways()
o.execute_sql("insert into t values (2)")
out["written"] = ways()
o.execute_sql("restore table t to lsn '%d'" % newest())
o.execute_sql("restore table t to lsn '%d'" % (version + 1))
out["restored to what was approved"] = [rows("select a from t"), *ways()]
`,
  );
  const [version, next] = out["newest"] as number[];
  assert.equal(next, (version ?? 0) + 1);
  assert.deepEqual(out["same rows"], [[1]]);
  assert.deepEqual(out["approved"], ["goes", "goes"]);
  assert.deepEqual(out["approved anew"], ["goes", "goes"]);
  for (const step of ["restored to itself", "written"])
    assert.deepEqual(out[step], ["NoPermission", "NoPermission"], step);
  assert.deepEqual(out["restored to what was approved"], [[[1]], "NoPermission", "NoPermission"]);
  assert.equal(out["begun before"], "goes", "it reads the version that was approved");
});

test("a package of a trusted project lends its view, and not the table of another project behind it", async (t) => {
  const { odps, root, user, account } = await startWorld(t, "vault", "middle", "plain");
  const bob = await user("bob");
  const name = `RAM$${account}:bob`;
  const out = await odps<Record<string, string | null>>(
    root,
    "vault",
    `
def bob(project): return ODPS("${bob.accessKeyId}", "${bob.secretAccessKey}", project, endpoint=o.endpoint)
m, p = entry("middle"), entry("plain")
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (666)")
p.execute_sql("create table target (a bigint)")
for text in ["set ProjectProtection=true", "add trustedproject middle"]: o.run_security_query(text)
m.execute_sql("create view v as select a from vault.t")
for text in ["create package k", "add table v to package k with privileges Select, Describe", "allow project plain to install package k"]: m.run_security_query(text)
for text in ["install package middle.k", "add user ${name}", "grant CreateInstance, List, Read on project plain to user ${name}",
             "grant Update on table target to user ${name}", "grant Read on package middle.k to user ${name}"]: p.run_security_query(text)
def verdict(work):
    told = refused(work)
    return "goes" if told is None else "protected" if "is protected" in told[1] else str(told)
out["into plain"] = verdict(lambda: bob("plain").execute_sql("insert into target select a from middle.v"))
out["as owner"] = verdict(lambda: p.execute_sql("insert into target select a from middle.v"))
out["a query"] = verdict(lambda: bob("plain").execute_sql("select a from middle.v"))
o.run_security_query("set odps.security.enabledownloadprivilege=true")
def carry(entry):
    options.tunnel.limit_instance_tunnel = False
    try:
        with entry.execute_sql("select a from middle.v").open_reader(tunnel=True) as reader: return [record[0] for record in reader]
    finally: options.tunnel.limit_instance_tunnel = None
m.run_security_query("add user ${name}"); m.run_security_query("grant Download, Describe, Select on table v to user ${name}")
m.run_security_query("grant CreateInstance, List, Read on project middle to user ${name}")
out["download by the view's privilege"] = (refused(lambda: carry(bob("middle"))) or ["goes"])[0]
out["download by the owner of all"] = (refused(lambda: carry(m)) or ["goes"])[0]
o.run_security_query("add trustedproject plain")
out["trusted too"] = verdict(lambda: bob("plain").execute_sql("insert into target select a from middle.v"))
`,
  );
  assert.deepEqual(out, {
    "into plain": "protected",
    "as owner": "protected",
    "a query": "goes",
    "download by the view's privilege": "NoPermission",
    "download by the owner of all": "goes",
    "trusted too": "goes",
  });
});
