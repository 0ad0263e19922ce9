import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedXml, parseXml } from "./xml-reader.ts";

test("a document is a tree of elements", () => {
  const root = parseXml(
    '<?xml version="1.0"?><!-- c --><a:b xmlns:a="u" x="1 &lt;"><c/>t&#65;&#x42;<![CDATA[<&]]></a:b>\n',
  );
  assert.equal(root.name, "b");
  assert.deepEqual(root.attributes.at(-1), ["x", "1 <"]);
  assert.equal(root.text, "tAB<&");
  assert.equal(root.children[0]?.name, "c");
});

const hostile: [title: string, document: string][] = [
  ["a document type", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
  ["a bomb of entities", '<!DOCTYPE l [<!ENTITY l "&l;&l;">]><l>&l;</l>'],
  ["a file from outside", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'],
  ["an entity that XML does not have", "<a>&nbsp;</a>"],
  ["an entity named like a property", "<a>&constructor;</a>"],
  ["an ampersand alone", "<a>a & b</a>"],
  ["a character that is none", "<a>&#0;</a>"],
  ["a character past the last", "<a>&#x110000;</a>"],
  ["elements that do not nest", "<a><b></a></b>"],
  ["an end of nothing", "</a>"],
  ["no end", "<a><b></b>"],
  ["two roots", "<a/><b/>"],
  ["text beside the root", "<a/>x"],
  ["an attribute without quotes", "<a b=c/>"],
  ["an open comment", "<a><!-- "],
  ["nothing", ""],
  ["depth without end", "<a>".repeat(100_000)],
  ["elements without end", `<a>${"<b/>".repeat(100_001)}</a>`],
  ["attributes without end", `<a ${'b="" '.repeat(10_000)}/>`],
  ["an open tag that never ends", `<a ${" ".repeat(1_000_000)}`],
  ["a name that never ends", `<${"a".repeat(1_000_000)}`],
];

for (const [title, document] of hostile) {
  test(`XML refuses: ${title}`, () => assert.throws(() => parseXml(document), MalformedXml));
}
