import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { type CommandLine, commandLine, type Up } from "../support/command-line.ts";

interface Made {
  readonly ready: boolean;
  readonly endpoint?: string;
  readonly ca?: string;
  readonly region: string;
  readonly account: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The Python clients that `npm run setup` installs: they are there or the test fails, nothing is skipped. */
const venv = join(
  process.env["BONDSTORE_CACHE"] ?? join(process.env["HOME"] ?? "", ".cache", "bondstore"),
  "clients",
  "bin",
);

/** Runs the real AWS CLI with an environment of its own. */
async function aws(env: Record<string, string>, ...args: string[]) {
  const options = { env: { PATH: process.env["PATH"] ?? "", AWS_PAGER: "", ...env } };
  try {
    const { stdout } = await promisify(execFile)(join(venv, "aws"), args, options);
    return { status: 0, text: stdout };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { status: code, text: stderr };
  }
}

const clientOf = (
  { ready }: Up,
  home: string,
  keys: Pick<Made, "accessKeyId" | "secretAccessKey">,
) => ({
  HOME: home,
  AWS_ACCESS_KEY_ID: keys.accessKeyId,
  AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  AWS_ENDPOINT_URL: ready.endpoint,
  AWS_DEFAULT_REGION: ready.region,
  AWS_CA_BUNDLE: ready.ca,
});

test("up --json prints one line once it is ready, with the keys at the first start only", async (t) => {
  const cli = commandLine(t);
  const first = await cli.up();
  assert.equal(first.line.trim().split("\n").length, 1);
  const { ready } = first;
  assert.deepEqual(Object.keys(ready).sort(), [
    ...["accessKeyId", "account", "ca", "endpoint", "ready", "region", "secretAccessKey"],
  ]);
  assert.match(ready.endpoint, /^https:\/\/127\.0\.0\.1:\d+$/);
  assert.match(ready.account, /^\d{12}$/);
  assert.ok(existsSync(ready.ca));
  assert.equal(statSync(cli.data).mode & 0o777, 0o700);
  assert.equal(statSync(join(cli.data, "admin.sock")).mode & 0o777, 0o600);
  assert.equal(await first.stop(), 0);

  const second = await cli.up();
  const { account, region, ca } = ready;
  assert.deepEqual(second.ready, {
    ready: true,
    endpoint: second.ready.endpoint,
    ca,
    region,
    account,
  });
  assert.equal(await second.stop(), 0);
});

test("a directory in use is not opened twice, and one whose process was killed is", async (t) => {
  const cli = commandLine(t);
  const first = await cli.up();
  await assert.rejects(cli.up(), /is open in process \d+/);
  await first.kill();
  const second = await cli.up();
  const accounts = await cli.json<unknown[]>("account", "list", "--data", cli.data);
  assert.equal(accounts.length, 1, "the socket of the killed process is replaced");
  await second.stop();
});

test("wrong usage is told with status 2", async (t) => {
  const cli = commandLine(t);
  const cases: readonly (readonly [string, ...string[]])[] = [
    ["an unknown command", "upp"],
    ["an unknown option", "up", "--acess"],
    ["a bad port", "up", "--port", "http"],
    ["plain HTTP for everybody", "up", "--plain-http", "--host", "0.0.0.0"],
    ["a cluster that is none", "up", "--spark-connect", "spark://127.0.0.1:7077"],
    ["a cluster far away in clear", "up", "--spark-connect", "sc://spark.example"],
    ["a token for all to see", "up", "--spark-connect", "sc://127.0.0.1/;token=a"],
    ["explain without a request", "explain"],
    ["a bad format", "env", "--format", "yaml"],
  ];
  for (const [title, ...args] of cases) {
    const { status, out } = await cli.run(...args);
    assert.equal(status, 2, title);
    assert.equal(out, "", title);
  }
  assert.equal((await cli.run("--help")).status, 0);
});

for (const [where, below] of [
  ["a directory", "data"],
  ["a directory with a long path", join("d".repeat(70), "e".repeat(70))],
] as const) {
  test(`account create: by the Bondstore that runs, and without one, in ${where}`, async (t) => {
    const cli = commandLine(t, below);
    const up = await cli.up();
    const online = await cli.json<Made>("account", "create", "acme", "--data", cli.data);
    assert.equal(online.ready, true);
    assert.equal(online.endpoint, up.ready.endpoint);
    assert.equal(online.ca, up.ready.ca);
    assert.equal(online.region, up.ready.region);
    const again = await cli.run("account", "create", "acme", "--data", cli.data, "--json");
    assert.equal(again.status, 1);
    assert.match(again.said, /already exists/);
    await up.stop();

    const offline = await cli.json<Made>("account", "create", "other", "--data", cli.data);
    assert.equal(offline.ready, false);
    const list = await cli.json<{ account: string; name: string }[]>(
      ...["account", "list", "--data", cli.data],
    );
    assert.deepEqual(
      list.map(({ name }) => name),
      ["main", "acme", "other"],
    );
    assert.deepEqual(
      list.map(({ account }) => account),
      [up.ready.account, online.account, offline.account],
    );
  });
}

test("nothing is made where there was no data directory", async (t) => {
  const cli = commandLine(t);
  for (const args of [
    ["account", "list"],
    ["explain", "x"],
    ["verify"],
    ["reset", "--yes"],
    ["env"],
  ]) {
    assert.equal((await cli.run(...args, "--data", cli.data)).status, 1, args[0]);
    assert.ok(!existsSync(cli.data), args[0]);
  }
});

test("explain shows every event of a refusal that a real client met", async (t) => {
  const cli = commandLine(t);
  const up = await cli.up();
  const acme = await cli.json<Made>("account", "create", "acme", "--data", cli.data);
  const root = clientOf(up, cli.home, acme);
  assert.equal((await aws(root, "iam", "create-user", "--user-name", "bob")).status, 0);
  const made = await aws(root, "iam", "create-access-key", "--user-name", "bob");
  const { AccessKey } = JSON.parse(made.text) as {
    AccessKey: { AccessKeyId: string; SecretAccessKey: string };
  };
  const bob = clientOf(up, cli.home, {
    accessKeyId: AccessKey.AccessKeyId,
    secretAccessKey: AccessKey.SecretAccessKey,
  });
  const refused = await aws(bob, "kms", "list-keys");
  assert.match(refused.text, /AccessDeniedException/);
  const [, requestId = ""] = /bondstore explain ([0-9a-f-]{36})/.exec(refused.text) ?? [];
  const { status, out } = await cli.run("explain", requestId, "--data", cli.data);
  assert.equal(status, 0);
  assert.match(out, /kms\.amazonaws\.com ListKeys by IAMUser bob/);
  assert.match(out, /smallest change that would allow it/);
  const events = await cli.json<{ requestID: string }[]>("explain", requestId, "--data", cli.data);
  assert.deepEqual(
    events.map(({ requestID }) => requestID),
    [requestId],
  );
  await up.stop();
  const offline = await cli.run("explain", requestId, "--data", cli.data);
  assert.equal(offline.out, out, "the same is told without a server");
});

interface Report {
  readonly ok: boolean;
  readonly findings: readonly { readonly what: string; readonly where: string }[];
  readonly trail: { readonly events: number; readonly opened: number };
  readonly store?: { readonly records: number };
}

const verify = (cli: CommandLine, data: string, ...args: string[]) =>
  cli.json<Report>("verify", "--data", data, ...args);

/** A stopped directory with some events. */
async function directoryWithTrail(t: TestContext): Promise<CommandLine> {
  const cli = commandLine(t);
  const up = await cli.up();
  for (const name of ["one", "two", "three", "four"]) {
    await cli.json("account", "create", name, "--data", cli.data);
  }
  const live = await verify(cli, cli.data, "--full");
  assert.ok(live.ok, "beside a Bondstore that runs");
  await up.stop();
  return cli;
}

const lastSegment = (data: string): string => {
  const folder = join(data, "trail");
  const sized = readdirSync(folder)
    .filter((name) => !["heads", "checkpoints", "trail.pub"].includes(name))
    .sort();
  return join(folder, sized.at(-1) ?? "");
};

test("verify passes what is whole, and leaves a copy as it is", async (t) => {
  const cli = await directoryWithTrail(t);
  const report = await verify(cli, cli.data, "--full");
  assert.deepEqual(report.findings, []);
  assert.equal(report.trail.events, 5);
  assert.equal(report.trail.opened, 5);
  assert.ok((report.store?.records ?? 0) > 5);
  assert.equal((await cli.run("verify", "--data", cli.data)).status, 0);

  const copy = join(cli.home, "copy");
  cpSync(cli.data, copy, { recursive: true });
  const before = readdirSync(copy, { recursive: true, encoding: "utf8" }).sort();
  assert.ok((await verify(cli, copy)).ok);
  const after = readdirSync(copy, { recursive: true, encoding: "utf8" }).sort();
  assert.deepEqual(
    after.filter((name) => !name.endsWith("lock.mdb")),
    before.filter((name) => !name.endsWith("lock.mdb")),
  );
});

test("verify without keys needs the trail and the public key alone", async (t) => {
  const cli = await directoryWithTrail(t);
  const copy = join(cli.home, "copy");
  mkdirSync(copy);
  cpSync(join(cli.data, "trail"), join(copy, "trail"), { recursive: true });
  const locked = await cli.run("verify", "--data", copy);
  assert.equal(locked.status, 1);
  assert.match(locked.said, /--without-keys/);
  const key = join(cli.data, "trail", "trail.pub");
  const report = await verify(cli, copy, "--without-keys", "--public-key", key);
  assert.ok(report.ok);
  assert.equal(report.trail.opened, 0);
});

test("verify finds and names one flipped bit, a cut tail, and a key that is gone", async (t) => {
  const cli = await directoryWithTrail(t);
  const cases: readonly (readonly [string, (data: string) => void, RegExp])[] = [
    [
      "one bit of the trail is flipped",
      (data) => {
        const path = lastSegment(data);
        const bytes = readFileSync(path);
        const middle = Math.floor(bytes.length / 2);
        bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
        writeFileSync(path, bytes);
      },
      /^changed event/,
    ],
    [
      "the tail of the trail is cut off",
      (data) => truncateSync(lastSegment(data), statSync(lastSegment(data)).size - 300),
      /^cut tail/,
    ],
    [
      "the keys of an account are taken away",
      (data) => {
        const [account = ""] = readdirSync(join(data, "keys")).filter((name) => /^\d/.test(name));
        writeFileSync(join(data, "keys", account), "root AAAA\n");
      },
      /^locked account/,
    ],
  ];
  for (const [title, change, what] of cases) {
    const copy = join(cli.home, `copy of ${title}`);
    cpSync(cli.data, copy, { recursive: true });
    change(copy);
    const report = await verify(cli, copy);
    assert.ok(!report.ok, title);
    assert.ok(
      report.findings.some((finding) => what.test(finding.what)),
      `${title}: ${JSON.stringify(report.findings)}`,
    );
    assert.equal((await cli.run("verify", "--data", copy)).status, 1, title);
  }
});

test("doctor names each finding and how to put it right", async (t) => {
  const cli = commandLine(t);
  const up = await cli.up();
  interface Check {
    readonly name: string;
    readonly state: "ok" | "warn" | "fail";
    readonly fix?: string;
  }
  const { checks } = await cli.json<{ checks: Check[] }>("doctor", "--data", cli.data);
  const stateOf = (list: Check[], name: string) => list.find((check) => check.name === name)?.state;
  for (const name of ["node", "data directory", "clock", "service", "certificate"]) {
    assert.equal(stateOf(checks, name), "ok", name);
  }
  // How long a disk takes is the machine's matter, and what else it does: it is told, and no failure.
  assert.ok(["ok", "warn"].includes(stateOf(checks, "sync") ?? ""), "sync");
  for (const check of checks) {
    assert.equal(check.fix === undefined, check.state === "ok", check.name);
  }
  const { status } = await cli.run("doctor", "--data", cli.data);
  const worst = checks.some(({ state }) => state === "fail") ? 2 : 1;
  assert.equal(status, worst, "a key beside the data is at least a warning");

  chmodSync(cli.data, 0o755);
  const open = await cli.run("doctor", "--data", cli.data, "--json");
  assert.equal(open.status, 2);
  const found = (JSON.parse(open.out) as { checks: Check[] }).checks;
  assert.equal(stateOf(found, "data directory"), "fail");
  await up.stop();
});

test("env tells how to reach the Bondstore that runs, in each form, without secrets", async (t) => {
  const cli = commandLine(t);
  const missing = await cli.run("env", "--data", cli.data);
  assert.equal(missing.status, 1);
  assert.match(missing.said, /bondstore up --data/);
  const up = await cli.up();
  const variables = await cli.json<Record<string, string>>("env", "--data", cli.data);
  assert.equal(variables["AWS_ENDPOINT_URL"], up.ready.endpoint);
  assert.equal(variables["AWS_CA_BUNDLE"], up.ready.ca);
  assert.equal(variables["AWS_REGION"], up.ready.region);
  for (const format of ["shell", "dotenv", "ps1", "json"]) {
    const { out } = await cli.run("env", "--data", cli.data, "--format", format);
    assert.ok(out.includes(up.ready.endpoint), format);
    assert.ok(!/SECRET|ACCESS_KEY/.test(out), format);
  }
  await up.stop();
});

test("a profile is installed once, works, and is gone without a trace", async (t) => {
  const cli = commandLine(t);
  const folder = join(cli.home, ".aws");
  mkdirSync(folder, { mode: 0o700 });
  const own = "[profile mine]\nregion = eu-west-1";
  writeFileSync(join(folder, "config"), own, { mode: 0o640 });
  const up = await cli.up();

  await cli.json("profile", "install", "--data", cli.data);
  const text = readFileSync(join(folder, "config"), "utf8");
  assert.ok(text.startsWith(own));
  assert.equal(statSync(join(folder, "config")).mode & 0o777, 0o640);
  assert.equal(statSync(join(folder, "credentials")).mode & 0o777, 0o600);
  const who = await aws({ HOME: cli.home }, "--profile", "bondstore", "sts", "get-caller-identity");
  assert.match(who.text, new RegExp(`arn:aws:iam::${up.ready.account}:root`));

  const credentials = readFileSync(join(folder, "credentials"), "utf8");
  await cli.json("profile", "install", "--data", cli.data);
  assert.equal(readFileSync(join(folder, "config"), "utf8"), text);
  assert.equal(readFileSync(join(folder, "credentials"), "utf8"), credentials);
  const variables = await cli.json<Record<string, string>>("env", "--data", cli.data);
  assert.equal(variables["AWS_PROFILE"], "bondstore");

  const taken = await cli.run("profile", "install", "--data", cli.data, "--name", "mine");
  assert.equal(taken.status, 1);
  const removed = await cli.json<{ deleted: boolean }>("profile", "remove", "--data", cli.data);
  assert.equal(removed.deleted, true);
  assert.equal(readFileSync(join(folder, "config"), "utf8"), own);
  assert.ok(!existsSync(join(folder, "credentials")));
  const none = await cli.json<{ removed: unknown[] }>("profile", "remove", "--data", cli.data);
  assert.deepEqual(none.removed, []);
  await up.stop();
});

test("reset removes a data directory, but none in use, none that is not ours, and nothing else", async (t) => {
  const cli = commandLine(t);
  const up = await cli.up();
  const inUse = await cli.run("reset", "--data", cli.data, "--yes");
  assert.equal(inUse.status, 1);
  assert.match(inUse.said, /in use/);
  await up.stop();
  assert.equal((await cli.run("reset", "--data", cli.data)).status, 2, "nobody was there to ask");
  assert.equal((await cli.run("reset", "--data", cli.home, "--yes")).status, 1);
  writeFileSync(join(cli.data, "mine"), "");
  const { left } = await cli.json<{ left: string[] }>("reset", "--data", cli.data, "--yes");
  assert.deepEqual(left, ["mine"]);
  assert.deepEqual(readdirSync(cli.data), ["mine"]);
});
