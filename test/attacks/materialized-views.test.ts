import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

const refused = "NoPermission";

test("a materialized view takes rows out of a protected project at no creation and no rebuild", async (t) => {
  const { odps, root, account } = await startWorld(t, "vault", "plain", "third");
  const out = await odps<Record<string, unknown>>(
    root,
    "vault",
    `
p = entry("plain")
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1)")
o.execute_sql("create view v as select a from t")
p.execute_sql("create materialized view m as select a from vault.t")
p.execute_sql("create materialized view later build deferred as select a from vault.t")
p.execute_sql("create materialized view of_view as select a from vault.v")
def verdict(work):
    told = refused(work)
    return "goes" if told is None else told[0] if "is protected" in told[1] else told
def sql(text, o=o):
    return verdict(lambda: o.execute_sql(text))
def rebuilds():
    return [sql("alter materialized view plain.m rebuild"), sql("alter materialized view m rebuild", p), sql("alter materialized view later rebuild", p), sql("alter materialized view of_view rebuild", p)]
o.run_security_query("set ProjectProtection=true")
o.execute_sql("insert into t values (2)")
out["made"] = [sql("create materialized view plain.n as select a from t"), sql("create materialized view n as select a from vault.t", p), sql("create materialized view n build deferred as select a from vault.t", p),
               sql("create materialized view plain.n as select a from v"), sql("create or replace materialized view m as select a from vault.t", p), sql("create materialized view n as select count(*) as a from vault.t", p)]
out["rebuilt"] = rebuilds()
out["as they were"] = [rows("select a from m", p), rows("select a from later", p), rows("select a from of_view", p)]
out["under its own project"] = [sql("create table third.c as select a from plain.m"), sql("create table vault.c as select a from plain.m")]
o.execute_sql("create materialized view inside as select a from t")
out["inside"] = [sql("alter materialized view inside rebuild"), sql("create table plain.c as select a from inside"), sql("create materialized view plain.n as select a from inside"),
                 verdict(lambda: list(o.get_table("inside").open_reader()))]
o.run_security_query("add trustedproject plain")
out["trusted"] = rebuilds()
out["then"] = [sorted(rows("select a from m", p)), sorted(rows("select a from later", p))]
o.run_security_query("remove trustedproject plain")
out["no more"] = rebuilds()
policy = json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Principal": "ALIYUN$${account}", "Action": ["odps:Select"], "Resource": "acs:odps:*:projects/vault/tables/t"}]})
config = o.get_project().security_options
config.reload()
config.project_protection.exception = policy
config.update()
out["excepted"] = rebuilds()
o.execute_sql("insert into t values (3)")
out["not as approved"] = rebuilds()
out["at last"] = sorted(rows("select a from m", p))
`,
  );
  const all = (verdict: string, count = 4) => Array.from({ length: count }, () => verdict);
  assert.deepEqual(out["made"], all(refused, 6));
  assert.deepEqual(out["rebuilt"], all(refused));
  assert.deepEqual(out["as they were"], [[[1]], [], [[1]]]);
  assert.deepEqual(out["under its own project"], ["goes", "goes"]);
  assert.deepEqual(out["inside"], ["goes", refused, refused, refused]);
  assert.deepEqual(out["trusted"], all("goes"));
  assert.deepEqual(out["then"], [
    [[1], [2]],
    [[1], [2]],
  ]);
  assert.deepEqual(out["no more"], all(refused));
  assert.deepEqual(out["excepted"], all("goes"));
  assert.deepEqual(out["not as approved"], all(refused));
  assert.deepEqual(out["at last"], [[1], [2]]);
});

test("who rebuilds a materialized view must read what it is of, and so must its owner", async (t) => {
  const { odps, root, account, user } = await startWorld(t, "sales");
  const [maker, eve] = [await user("maker"), await user("eve")];
  await odps(
    root,
    "sales",
    `
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1)")
for name in ["maker", "eve"]:
    o.run_security_query("add user RAM$${account}:" + name)
    o.run_security_query("grant CreateInstance, CreateTable, List, Read on project sales to user RAM$${account}:" + name)
o.run_security_query("grant Describe, Select on table t to user RAM$${account}:maker")
`,
  );
  await odps(maker, "sales", `o.execute_sql("create materialized view m as select a from t")`);
  await odps(
    root,
    "sales",
    `
o.run_security_query("grant Describe, Select, Alter on table m to user RAM$${account}:eve")
o.execute_sql("insert into t values (2)")
`,
  );
  const tried = await odps<Record<string, unknown>>(
    eve,
    "sales",
    `
out["reads"] = rows("select a from m")
out["rebuilds"] = refused(lambda: o.execute_sql("alter materialized view m rebuild"))[0]
out["below"] = refused(lambda: rows("select a from t"))[0]
`,
  );
  assert.deepEqual(tried, { reads: [[1]], rebuilds: refused, below: refused });
  const own = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
o.execute_sql("alter materialized view m rebuild")
out["rebuilt"] = sorted(rows("select a from m"))
o.run_security_query("revoke Select on table t from user RAM$${account}:maker")
o.execute_sql("insert into t values (3)")
out["not for the maker"] = refused(lambda: o.execute_sql("alter materialized view m rebuild"))[0]
out["as it was"] = sorted(rows("select a from m"))
`,
  );
  assert.deepEqual(own, {
    rebuilt: [[1], [2]],
    "not for the maker": refused,
    "as it was": [[1], [2]],
  });
});
