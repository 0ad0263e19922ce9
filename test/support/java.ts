import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Keys, Running } from "./bondstore.ts";
import { cache, environment, run } from "./python.ts";

/**
 * Runs a Java program from its source, with the jars of `scripts/<set>.xml`, which must succeed; answers the JSON that
 * it prints last.
 */
export async function java(
  set: "encryption-java" | "warehouse-java" | "warehouse-jdbc",
  running: Running,
  keys: Keys,
  source: string,
  ...words: readonly string[]
): Promise<unknown> {
  const jars = join(cache, set);
  assert.ok(existsSync(jars), `${jars} is missing: npm test installs it`);
  // The SDK for Java calls the region otherwise than the SDK for Python.
  const env = { ...environment(running, keys), AWS_REGION: running.region };
  const ended = await run("java", ["-cp", join(jars, "*"), source, ...words], env);
  assert.equal(ended.status, 0, ended.stderr);
  return JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "null");
}
