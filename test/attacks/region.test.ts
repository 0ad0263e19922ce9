import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { open, realEnvironment } from "../../src/server.ts";
import { testConfig } from "../support/bondstore.ts";

test("a directory made for one region is not opened as another, and stays as it was", async (t) => {
  const data = mkdtempSync(join(tmpdir(), "bondstore-"));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const environment = realEnvironment(() => {});
  await (await open(testConfig(data), environment)).close();
  await assert.rejects(
    open(testConfig(data, { region: "eu-west-1" }), environment),
    /this data directory is of region us-east-1: give `--region us-east-1`/,
  );
  await (await open(testConfig(data), environment)).close();
});
