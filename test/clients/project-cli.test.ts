import assert from "node:assert/strict";
import { test } from "node:test";
import { commandLine } from "../support/command-line.ts";
import { run } from "../support/python.ts";
import { warehousePython } from "../support/warehouse.ts";

test("an operator makes projects, PyODPS uses them as told, and routes past protection are warned of", async (t) => {
  const bondstore = commandLine(t);
  const up = await bondstore.up("--plain-http");
  const data = ["--data", bondstore.data];
  const made = await bondstore.json<{ project: string; owner: string; endpoint: string }>(
    ...["project", "create", "Sales", "--comment", "orders", ...data],
  );
  assert.equal(made.project, "sales");
  assert.equal(made.endpoint, `${up.ready.endpoint}/api`);
  await bondstore.json("project", "create", "stage", ...data);
  const again = await bondstore.run("project", "create", "sales", ...data);
  assert.match(again.said, /there is a project `sales` already/);
  const wrong = await bondstore.run("project", "create", "9", ...data);
  assert.match(wrong.said, /is no project's name/);
  const listed = await bondstore.json<readonly { project: string }[]>("project", "list", ...data);
  assert.deepEqual(
    listed.map(({ project }) => project),
    ["sales", "stage"],
  );
  assert.deepEqual(await bondstore.json("project", "routes", ...data), []);
  const noKey = ["project", "create", "locked", "--kms-key", "alias/none", ...data];
  assert.match((await bondstore.run(...noKey)).said, /Alias .*alias\/none is not found/);
  const keyed = await bondstore.run("project", "key", "stage", "--kms-key", "alias/none", ...data);
  assert.match(keyed.said, /is not found/);
  const own = await bondstore.run("project", "key", "stage", ...data);
  assert.match(own.out, /Project stage: the account's own keys from now on/);
  const { accessKeyId = "", secretAccessKey = "" } = up.ready;
  const script = `
from odps import ODPS
o = ODPS("${accessKeyId}", "${secretAccessKey}", "sales", endpoint="${made.endpoint}")
o.run_security_query("set ProjectProtection=true")
o.run_security_query("add trustedproject stage")
with o.execute_sql("select 1 as a").open_reader() as reader:
    print([record[0] for record in reader])
`;
  const ended = await run(warehousePython, ["-c", script], { PATH: process.env["PATH"] });
  assert.equal(ended.stdout.trim(), "[1]", ended.stderr);
  const routes = await bondstore.run("project", "routes", ...data);
  assert.match(routes.out, /project sales trusts project stage, which is not protected/);
  assert.equal(await up.stop(), 0);
});
