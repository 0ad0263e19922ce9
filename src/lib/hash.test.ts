import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { hmacSha256, sha256 } from "./hash.ts";

const hex = (text: string) => Buffer.from(text, "hex");

/** RFC 4231; the fifth case there is about cut results. */
const published: readonly [title: string, key: Buffer, data: Buffer, mac: string][] = [
  [
    "short key and data",
    Buffer.alloc(20, 0x0b),
    Buffer.from("Hi There"),
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  ],
  [
    "a key shorter than the mac",
    Buffer.from("Jefe"),
    Buffer.from("what do ya want for nothing?"),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  ],
  [
    "bytes that are no text",
    Buffer.alloc(20, 0xaa),
    Buffer.alloc(50, 0xdd),
    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
  ],
  [
    "a key of 25 bytes",
    hex("0102030405060708090a0b0c0d0e0f10111213141516171819"),
    Buffer.alloc(50, 0xcd),
    "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
  ],
  [
    "a key longer than a block",
    Buffer.alloc(131, 0xaa),
    Buffer.from("Test Using Larger Than Block-Size Key - Hash Key First"),
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  ],
];

for (const [title, key, data, mac] of published) {
  test(`HMAC-SHA-256 of ${title} is as published`, () => {
    assert.equal(hmacSha256(key, data).toString("hex"), mac);
  });
}

test("HMAC-SHA-256 of every length of key and data is that of the platform", () => {
  const bytes = Buffer.alloc(4096, "Ωmega ");
  for (let size = 0; size <= 1100; size += 1) {
    const [key, data] = [bytes.subarray(0, size % 140), bytes.subarray(0, size)];
    assert.deepEqual(hmacSha256(key, data), createHmac("sha256", key).update(data).digest());
  }
  const text = "ä€😀".repeat(60);
  assert.deepEqual(hmacSha256(text, text), createHmac("sha256", text).update(text).digest());
  assert.deepEqual(hmacSha256("k", text), createHmac("sha256", "k").update(text).digest());
});

test("SHA-256 has every byte of its result", () => {
  const digest = sha256("abc").toString("hex");
  assert.equal(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
