import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemRandom } from "../lib/random.ts";
import { openRoot } from "./root-of-trust.ts";
import { openVault, type Vault } from "./vault.ts";

async function place(
  t: TestContext,
): Promise<{ path: string; open(more?: { known?: string; readOnly?: boolean }): Vault }> {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-vault-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const unlock = { kind: "key-file", path: join(directory, "unlock") } as const;
  const root = await openRoot({ directory, unlock, random: systemRandom, create: true });
  const path = join(directory, "vault");
  const open = (more: { known?: string; readOnly?: boolean } = {}) =>
    openVault({ path, root, random: systemRandom, known: undefined, ...more });
  return { path, open };
}

test("what is made is found, also after a start", async (t) => {
  const { open, path } = await place(t);
  const vault = open();
  const secrets = ["one", "two", "three"].map((id) => [id, vault.make(id)] as const);
  for (const again of [vault, open(), open({ readOnly: true })]) {
    for (const [id, secret] of secrets) assert.deepEqual(again.find(id), secret);
    assert.equal(again.find("four"), undefined);
  }
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("what is destroyed is gone, its bytes are overwritten, and its place is used again", async (t) => {
  const { open, path } = await place(t);
  const vault = open();
  vault.make("one");
  const before = readFileSync(path);
  vault.destroy("one");
  vault.destroy("one");
  const size = before.length;
  assert.equal(
    readFileSync(path)
      .subarray(128)
      .every((byte) => byte === 0),
    true,
  );
  const two = vault.make("two");
  assert.equal(statSync(path).size, size);
  assert.equal(open().find("one"), undefined);
  assert.deepEqual(open().find("two"), two);
});

test("a copy made before does not open what was destroyed since, under another root", async (t) => {
  const [ours, others] = [await place(t), await place(t)];
  ours.open().make("one");
  writeFileSync(others.path, readFileSync(ours.path));
  assert.equal(others.open().find("one"), undefined);
});

test("a slot that was cut off by a crash is none", async (t) => {
  const { open, path } = await place(t);
  const one = open().make("one");
  writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from([1, 2, 3])]));
  const again = open();
  assert.deepEqual(again.find("one"), one);
  const two = again.make("two");
  assert.deepEqual([open().find("one"), open().find("two")], [one, two]);
});

test("a directory that knows its vault opens no other, and makes none in its place", async (t) => {
  const [ours, others] = [await place(t), await place(t)];
  const { name } = ours.open();
  assert.equal(ours.open({ known: name }).name, name);
  assert.throws(() => others.open({ known: name }), /is not at/);
  others.open();
  assert.throws(() => others.open({ known: name }), /of another data directory/);
});

test("a file that is no vault is not written on", async (t) => {
  const { open, path } = await place(t);
  writeFileSync(path, "something else");
  assert.throws(() => open(), /not a vault/);
  assert.equal(readFileSync(path, "utf8"), "something else");
});
