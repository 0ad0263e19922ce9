import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

/** Requests to every kind of thing in a project, as PyODPS signs them. */
const attempts = `
c = o.rest
base = o.endpoint + "/projects/sales"
def get(path, **params):
    return refused(lambda: c.get(base + path, params=params))
tried = {
    "project": get(""),
    "properties": refused(lambda: c.put(base, "<Project><Comment>mine</Comment></Project>")),
    "tables": get("/tables"),
    "table": get("/tables/t"),
    "partitions": get("/tables/t", partitions=""),
    "rows": get("/tables/t", data="", linenum="5"),
    "preview": get("/tables/t/preview", limit="5"),
    "download": refused(lambda: c.post(base + "/tables/t", "", params={"downloads": ""})),
    "upload": refused(lambda: c.post(base + "/tables/t", "", params={"uploads": "1"})),
    "instances": get("/instances"),
    "instance": get("/instances/" + INSTANCE),
    "result": get("/instances/" + INSTANCE, result=""),
    "source": get("/instances/" + INSTANCE, source=""),
    "job rows": refused(lambda: c.post(base + "/instances/" + INSTANCE, "", params={"downloads": ""})),
    "stop": refused(lambda: c.put(base + "/instances/" + INSTANCE, "<Instance><Status>Terminated</Status></Instance>")),
    "statement": refused(lambda: o.execute_sql("select 1")),
    "configuration": get("", security_configuration=""),
    "policy": get("", policy=""),
    "users": get("/users"),
    "roles": get("/roles"),
    "command": refused(lambda: o.run_security_query("whoami")),
    "token": refused(lambda: c.post(base + "/authorization", json.dumps({"policy": "{}", "expires_in_hours": 1}), action="sign_bearer_token")),
}
out = {name: told and told[0] for name, told in tried.items()}
`;

test("who is not of a project reaches nothing in it, be it of the same account or of another", async (t) => {
  const { odps, root, user, running } = await startWorld(t, "sales");
  const { id } = await odps<{ id: string }>(
    root,
    "sales",
    `
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1)")
out["id"] = o.execute_sql("select * from t").id
`,
  );
  const script = `INSTANCE = "${id}"\n${attempts}`;
  const stranger = await user("stranger");
  const told = await odps<Record<string, string | null>>(stranger, "sales", script);
  for (const [what, kind] of Object.entries(told)) {
    assert.ok(kind === "NoPermission" || kind === "InvalidArgument", `${what}: ${kind}`);
  }
  const { root: other } = await running.tenant("other");
  const elsewhere = await odps<Record<string, string | null>>(other, "sales", script);
  for (const [what, kind] of Object.entries(elsewhere)) {
    assert.ok(kind === "NoSuchProject" || kind === "NoSuchObject", `${what}: ${kind}`);
  }
});
