import assert from "node:assert/strict";
import { test } from "node:test";
import { systemRandom } from "../lib/random.ts";
import { canonicalContext, decryptMessage, encryptMessage, versionOf } from "./ciphertext.ts";

const material = systemRandom.bytes(32);
const version = { id: systemRandom.bytes(32).toString("hex"), material };
const plaintext = Buffer.from("the bond is released");
const context = { tenant: "acme", "aws:s3:arn": "arn:aws:s3:::orders/1" };
const encrypt = (given = context) => encryptMessage(version, plaintext, given, systemRandom);

test("a message comes back under its version and context", () => {
  const ciphertext = encrypt();
  assert.equal(versionOf(ciphertext), version.id);
  assert.deepEqual(decryptMessage(material, ciphertext, context), plaintext);
  assert.ok(!ciphertext.includes(plaintext));
});

test("the order of the context does not matter", () => {
  const turned = { "aws:s3:arn": context["aws:s3:arn"], tenant: context.tenant };
  assert.deepEqual(decryptMessage(material, encrypt(), turned), plaintext);
});

test("any altered byte is noticed", () => {
  const ciphertext = encrypt();
  for (let at = 0; at < ciphertext.length; at += 1) {
    const altered = Buffer.from(ciphertext);
    altered[at] = (altered[at] ?? 0) ^ 0x80;
    const known = versionOf(altered) === version.id;
    assert.ok(!known || decryptMessage(material, altered, context) === undefined, `byte ${at}`);
  }
});

test("any cut is noticed", () => {
  const ciphertext = encrypt();
  for (let length = 0; length < ciphertext.length; length += 1) {
    const cut = ciphertext.subarray(0, length);
    assert.ok(!versionOf(cut) || decryptMessage(material, cut, context) === undefined);
  }
});

const otherContexts: readonly (readonly [title: string, context: Record<string, string>])[] = [
  ["no context is another context", {}],
  ["letter case counts in keys", { ...context, Tenant: "acme" }],
  ["letter case counts in values", { ...context, tenant: "Acme" }],
  ["a missing pair is another context", { tenant: "acme" }],
  ["a further pair is another context", { ...context, more: "" }],
];
for (const [title, other] of otherContexts) {
  test(title, () => assert.equal(decryptMessage(material, encrypt(), other), undefined));
}

test("no two contexts share their bytes", () => {
  const contexts: Record<string, string>[] = [
    {},
    { "": "" },
    { a: "bc" },
    { ab: "c" },
    { a: "b", c: "" },
    { a: "b", "": "c" },
    { a: "", b: "c" },
    { "\u{ffff}": "1", "\u{10000}": "2" },
    { "\u{10000}": "1", "\u{ffff}": "2" },
  ];
  const seen = new Set(contexts.map((one) => canonicalContext(one).toString("hex")));
  assert.equal(seen.size, contexts.length);
});

test("keys are sorted by their bytes, not by UTF-16 units", () => {
  const bytes = canonicalContext({ "\u{10000}": "late", "\u{ffff}": "soon" });
  assert.ok(bytes.indexOf("soon") < bytes.indexOf("late"));
});

test("another material opens nothing", () => {
  assert.equal(decryptMessage(systemRandom.bytes(32), encrypt(), context), undefined);
});

test("the same message never looks the same", () => {
  assert.notDeepEqual(encrypt(), encrypt());
});
