import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

const prelude = `
import re
def ask(query, o=None):
    try:
        return str((o or globals()["o"]).run_security_query(query))
    except Exception as error:
        return type(error).__name__
def proposal(query):
    found = re.search(r"p[0-9a-f]{12}", ask(query))
    return found and found.group(0)
def download(table):
    def read():
        with o.get_table(table).open_reader() as reader:
            return [record for record in reader]
    told = refused(read)
    return told[0] if told else "goes"
`;

const exceptions = JSON.stringify({
  Version: "1",
  Statement: [
    {
      Effect: "Allow",
      Principal: "*",
      Action: "odps:Select",
      Resource: "acs:odps:*:projects/vault/tables/t",
    },
  ],
});

test("where a second person is asked for, nobody opens a project alone, by whatever means", async (t) => {
  const { odps, root, user, account } = await startWorld(t, "vault", "plain");
  const [ann, bob, eve] = [await user("ann"), await user("bob"), await user("eve")];
  const name = (who: string) => `RAM$${account}:${who}`;
  const asOwner = <Answer>(script: string) => odps<Answer>(root, "vault", prelude + script);
  const asAnn = <Answer>(script: string) => odps<Answer>(ann, "vault", prelude + script);

  await asOwner(`
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1)")
for who in ["ann", "bob", "eve"]:
    ask(f"add user RAM$${account}:{who}")
ask("grant super_administrator to ${name("ann")}")
ask("grant admin to ${name("bob")}")
ask("set ProjectProtection=true")
out["on"] = ask("set odps.security.secondapprover=true")
`);
  const alone = await asOwner<Record<string, string>>(`
out["protection off"] = proposal("set ProjectProtection=false")
out["trust"] = proposal("add trustedproject plain")
out["download control"] = proposal("set odps.security.enabledownloadprivilege=true")
out["more display"] = proposal("set odps.security.displayrows=20000")
out["another super administrator"] = proposal("grant super_administrator to ${name("eve")}")
out["no second person"] = proposal("set odps.security.secondapprover=false")
ask("create package k")
out["package"] = proposal("add table t to package k with privileges Select")
out["admission"] = proposal("allow project plain to install package k")
def configured(**changes):
    config = o.get_project().security_options
    config.reload()
    for key, value in changes.items():
        setattr(config.project_protection, key, value)
    config.update()
`);
  for (const [how, id] of Object.entries(alone)) assert.match(id, /^p[0-9a-f]{12}$/, how);
  const told = await asOwner<Record<string, unknown>>(`
def lift():
    config = o.get_project().security_options
    config.reload()
    config.project_protection.protected = False
    config.update()
out["configuration"] = refused(lift)[0]
out["own approval"] = ask("approve proposal ${alone["protection off"]}")
out["no such"] = ask("approve proposal p000000000000")
out["download"] = download("t")
out["into plain"] = refused(lambda: o.execute_sql("create table plain.c as select * from t"))[0]
out["tighter at once"] = ask("set odps.security.displayrows=10")
out["waiting"] = len(o.run_security_query("list proposals"))
`);
  const { waiting, ...answers } = told;
  assert.deepEqual(answers, {
    configuration: "NoPermission",
    "own approval": "NoPermission",
    "no such": "NoSuchObject",
    download: "NoPermission",
    "into plain": "NoPermission",
    "tighter at once": "OK",
  });
  assert.equal(waiting, Object.keys(alone).length);
  for (const keys of [bob, eve]) {
    const out = await odps<Record<string, string>>(
      ...([
        keys,
        "vault",
        `${prelude}out["a"] = ask("approve proposal ${alone["trust"]}")`,
      ] as const),
    );
    assert.deepEqual(out, { a: "NoPermission" });
  }

  // What is approved is what was proposed: rows that came later stay.
  const [late, early] = await (async () => {
    const proposed = await asOwner<{ id: string }>(
      `out["id"] = proposal('''set ProjectProtection=true with exception '${exceptions}' ''')`,
    );
    assert.match(proposed.id, /^p/);
    await asOwner(`o.execute_sql("insert into t values (666)")`);
    await asAnn(`out["a"] = ask("approve proposal ${proposed.id}")`);
    const after = await asOwner<{ a: string }>(`out["a"] = download("t")`);
    const again = await asOwner<{ id: string }>(
      `out["id"] = proposal('''set ProjectProtection=true with exception '${exceptions}' ''')`,
    );
    assert.match(again.id, /^p/, "the same text approves other rows");
    const approved = await asAnn<{ a: string }>(`out["a"] = ask("approve proposal ${again.id}")`);
    assert.equal(approved.a, "OK");
    return [after.a, (await asOwner<{ a: string }>(`out["a"] = download("t")`)).a];
  })();
  assert.equal(late, "NoPermission");
  assert.equal(early, "goes");

  // Whoever approves does not choose the schema that its names mean.
  const item = await asOwner<{ id: string }>(`
options.sql.settings = {"odps.namespace.schema": "true"}
o.create_schema("s")
o.execute_sql("create table vault.s.t (a bigint)")
ask("create package here")
out["id"] = proposal("add table t to package here with privileges Select")
`);
  const described = await asAnn<{ a: string; items: string }>(`
out["a"] = str(o.run_security_query("approve proposal ${item.id}", schema="s"))
out["items"] = str(o.run_security_query("describe package here"))
`);
  assert.equal(described.a, "OK");
  assert.doesNotMatch(described.items, /schemas\/s|s\.t/);
  assert.match(described.items, /t/);

  // Who proposed must still be allowed to when it is approved.
  const byAnn = await asAnn<{ id: string }>(`out["id"] = proposal("set ProjectProtection=false")`);
  await asOwner(`out["a"] = ask("revoke super_administrator from ${name("ann")}")`);
  assert.deepEqual(await asOwner(`out["a"] = ask("approve proposal ${byAnn.id}")`), {
    a: "NoPermission",
  });
  assert.deepEqual(await asOwner(`out["a"] = ask("withdraw proposal ${byAnn.id}")`), { a: "OK" });
});

