import assert from "node:assert/strict";
import { test } from "node:test";
import { csv, startPair } from "../support/external-locations.ts";
import { member } from "../support/warehouse.ts";

test("SET LOCATION is judged as any setting of a location, and warns who may not look there", async (t) => {
  const { as, asRoot, odps, user, account } = await startPair(t);
  const pointed = await as(
    "mallory",
    `
def told(text): return o.execute_sql(text).get_task_result("AnonymousSQLTask")
out["partition"] = told("alter table x partition (ds='a') set location 's3://secret/d/'")
out["added"] = told("alter table x add partition (ds='z') location 's3://secret/d/'")
out["made"] = told("create external table mine (a bigint) ${csv} location 's3://secret/d/'")
out["hers"] = told("create external table hers (a bigint) ${csv} location 's3://open/d/ds=a/'")
out["moved"] = told("alter table hers set location 's3://secret/d/'")
out["no bucket"] = sql("alter table hers set location 's3://nowhere-at-all/d/'")
out["no table"] = sql("alter table taken set location 's3://open/d/'")
`,
  );
  for (const way of ["partition", "added", "made", "moved"])
    assert.match(
      String(pointed[way]),
      /^OK\nWARNING: RAM\$\d+:mallory may not list s3:\/\/secret\/d\//,
      way,
    );
  assert.equal(pointed["hers"], "OK");
  assert.match(String(pointed["no bucket"]), /external table checking failure/);
  assert.match(String(pointed["no table"]), /it has no location/);
  await asRoot(`o.run_security_query("grant All on table hers to user RAM$${account}:alice")`);
  const out = await as(
    "alice",
    `
out["refused"] = [sql("select a from x where ds='a'"), sql("select a from hers")]
out["set again"] = [sql("alter table x partition (ds='a') set location 's3://secret/d/'"), sql("alter table hers set location 's3://secret/d/'")]
out["rows"] = [rows("select a from x where ds='a'"), rows("select a from hers")]
`,
  );
  for (const why of out["refused"] as string[])
    assert.match(String(why), /mallory is not authorized.*SET LOCATION/);
  assert.deepEqual(out["set again"], [null, null]);
  assert.deepEqual(out["rows"], [[[666]], [[666]]]);

  const bob = await user("bob");
  const token = await asRoot(`
${member(`RAM$${account}:bob`, "Select, Describe on table x")}
policy = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["odps:*"], "Resource": "acs:odps:*:*"}]}
out["token"] = o.get_project().generate_auth_token(policy, "bearer", 1)
`);
  const others = await odps(
    bob,
    "sales",
    `
from odps import accounts
bearer = ODPS(account=accounts.BearerTokenAccount(${JSON.stringify(token["token"])}, expired_hours=None), project="sales", endpoint=o.endpoint)
move = "alter table x partition (ds='a') set location 's3://open/d/'"
out["bob"] = refused(lambda: o.execute_sql(move))
out["bearer"] = refused(lambda: bearer.execute_sql(move))
`,
  );
  assert.match(String(others["bob"]), /^NoPermission.*odps:Alter/s);
  assert.match(String(others["bearer"]), /bearer token reaches no location/);
});
