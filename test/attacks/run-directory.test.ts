import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeRunDirectory } from "../../src/run-directory.ts";
import { startBondstore, temporary } from "../support/bondstore.ts";

/** Invariant: what is not sealed does not outlive the process that needs it. */

test("what a killed Bondstore left outside its data directory is gone at the next start", async (t) => {
  const data = temporary(t);
  const left = await makeRunDirectory(data);
  t.after(() => rmSync(left, { recursive: true, force: true }));
  assert.equal(statSync(left).mode & 0o777, 0o700);
  writeFileSync(join(left, "job.sql"), "a tenant's code");
  await startBondstore(t, {}, data);
  assert.ok(!existsSync(left));
});

test("nothing but such a directory is removed, whatever the note says", async (t) => {
  const data = temporary(t);
  const precious = mkdtempSync(join(tmpdir(), "precious-"));
  const link = join(data, "bondstore-abcdef");
  t.after(() => rmSync(precious, { recursive: true }));
  mkdirSync(join(precious, "kept"));
  symlinkSync(precious, link);
  for (const said of [precious, join(precious, "kept"), link, "", "/", "..", "bondstore-"]) {
    writeFileSync(join(data, "run"), said);
    rmSync(await makeRunDirectory(data), { recursive: true });
    assert.ok(existsSync(join(precious, "kept")) && existsSync(link), said);
  }
});
