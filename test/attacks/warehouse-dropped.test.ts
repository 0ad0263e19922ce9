import assert from "node:assert/strict";
import { test } from "node:test";
import { member, startWorld } from "../support/warehouse.ts";

/** What nobody finds among what was dropped. */
const untold = /^ODPS-0130071:.*no dropped table t can be told by that$/;

test("a dropped table comes back to its owner with its labels, without grants, and as another version", async (t) => {
  const { odps, root, user, account } = await startWorld(t, "vault", "plain");
  const [ann, bob] = [await user("ann"), await user("bob")];
  const names = { ann: `RAM$${account}:ann`, bob: `RAM$${account}:bob` };
  const made = await odps<Record<string, unknown>>(
    root,
    "vault",
    `
${member(names.ann)}
${member(names.bob)}
def as_(key, secret): return ODPS(key, secret, o.project, endpoint=o.endpoint)
ann, bob = as_("${ann.accessKeyId}", "${ann.secretAccessKey}"), as_("${bob.accessKeyId}", "${bob.secretAccessKey}")
def kind(work):
    told = refused(work)
    return "goes" if told is None else told[0]
def said(work):
    told = refused(work)
    return "goes" if told is None else told[1].splitlines()[-1].strip()
def sql(text, who=o): return kind(lambda: who.execute_sql(text))
def id_of(name):
    lines = [line.split("\\t") for line in o.execute_sql("show history for tables like '%s'" % name).open_reader(tunnel=False).raw.splitlines()]
    return [line[1] for line in lines if line[0] == name and len(line) > 5 and line[5]]
ann.execute_sql("create table t (a bigint, s string)")
ann.execute_sql("insert into t values (1, 'secret')")
o.run_security_query("set LabelSecurity=true")
o.run_security_query("set label 4 to table t(s)")
o.run_security_query("grant Select, Describe on table t to user ${names.bob}")
out["before"] = [sql("select a from t", bob), sql("select s from t", bob)]
ann.execute_sql("drop table t")
out["gone"] = [sql("select a from t", ann), len(id_of("t"))]
out["not his"] = [sql("restore table t", bob), sql("purge table t", bob)]
bob.execute_sql("create table t (a bigint)")
out["name taken"] = [sql("restore table t", ann), sql("restore table t ('id'='%s')" % id_of("t")[0], bob), sql("purge table t", bob), len(id_of("t"))]
bob.execute_sql("drop table t")
out["two of a name"] = [said(lambda: ann.execute_sql(text)) for text in ("restore table t", "restore table t ('id'='none')")] + [sql("restore table t ('id'='%s')" % id_of("t")[0], bob)]
out["back"] = [sql("restore table t ('id'='%s')" % id_of("t")[0], ann), rows("select a from t", ann), rows("select * from t")]
out["grants"] = sql("select a from t", bob)
o.run_security_query("grant Select, Describe on table t to user ${names.bob}")
out["labels"] = [sql("select a from t", bob), sql("select s from t", bob)]
statement = {"Effect": "Allow", "Principal": "ALIYUN$${account}", "Action": ["odps:Select"], "Resource": "acs:odps:*:projects/vault/tables/t"}
config = o.get_project().security_options
config.reload()
config.project_protection.protected = True
config.project_protection.exception = json.dumps({"Version": "1", "Statement": [statement]})
config.update()
out["pins"] = json.loads(json.dumps(o.run_security_query("show SecurityConfiguration"))).get("Approved")
out["file"] = said(lambda: o.run_security_query("set ProjectProtection=true with exception policy.json"))
out["approved"] = sql("create table plain.c1 as select a from t")
o.execute_sql("drop table t")
o.execute_sql("restore table t ('id'='%s')" % [one for one in id_of("t")][-1])
out["not approved"] = [sql("create table plain.c2 as select a from t"), rows("select a from t")]
out["older"] = [sql("create table plain.c%d as select a from t version as of %d" % (version + 3, version)) for version in (2, 1)]
o.execute_sql("drop table t purge")
out["purged"] = said(lambda: o.execute_sql("restore table t ('id'='none')"))
out["left"] = len(id_of("t"))
out["purge table"] = [sql("purge table t"), len(id_of("t")), said(lambda: o.execute_sql("restore table t"))]
p = entry("plain")
out["elsewhere"] = [said(lambda: p.execute_sql("restore table vault.t")), said(lambda: p.execute_sql("restore table nowhere.t"))]
`,
  );
  assert.deepEqual(made["before"], ["goes", "NoPermission"]);
  assert.deepEqual(made["gone"], ["NoSuchTable", 1]);
  assert.deepEqual(made["not his"], ["NoPermission", "NoPermission"]);
  assert.deepEqual(made["name taken"], ["ODPSError", "NoPermission", "NoPermission", 1]);
  const [any, none, his] = made["two of a name"] as string[];
  for (const way of [any, none]) {
    assert.match(
      String(way),
      /^ODPS-0130013:.*'odps:Drop' on .*default\/tables\/t}/,
      "who is no owner of all",
    );
  }
  assert.equal(his, "NoPermission");
  assert.deepEqual(made["back"], ["goes", [[1]], [[1, "secret"]]]);
  assert.equal(made["grants"], "NoPermission");
  assert.deepEqual(made["labels"], ["goes", "NoPermission"]);
  assert.deepEqual(made["pins"], [{ type: "table", name: "default.t", version: "2" }]);
  assert.match(String(made["file"]), /a file is read by MaxCompute's command line alone/);
  assert.equal(made["approved"], "goes");
  assert.deepEqual(made["not approved"], ["NoPermission", [[1]]]);
  assert.deepEqual(made["older"], ["goes", "NoPermission"], "what was approved is what it was");
  assert.match(String(made["purged"]), untold);
  assert.equal(made["left"], 1);
  const [purged, left, restored] = made["purge table"] as [string, number, string];
  assert.deepEqual([purged, left], ["goes", 0]);
  assert.match(restored, untold);
  const [here, nowhere] = made["elsewhere"] as string[];
  assert.match(String(here), untold);
  assert.match(String(nowhere), /^ODPS-0130131:.*project nowhere cannot be resolved$/);
});
