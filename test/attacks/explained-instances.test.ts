import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import { explainRequest } from "../../src/cli/explain-request.ts";
import { commands, member, startWorld } from "../support/warehouse.ts";

test("a refused statement is explained by its instance's id, with the rule that keeps the rows in", async (t) => {
  const world = await startWorld(t, "sales", "reports");
  const { asRoot, odps, user, account, running } = world;
  const { opened } = running.bondstore;
  const keys = { ann: await user("ann"), bob: await user("bob") };
  await asRoot(`
o.execute_sql("create table orders (id bigint, price bigint)")
o.execute_sql("insert into orders values (1, 7)")
o.execute_sql("create view behind as select id from orders")
${member(`RAM$${account}:ann`, "Select on table orders")}
${member(`RAM$${account}:bob`)}
${commands("set ProjectProtection=true")}
`);
  await odps(
    world.root,
    "reports",
    `${member(`RAM$${account}:ann`)}\n${member(`RAM$${account}:bob`)}`,
  );
  const tried = (who: keyof typeof keys, project: string, sql: string) =>
    odps<Record<string, string>>(
      keys[who],
      project,
      `
try:
    o.execute_sql("${sql}")
except Exception as error:
    out = {"type": type(error).__name__, "id": error.instance_id, "text": str(error)}
`,
    );

  const unread = await tried("bob", "sales", "select price from orders");
  assert.equal(unread["type"], "NoPermission");
  const [, named = ""] = /bondstore explain (\w+)\)/.exec(unread["text"] ?? "") ?? [];
  assert.equal(named, unread["id"], "the refusal names what PyODPS has as the instance's id");
  const { lines, events } = await explainRequest(opened, named);
  assert.deepEqual(
    events.map(({ eventName }) => eventName),
    ["RunStatement"],
  );
  assert.match(lines.join("\n"), /RunStatement by IAMUser bob/);
  assert.match(lines.join("\n"), /^odps:Select on \S+tables\/orders: refused/m);

  const kept = await tried("ann", "reports", "create table taken as select id from sales.orders");
  assert.equal(kept["type"], "NoPermission");
  const why = (await explainRequest(opened, kept["id"] ?? "")).lines.join("\n");
  assert.match(
    why,
    /^data of sales\.orders version \S+ \(id\) to project reports, as SQL: is kept in, by the rule protected: /m,
  );

  // What is told to the refused has no word of the rule's reasons, nor of anybody else's job.
  assert.doesNotMatch(kept["text"] ?? "", /as approved|by the rule|version/);
  await assert.rejects(explainRequest(opened, `${named.slice(0, -1)}x`), /no request/);
  const other = `${named.slice(0, 18)}${"0".repeat(10)}`;
  await assert.rejects(explainRequest(opened, other), /no instance/);

  const { root: stranger } = await running.tenant("other");
  const lookUp = async (who: typeof stranger) => {
    const client = new CloudTrailClient(running.client(who));
    t.after(() => client.destroy());
    const attribute = { AttributeKey: "ResourceName", AttributeValue: named } as const;
    const found = await client.send(new LookupEventsCommand({ LookupAttributes: [attribute] }));
    return found.Events?.map(({ EventName }) => EventName);
  };
  assert.ok((await lookUp(world.root))?.includes("RunStatement"), "its own account looks it up");
  assert.deepEqual(await lookUp(stranger), [], "another one has none of it");
  await assert.rejects(lookUp(keys.ann), { name: "AccessDeniedException" });

  // Who asks after the job of somebody else puts nothing into its explanation.
  const asked = await odps<Record<string, unknown>>(
    keys.ann,
    "reports",
    `out["told"] = refused(lambda: o.get_instance("${named}", project="sales").get_task_result("AnonymousSQLTask"))`,
  );
  assert.notEqual(asked["told"], null);
  assert.equal((await explainRequest(opened, named)).events.length, 1);
});
