import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

/** Adds a user to a project with what everybody needs to run statements there. */
const member = (name: string) => `
for query in ["add user ${name}", "grant CreateInstance, CreateTable, List, Read on project {} to user ${name}"]:
    o.run_security_query(query.format(o.project))
`;

test("a view reads what its maker meant, whatever the flags of who reads it", async (t) => {
  const { odps, root, user, account } = await startWorld(t, "vault", "other");
  const bob = await user("bob");
  const name = `RAM$${account}:bob`;
  await odps(
    root,
    "vault",
    `${member(name)}
o.execute_sql("create schema hr")
o.execute_sql("create schema other")
space = {"odps.namespace.schema": "true"}
for schema in ["default", "hr"]:
    o.execute_sql("create table vault.%s.customers (name string)" % schema, hints=space)
    o.execute_sql("insert into vault.%s.customers values ('%s')" % (schema, schema), hints=space)
p = entry("other")
p.execute_sql("create table pub (a string)")
p.execute_sql("insert into pub values ('public')")
o.execute_sql("create table vault.other.pub (a string)", hints=space)
o.execute_sql("insert into vault.other.pub values ('secret')", hints=space)
o.execute_sql("create view vv as select name from customers")
o.execute_sql("create view nv as select a from other.pub")
for view in ["vv", "nv"]:
    o.run_security_query("grant Select on table %s to user ${name}" % view)
`,
  );
  const out = await odps<Record<string, unknown>>(
    bob,
    "vault",
    `
out["plain"] = [rows("select name from vv"), rows("select a from nv")]
out["schema"] = rows("select name from vault.default.vv", **{"odps.default.schema": "hr", "odps.namespace.schema": "true"})
out["namespace"] = rows("select a from vault.default.nv", **{"odps.namespace.schema": "true"})
out["itself"] = refused(lambda: rows("select name from vault.hr.customers", **{"odps.namespace.schema": "true"}))[0]
`,
  );
  assert.deepEqual(out["plain"], [[["default"]], [["public"]]]);
  assert.deepEqual([out["schema"], out["namespace"]], [[["default"]], [["public"]]]);
  assert.equal(out["itself"], "NoPermission");
});
