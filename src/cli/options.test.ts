import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { addUpOptions, configOf, dataWords, shellWord, type UpOptions } from "./options.ts";
import { CommandFailure, type Surroundings } from "./surroundings.ts";

const around: Surroundings = {
  args: [],
  home: "/home/u",
  workingDirectory: "/srv",
  dataHome: "/home/u/.local/share",
  cache: "/home/u/.cache/bondstore",
  path: "/bin",
  colour: false,
};

const parse = (...args: string[]): UpOptions =>
  addUpOptions(new Command("up")).exitOverride().parse(args, { from: "user" }).opts();

const configFor = (more: Partial<Surroundings>, ...args: string[]) =>
  configOf(parse(...args), { ...around, ...more });

test("without options a Bondstore is HTTPS on loopback, enforcing, in the user's own directory", () => {
  assert.deepEqual(configFor({}), {
    data: "/home/u/.local/share/bondstore",
    host: "127.0.0.1",
    port: 4566,
    hsmPort: undefined,
    moduleEnv: {},
    region: "us-east-1",
    furtherRegions: [],
    plainHttp: false,
    hostNames: [],
    admitSignatureV2: false,
    shardLimits: "enforce",
    unconfinedCells: "refuse",
    xks: { proxies: [], authority: undefined, answerWithinMs: 1_000 },
    root: { kind: "key-file", path: "/home/u/.local/share/bondstore/root.secret" },
    vault: "/home/u/.local/share/bondstore/vault",
    engines: { cache: "/home/u/.cache/bondstore" },
  });
});

test("a proxy of external key stores is named with where it is", () => {
  const { proxies } = configFor(
    {},
    "--xks-proxy",
    "xks.acme.example=10.0.0.7:8443",
    "two=[fd00::7]:443",
  ).xks;
  assert.deepEqual(proxies, [
    { host: "xks.acme.example", address: "10.0.0.7", port: 8443 },
    { host: "two", address: "fd00::7", port: 443 },
  ]);
  for (const wrong of ["xks.acme.example", "a=b:1", "a=10.0.0.7", "a=10.0.0.7:99999"]) {
    assert.throws(() => configFor({}, "--xks-proxy", wrong), CommandFailure);
  }
});

test("a directory is meant from where the command is typed", () => {
  assert.equal(configFor({}, "--data", "here").data, "/srv/here");
  assert.equal(configFor({}, "--data", "/there").data, "/there");
});

test("what unlocks the root: a key file that is given, a passphrase, systemd, in this order", () => {
  const all = { passphrase: "p", systemdCredentials: "/run/c" };
  assert.deepEqual(configFor(all, "--key-file", "k").root, { kind: "key-file", path: "/srv/k" });
  assert.deepEqual(configFor(all).root, { kind: "passphrase", passphrase: "p" });
  assert.deepEqual(configFor({ systemdCredentials: "/run/c" }).root, {
    kind: "systemd-credential",
    path: "/run/c/bondstore-root",
  });
});

test("further regions are names, none of them twice", () => {
  const further = (...names: string[]) => configFor({}, "--also-region", ...names).furtherRegions;
  assert.deepEqual(further("eu-west-1", "us-gov-west-1"), ["eu-west-1", "us-gov-west-1"]);
  const refused = [
    ["us-east-1"],
    ["eu-west-1", "eu-west-1"],
    ["europe"],
    ["eu-west-1@x"],
    ["EU-WEST-1"],
  ];
  for (const names of refused) assert.throws(() => further(...names), CommandFailure, names.join());
});

test("plain HTTP is for loopback addresses only", () => {
  assert.equal(configFor({}, "--plain-http").plainHttp, true);
  assert.equal(configFor({}, "--plain-http", "--host", "::1").plainHttp, true);
  for (const host of ["0.0.0.0", "::", "192.168.1.2", "example.com", "127.evil.example"]) {
    assert.throws(() => configFor({}, "--plain-http", "--host", host), CommandFailure, host);
  }
});

test("a port is a number from 0 to 65535", () => {
  assert.equal(parse("--port", "0").port, 0);
  assert.equal(parse("--port", "65535").port, 65_535);
  for (const port of ["65536", "-1", "1.5", "http"]) {
    assert.throws(() => parse(`--port=${port}`), CommandFailure, port);
  }
});

test("an option that is not known is an error", () => {
  assert.throws(() =>
    addUpOptions(new Command("up"))
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .parse(["--acess"], { from: "user" }),
  );
});

test("a command names the directory only where it is not the user's own", () => {
  assert.equal(dataWords("/home/u/.local/share/bondstore", around), "");
  assert.equal(dataWords("/d", around), " --data /d");
  assert.equal(shellWord("it's here"), `'it'\\''s here'`);
});
