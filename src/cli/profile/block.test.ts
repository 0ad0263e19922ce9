import assert from "node:assert/strict";
import { test } from "node:test";
import { findBlock, hasSection, putBlock, settingOf, takeBlock } from "./block.ts";

const lines = ["[profile bondstore]", "region = us-east-1"];

const files: readonly (readonly [title: string, text: string | undefined])[] = [
  ["a file that was not there is gone again", undefined],
  ["an empty file is empty again", ""],
  ["a file that ends with a newline", "[default]\nregion = eu-west-1\n"],
  ["a file that ends without one", "[default]\nregion = eu-west-1"],
  ["Windows' line ends stay", "[default]\r\nregion = eu-west-1\r\n"],
  ["blank lines and comments stay", "\n\n# mine\n[profile a]\n\n\n"],
  ["words like ours stay", "# >>> bondstore profile other\n[profile bondstore-2]\n"],
];

for (const [title, text] of files) {
  test(`taking the block out undoes putting it in: ${title}`, () => {
    const installed = putBlock(text, "bondstore", lines);
    assert.ok(installed.startsWith(text ?? ""), "what was there is still there");
    assert.deepEqual(findBlock(installed, "bondstore"), lines);
    assert.equal(takeBlock(installed, "bondstore"), text);
  });

  test(`putting a block in again replaces it: ${title}`, () => {
    const again = putBlock(putBlock(text, "bondstore", ["old"]), "bondstore", lines);
    assert.equal(again, putBlock(text, "bondstore", lines));
    assert.equal(takeBlock(again, "bondstore"), text);
  });
}

test("two blocks stand side by side", () => {
  const both = putBlock(putBlock("a\n", "one", ["[one]"]), "two", ["[two]"]);
  assert.deepEqual(findBlock(both, "one"), ["[one]"]);
  assert.deepEqual(findBlock(both, "two"), ["[two]"]);
  assert.equal(takeBlock(takeBlock(both, "one") ?? "", "two"), "a\n");
});

test("lines added behind a block stay where they are", () => {
  const installed = `${putBlock("a\n", "bondstore", lines)}b\n`;
  assert.equal(takeBlock(installed, "bondstore"), "a\nb\n");
  const replaced = putBlock(installed, "bondstore", ["[x]"]);
  assert.equal(takeBlock(replaced, "bondstore"), "a\nb\n");
});

test("lines added to a file that the block had made keep the file", () => {
  const installed = `${putBlock(undefined, "bondstore", lines)}b\n`;
  assert.equal(takeBlock(installed, "bondstore"), "b\n");
});

test("a file without a block stays as it is", () => {
  assert.equal(takeBlock("a", "bondstore"), "a");
  assert.equal(findBlock("a", "bondstore"), undefined);
});

test("only sections of others count", () => {
  const cases: readonly (readonly [string, string | undefined, boolean])[] = [
    ["our own block does not", putBlock("", "bondstore", lines), false],
    ["another's section of the name does", "[profile bondstore]\n", true],
    ["spaces do not hide it", " [ profile bondstore ] \n", true],
    ["a longer name is another", "[profile bondstore-2]\n", false],
    ["no file has none", undefined, false],
  ];
  for (const [title, text, expected] of cases) {
    assert.equal(hasSection(text, "bondstore", "profile bondstore"), expected, title);
  }
});

test("a setting is read from the block", () => {
  assert.equal(settingOf(lines, "region"), "us-east-1");
  assert.equal(settingOf(lines, "endpoint_url"), undefined);
  assert.equal(settingOf(undefined, "region"), undefined);
});
