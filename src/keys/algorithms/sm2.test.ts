import assert from "node:assert/strict";
import { test } from "node:test";
import { octets, sequence, tagged, unsigned } from "../../lib/der.ts";
import { type Random, systemRandom } from "../../lib/random.ts";
import { readInteger, readOctets, readSequence } from "./read-der.ts";
import { sm2 } from "./sm2.ts";

/** The key, the random number and the results of the examples of GB/T 32918.5, annexes A and C. */
const d = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
const point =
  "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020" +
  "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
const k = "59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21";
const r = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3";
const s = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
const x1 = "04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73";
const y1 = "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0";
const check = "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766";
const sealed = "21886ca989ca9c7d58087307ca93092d651efa";

const hex = (digits: string) => Buffer.from(digits, "hex");
const pkcs8 = hex(
  `308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420${d}a14403420004${point}`,
);
const spki = hex(`3059301306072a8648ce3d020106082a811ccf5501822d03420004${point}`);

/** Draws the random number of the examples: numbers are drawn from 1, of 40 bytes. */
const drawn: Random = {
  ...systemRandom,
  bytes: (size) => hex((BigInt(`0x${k}`) - 1n).toString(16).padStart(2 * size, "0")),
};
const own = sm2.openPrivate("SM2", pkcs8, drawn);
const shown = sm2.openPublic?.("SM2", spki, drawn);
const form = { algorithm: "SM2DSA", type: "RAW" } as const;

test("SM2 signs as GB/T 32918.5 does in annex A", async () => {
  const message = Buffer.from("message digest");
  const signature = sequence(unsigned(hex(r)), unsigned(hex(s)));
  assert.deepEqual(await own.sign?.(message, form), signature);
  assert.equal(shown?.verify?.(message, signature, form), true);
  const digest = hex("f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640");
  const given = { ...form, type: "DIGEST" } as const;
  assert.deepEqual(await own.sign?.(digest, given), signature);
  assert.equal(shown?.verify?.(digest, signature, given), true);
});

test("SM2 encrypts as GB/T 32918.5 does in annex C, in the form of GM/T 0009", async () => {
  const plain = Buffer.from("encryption standard");
  const expected = [unsigned(hex(x1)), unsigned(hex(y1)), octets(hex(check)), octets(hex(sealed))];
  assert.deepEqual(shown?.encrypt?.(plain, "SM2PKE"), sequence(...expected));
  assert.deepEqual(await own.decrypt?.(sequence(...expected), "SM2PKE"), plain);
  const [x = "", y = ""] = [x1, y1];
  const faults: readonly (readonly [string, Buffer])[] = [
    ["a point off the curve", sequence(unsigned(hex(y)), unsigned(hex(x)), ...expected.slice(2))],
    ["a number beyond the field", sequence(unsigned(Buffer.alloc(40, 1)), ...expected.slice(1))],
    [
      "another hash",
      sequence(...expected.slice(0, 2), octets(Buffer.alloc(32)), ...expected.slice(3)),
    ],
    ["no hash", sequence(...expected.slice(0, 2), octets(Buffer.alloc(0)), ...expected.slice(3))],
    ["nothing sealed", sequence(...expected.slice(0, 3), octets(Buffer.alloc(0)))],
    ["more than it has", sequence(...expected, octets(Buffer.alloc(1)))],
    ["bytes behind", Buffer.concat([sequence(...expected), Buffer.alloc(1)])],
    ["too much", sequence(...expected.slice(0, 3), octets(Buffer.alloc(2048)))],
  ];
  for (const [title, bytes] of faults) {
    assert.equal(await own.decrypt?.(bytes, "SM2PKE"), undefined, title);
  }
  assert.equal(shown?.encrypt?.(Buffer.alloc(1025), "SM2PKE"), undefined);
});

test("no signature is one whose numbers are out of bounds", () => {
  const message = Buffer.from("message digest");
  const n = hex("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123");
  const zero = Buffer.from([0]);
  const more = (BigInt(`0x${r}`) + BigInt(`0x${n.toString("hex")}`)).toString(16);
  for (const [first, second] of [
    [zero, hex(s)],
    [hex(r), zero],
    [n, hex(s)],
    [hex(r), n],
    [hex(more.padStart(66, "0")), hex(s)],
    // Their sum is nothing.
    [Buffer.from([1]), hex((BigInt(`0x${n.toString("hex")}`) - 1n).toString(16))],
  ] as const) {
    const signature = sequence(unsigned(first), unsigned(second));
    assert.equal(shown?.verify?.(message, signature, form), false, signature.toString("hex"));
  }
});

test("what is not in DER is not read", () => {
  const read = (digits: string) => readSequence(hex(digits), [readInteger, readOctets]);
  assert.deepEqual(read("3006020107040109"), [7n, hex("09")]);
  for (const digits of [
    "",
    "30",
    "3080020107040109 0000".replace(" ", ""),
    "308106020107040109",
    "3007020107040109",
    "300602010704020900",
    "30060201ff040109",
    "300702020007040109",
    "30050200040109",
    "3005020107040209",
    "300602010704010900",
    "3084000000060201",
  ]) {
    assert.equal(read(digits), undefined, digits);
  }
  const long = sequence(unsigned(Buffer.alloc(200, 1)), octets(Buffer.alloc(300)));
  assert.equal(readSequence(long, [readInteger, readOctets])?.[1].length, 300);
  assert.equal(readSequence(tagged(0x31, hex("020107")), [readInteger]), undefined);
});
