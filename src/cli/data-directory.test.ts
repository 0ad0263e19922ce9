import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { whyNotOurs } from "./data-directory.ts";

const cases: readonly [title: string, names: readonly string[], accepted: boolean][] = [
  ["an empty directory becomes a data directory", [], true],
  ["so does the top of a disk", ["lost+found"], true],
  ["a key file may lie there before the first start", ["my.key"], true],
  ["what the demo laid there is no stranger", ["demo"], true],
  ["a directory of somebody else's files does not", ["passwd", "demo"], false],
  ["in a data directory other files are left in peace", ["root.key", "notes.txt"], true],
];

for (const [title, names, accepted] of cases) {
  test(title, (t) => {
    const data = mkdtempSync(join(tmpdir(), "bondstore-directory-"));
    t.after(() => rmSync(data, { recursive: true }));
    for (const name of names) writeFileSync(join(data, name), "");
    assert.equal(whyNotOurs(data, join(data, "my.key")) === undefined, accepted);
  });
}

test("a file is no data directory, and what is not there yet may become one", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bondstore-directory-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "file"), "");
  assert.match(whyNotOurs(join(folder, "file"), undefined) ?? "", /is a file/);
  assert.equal(whyNotOurs(join(folder, "none"), undefined), undefined);
});
