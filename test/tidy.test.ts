import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";
import { test } from "node:test";

/** Each layer may import itself and the layers listed. To change a line here is to change the design. */
const below = (...layers: string[]) => layers;
const pure = below("lib");
const storage = below(...pure, "policy", "protection", "sql");
const directory = below(...storage, "storage");
const access = below(...directory, "identity", "network", "audit");
const keys = below(...access, "access");
const hsm = below(...keys, "keys");
const projects = below(...hsm, "hsm");
const pipeline = below(...projects, "projects");
const cells = below(...pipeline, "pipeline");
const engines = below(...cells, "cells");
const services = below(...engines, "engines");
const mayImport: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  policy: pure,
  protection: below(...pure, "policy"),
  sql: pure,
  storage,
  identity: directory,
  network: directory,
  audit: directory,
  access,
  keys,
  hsm,
  projects,
  pipeline,
  cells,
  engines,
  services,
  wire: below("lib", "identity", "pipeline"),
};
/** `server.ts`, `main.ts`, `config.ts` and the commands put the parts together. */
const mayImportAnything = [
  "server.ts",
  "main.ts",
  "config.ts",
  "tls.ts",
  "listen.ts",
  "cell-doors.ts",
  "doors.ts",
  "hsm-doors.ts",
  "serve-hsms.ts",
  "cli",
  "services/index.ts",
];

/** Modules that only some layers may touch, and why nobody else does. */
const reserved: readonly (readonly [module: RegExp, layers: readonly string[], why: string])[] = [
  [/^node:(http|https|http2)$/, ["wire", "cli", "engines"], "only wire knows HTTP"],
  [
    /^node:(net|tls)$/,
    ["wire", "cli", "cells", "engines", "hsm-doors.ts"],
    "sockets belong to the wire, to cells and to the doors of HSMs",
  ],
  [/^node:crypto$/, ["lib", "keys", "hsm", "identity"], "keys and hashes have owners"],
  [/^node:child_process$/, ["cells", "engines", "cli"], "only engines and cells start processes"],
];

/** Text that only some files may contain. */
const wordsOf: readonly (readonly [word: RegExp, files: RegExp, why: string])[] = [
  [/\bprocess\.env\b/, /^main\.ts$/, "only main.ts reads the environment"],
  [/\bDate\.now\(|\bnew Date\(\)/, /^lib\//, "time is passed in"],
  [/\bMath\.random\(|\brandomUUID\(/, /^lib\//, "randomness is passed in"],
];

/** How one file names another. */
const named = /(?:\bfrom\s+|\bimport\s*\(\s*|\bimport\s+)"([^"]+)"/g;

const root = "src";
const files = list(root)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));
const shipped = files.filter(({ file }) => !file.endsWith(".test.ts"));

function list(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

const top = (layer: string) => layer.split("/")[0] ?? "";
/** One service is a layer of its own, so services never meet. */
const layerOf = (file: string) => /^services\/[^/]+(?=\/)/.exec(file)?.[0] ?? top(file);
const anything = (file: string) =>
  mayImportAnything.some((allowed) => file === allowed || file.startsWith(`${allowed}/`));

test("imports point inward", () => {
  let checked = 0;
  for (const { file, text } of files) {
    if (anything(file)) continue;
    for (const [, path = ""] of text.matchAll(named)) {
      if (!path.startsWith(".")) continue;
      const target = posix.join(posix.dirname(file), path);
      if (file.endsWith(".test.ts") && target.startsWith("../test/")) continue;
      const [from, to] = [layerOf(file), layerOf(target)];
      const allowed = from === to || mayImport[top(from)]?.includes(top(to));
      assert.ok(allowed, `${file} must not import ${target}`);
      checked += 1;
    }
  }
  assert.ok(checked > 0, "an empty check must not pass");
});

test("a module that has an owner is imported by its owner only", () => {
  for (const { file, text } of shipped) {
    for (const [, path = ""] of text.matchAll(named)) {
      for (const [module, layers, why] of reserved) {
        if (!module.test(path)) continue;
        assert.ok(layers.includes(top(file)), `${file} must not import ${path}: ${why}`);
      }
    }
  }
});

test("environment, clock and randomness are read in one place", () => {
  for (const { file, text } of shipped) {
    for (const [word, allowed, why] of wordsOf) {
      assert.ok(!word.test(text) || allowed.test(file), `${file} has ${word}: ${why}`);
    }
  }
});

test("the AWS SDK is imported for its types alone", () => {
  for (const { file, text } of shipped) {
    for (const [statement, path = ""] of text.matchAll(/import[^;]*?from\s+"([^"]+)"/g)) {
      if (!path.startsWith("@aws-")) continue;
      assert.match(statement, /^import type/, `${file} imports ${path} as a value`);
    }
  }
});

test("every file is reached from main.ts or is a test", () => {
  const reached = new Set<string>();
  const texts = new Map(files.map(({ file, text }) => [file, text]));
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const [, path = ""] of (texts.get(file) ?? "").matchAll(named)) {
      if (path.startsWith(".")) visit(posix.join(posix.dirname(file), path));
    }
    for (const [, path = ""] of (texts.get(file) ?? "").matchAll(/new URL\("(\.[^"]+)\.js"/g)) {
      visit(posix.join(posix.dirname(file), `${path}.ts`));
    }
  };
  visit("main.ts");
  for (const { file } of files) if (file.endsWith(".test.ts")) visit(file);
  const dead = shipped.map(({ file }) => file).filter((file) => !reached.has(file));
  assert.deepEqual(dead, []);
});

test("files stay small enough to read at once", () => {
  const tables = /^(wire\/models|policy\/reference|policy\/cases)\//;
  const long = files
    .filter(({ file }) => !tables.test(file))
    .map(({ file, text }) => `${file} ${text.split("\n").length}`)
    .filter((line) => Number(line.split(" ")[1]) > 320);
  assert.deepEqual(long, []);
});

test("SECURITY.md names every attack that is tested, and none that is not", () => {
  const told = readFileSync("SECURITY.md", "utf8");
  const attacks = readdirSync("test/attacks").filter((file) => file.endsWith(".test.ts"));
  for (const file of attacks) assert.ok(told.includes(`\`${file}\``), `${file} is not named`);
  for (const [, file = ""] of told.matchAll(/`([\w-]+\.test\.ts)`/g)) {
    assert.ok(attacks.includes(file), `${file} is named, and is not there`);
  }
});

test("ARCHITECTURE.md is read at one sitting, and each decision has a number of its own", () => {
  assert.ok(readFileSync("ARCHITECTURE.md", "utf8").trimEnd().split("\n").length <= 250);
  const numbers = readdirSync("docs/decisions").map((file) => file.slice(0, 4));
  assert.deepEqual(numbers, [...new Set(numbers)]);
});
