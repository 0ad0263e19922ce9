import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { classPathIn, findJavaFunctions } from "../../src/engines/functions/java-set.ts";
import { cache, run } from "./python.ts";

/** A JAR of classes against MaxCompute's SDK for functions, by the names of their files; answers its path. */
export async function functionsJar(
  t: TestContext,
  sources: Readonly<Record<string, string>>,
): Promise<string> {
  const set = findJavaFunctions(cache);
  assert.ok(set, "what functions in Java run with is missing: npm run setup installs it");
  const folder = mkdtempSync(join(tmpdir(), "functions-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = Object.entries(sources).map(([name, text]) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  });
  const env = { PATH: process.env["PATH"], HOME: folder };
  const classes = join(folder, "classes");
  const path = ["-cp", classPathIn(set.home), "-d", classes];
  const compiled = await run("javac", ["-nowarn", "--release", "17", ...path, ...files], env);
  assert.equal(compiled.status, 0, compiled.stderr);
  const jar = join(folder, "functions.jar");
  const packed = await run("jar", ["--create", "--file", jar, "-C", classes, "."], env);
  assert.equal(packed.status, 0, packed.stderr);
  return jar;
}
