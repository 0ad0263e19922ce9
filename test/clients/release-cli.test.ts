import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Receipt } from "../../src/audit/receipt.ts";
import type { Release } from "../../src/audit/releases.ts";
import { temporary } from "../support/bondstore.ts";
import { commandLine } from "../support/command-line.ts";
import { run } from "../support/python.ts";
import { until } from "../support/until.ts";
import { warehousePython } from "../support/warehouse.ts";

const exceptions = {
  Version: "1",
  Statement: [
    {
      Effect: "Allow",
      Principal: "*",
      Action: ["odps:Select"],
      Resource: "acs:odps:*:projects/sales/tables/orders",
      Condition: { StringEquals: { "odps:TaskType": ["DT"] } },
    },
  ],
};

const script = (key: string, secret: string, endpoint: string): string => `
from odps import ODPS, options
options.tunnel.limit_instance_tunnel = None
o = ODPS("${key}", "${secret}", "sales", endpoint="${endpoint}")
o.execute_sql("create table orders (id bigint, name string)")
o.execute_sql("insert into orders values (1, 'a'), (2, 'b'), (3, 'c')")
o.execute_sql("create table kept (id bigint)")
o.run_security_query("add trustedproject stage")
config = o.get_project().security_options
config.reload()
config.project_protection.protected = True
config.project_protection.exception = '''${JSON.stringify(exceptions)}'''
config.update()
with o.get_table("orders").open_reader() as reader:
    assert reader.count == 3
    assert len([one for one in reader]) == 3
o.execute_sql("create table stage.copy as select id from orders where id < 3")
with o.execute_sql("select name from orders").open_reader(tunnel=False) as reader:
    assert len([one for one in reader]) == 3
o.execute_sql("insert into kept select id from orders")
try:
    with o.get_table("kept").open_reader() as reader:
        print([one for one in reader])
except Exception as error:
    print(type(error).__name__)
`;

test("an operator lists what left a project, and anybody checks the receipt with the public key alone", async (t) => {
  const bondstore = commandLine(t);
  const up = await bondstore.up("--plain-http");
  const data = ["--data", bondstore.data];
  for (const name of ["sales", "stage"]) await bondstore.json("project", "create", name, ...data);
  const { accessKeyId = "", secretAccessKey = "", endpoint } = up.ready;
  const source = script(accessKeyId, secretAccessKey, `${endpoint}/api`);
  const ended = await run(warehousePython, ["-c", source], { PATH: process.env["PATH"] });
  assert.equal(ended.stdout.trim(), "NoPermission", ended.stderr);

  const every = await bondstore.json<readonly Release[]>("release", "--project", "sales", ...data);
  // The client reads a result twice: each time it is shown.
  const left = every.filter(({ operation }, at) => operation !== every[at - 1]?.operation);
  const told = left.map(({ operation, destination, rows, complete, from }) => ({
    ...{ operation, destination, rows, complete },
    from: from.map(({ name, columns, rule }) => [name, columns.join(), rule].join(" ")),
  }));
  assert.deepEqual(told, [
    {
      ...{ operation: "GetInstanceResult", destination: "display", rows: 3, complete: undefined },
      from: ["orders name display"],
    },
    {
      ...{ operation: "RunStatement", destination: "project stage", rows: 2, complete: undefined },
      from: ["orders id trusted-project"],
    },
    {
      ...{ operation: "ReadTableDownload", destination: "download", rows: 3, complete: true },
      from: ["orders  exception:DT"],
    },
  ]);
  for (const release of left) {
    assert.equal(release.from[0]?.version, "1");
    assert.ok((release.bytes ?? 0) > 0, release.operation);
    assert.match(release.by, /:root$/);
  }
  assert.deepEqual(await bondstore.json("release", "list", "--project", "stage", ...data), []);
  const inPast = ["--until", "2020-01-01T00:00:00Z"];
  assert.deepEqual(await bondstore.json("release", "list", ...inPast, ...data), []);
  const day = 24 * 3600 * 1000;
  const since = (time: number) => ["--since", new Date(time).toISOString()];
  assert.deepEqual(await bondstore.json("release", ...since(Date.now() + day), ...data), []);
  const sinceDay = await bondstore.json(
    "release",
    "--project",
    "sales",
    ...since(Date.now() - day),
    ...data,
  );
  assert.deepEqual(sinceDay, every);
  const none = await bondstore.run("release", "--project", "stage", ...data);
  assert.match(none.out, /^The trail has nothing that left stage\.$/m);
  const nope = await bondstore.run("release", "--project", "nope", ...data);
  assert.equal(nope.status, 1);
  assert.match(nope.said, /there is no project `nope`/);
  const shown = await bondstore.run("release", ...data);
  assert.match(shown.out, /sales\.orders version 1 \(id\): trusted-project/);

  // An auditor has a copy of the public key and of the receipt, and nothing else.
  const desk = temporary(t);
  const key = join(desk, "trail.pub");
  copyFileSync(join(bondstore.data, "trail", "trail.pub"), key);
  const request = left[2]?.requestId ?? "";
  const receipt = await until("a checkpoint that covers it", async () => {
    const asked = await bondstore.run("release", "receipt", request, ...data, "--json");
    if (asked.status === 0) return JSON.parse(asked.out) as Receipt;
    assert.match(asked.said, /no signed checkpoint covers/);
    return undefined;
  });
  const check = (changed: unknown, withKey = key) => {
    const file = join(desk, "receipt.json");
    writeFileSync(file, JSON.stringify(changed));
    return bondstore.run("release", "check", file, "--public-key", withKey);
  };
  const checked = await check(receipt);
  assert.equal(checked.status, 0, checked.said);
  assert.match(checked.out, /sales\.orders version 1: exception:DT/);
  assert.match(checked.out, /^ok {6}in the trail of bondstore\//m);

  const [first, second] = receipt.proofs;
  assert.ok(first && second, "a release that streams has two events");
  const fewer = { ...first, event: first.event.replace('"rows":3', '"rows":2') };
  assert.notEqual(fewer.event, first.event);
  const forged: readonly [string, unknown][] = [
    ["event 0 of less", { ...receipt, proofs: [fewer, second] }],
    ["another place", { ...receipt, proofs: [{ ...first, position: first.position + 1 }] }],
    ["no proof", { ...receipt, proofs: [] }],
    ["a path that is cut", { ...receipt, proofs: [{ ...first, path: first.path.slice(1) }] }],
    [
      "another root",
      {
        ...receipt,
        checkpoint: receipt.checkpoint.replace(/\n[^\n]{44}\n/, `\n${"A".repeat(43)}=\n`),
      },
    ],
    ["no receipt", { kind: "something" }],
  ];
  for (const [title, changed] of forged) assert.equal((await check(changed)).status, 1, title);
  const other = commandLine(t);
  const otherUp = await other.up("--plain-http");
  await otherUp.stop();
  const foreign = await check(receipt, join(other.data, "trail", "trail.pub"));
  assert.match(foreign.said, /not signed by the given key/);

  const keyless = await check(receipt, join(desk, "nothing.pub"));
  assert.deepEqual(
    [keyless.status, /nothing\.pub` cannot be read: ENOENT/.test(keyless.said)],
    [1, true],
  );

  const refusedOne = await bondstore.run("release", "receipt", "no-such-request", ...data);
  assert.equal(refusedOne.status, 1);
  assert.equal(await up.stop(), 0);
  const offline = await bondstore.json<readonly Release[]>("release", ...data);
  assert.equal(offline.length, every.length, "the list needs no server");
  assert.ok(readFileSync(key, "utf8").length > 0);
});