test("a dry run tells what could leave that could not before, and changes nothing", async (t) => {
  const { odps, root, account, user } = await startWorld(t, "vault", "plain");
  const bob = await user("bob");
  const out = await odps<Record<string, { Opens: string[]; Ways: Record<string, string>[] }>>(
    root,
    "vault",
    `${prelude}
o.execute_sql("create table t (a bigint)")
ask("add user RAM$${account}:bob")
ask("grant Select on table t to user RAM$${account}:bob")
ask("set ProjectProtection=true")
out["trust"] = o.run_security_query("dry run add trustedproject plain")
out["off"] = o.run_security_query("dry run set ProjectProtection=false")
out["tighter"] = o.run_security_query("dry run set odps.security.displayrows=1")
out["still"] = {"Opens": [ask("list trustedprojects"), download("t")], "Ways": []}
`,
  );
  const ways = (key: string) =>
    new Set(out[key]?.Ways.map(({ principal, destination }) => `${principal} ${destination}`));
  const owner = `ALIYUN$${account}`;
  const reader = `RAM$${account}:bob`;
  assert.deepEqual(ways("trust"), new Set([`${owner} project plain`, `${reader} project plain`]));
  assert.deepEqual(
    ways("off"),
    new Set(
      [owner, reader].flatMap((who) =>
        ["download", "project plain", "an external location"].map((where) => `${who} ${where}`),
      ),
    ),
  );
  assert.deepEqual(out["tighter"], { Opens: [], Ways: [], Complete: true });
  assert.deepEqual(out["still"]?.Opens, ["[]", "NoPermission"]);
  const denied = await odps<{ a: string }>(
    bob,
    "vault",
    `${prelude}out["a"] = ask("dry run set ProjectProtection=false")`,
  );
  assert.equal(denied.a, "NoPermission");
});

test("reads at the same time share what may be shown in a day", async (t) => {
  const { odps, root } = await startWorld(t, "vault");
  const out = await odps<{ shown: number; after: string; day: number }>(
    root,
    "vault",
    `${prelude}
from concurrent.futures import ThreadPoolExecutor
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1), (2), (3)")
ask("set ProjectProtection=true")
ask("set odps.security.displayrowsperday=10")
def look(_):
    try:
        return len(list(entry("vault").get_table("t").head(3)))
    except errors.ODPSError:
        return 0
with ThreadPoolExecutor(8) as pool:
    out["shown"] = sum(pool.map(look, range(8)))
out["after"] = refused(lambda: list(o.get_table("t").head(1)))[1]
ask("set odps.security.displayrowsperday=none")
out["day"] = look(0)
`,
  );
  assert.equal(out.shown, 10);
  assert.match(out.after, /display-budget-spent/);
  assert.equal(out.day, 3);
});
