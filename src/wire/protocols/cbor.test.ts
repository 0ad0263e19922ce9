import assert from "node:assert/strict";
import { test } from "node:test";
import { requestOf, routedTo } from "../../../test/support/sample-request.ts";
import { decode, encode, encodeError } from "../codecs.ts";
import { MalformedCbor, parseCbor } from "./cbor-reader.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

/** Most rows are from RFC 8949, appendix A. */
const values: [title: string, bytes: string, expected: unknown][] = [
  ["a small number", "17", 23],
  ["one byte", "1818", 24],
  ["four bytes", "1a000f4240", 1_000_000],
  ["eight bytes", "1b000000e8d4a51000", 1_000_000_000_000],
  ["below zero", "3903e7", -1000],
  ["half", "f93e00", 1.5],
  ["the smallest half", "f90001", 2 ** -24],
  ["infinity", "f97c00", Number.POSITIVE_INFINITY],
  ["single", "fa47c35000", 100_000],
  ["double", "fb3ff199999999999a", 1.1],
  ["truth", "f5", true],
  ["null", "f6", null],
  ["text", "62c3bc", "ü"],
  ["bytes", "4401020304", Buffer.from([1, 2, 3, 4])],
  ["bytes in pieces", "5f42010243030405ff", Buffer.from([1, 2, 3, 4, 5])],
  ["text in pieces", "7f657374726561646d696e67ff", "streaming"],
  ["a list", "83010203", [1, 2, 3]],
  ["a list without a length", "9f018202039f0405ffff", [1, [2, 3], [4, 5]]],
  ["an instant under its tag", "c11a514b67b0", 1_363_896_240],
];

for (const [title, bytes, expected] of values) {
  test(`CBOR reads: ${title}`, () => assert.deepEqual(parseCbor(hex(bytes)), expected));
}

test("CBOR reads a map, and `__proto__` is a key like any", () => {
  const map = parseCbor(hex("bf 69 5f5f70726f746f5f5f a1 6161 01 6162 02 ff"));
  assert.equal(Object.getPrototypeOf(map), null);
  assert.deepEqual(Object.keys(map ?? {}), ["__proto__", "b"]);
});

const hostile: [title: string, bytes: string][] = [
  ["a huge text", "7b7fffffffffffffff"],
  ["a huge byte string", "5affffffff00"],
  ["a huge list", "9bffffffffffffffff"],
  ["a huge map", "bbffffffffffffffff"],
  ["depth without end", "81".repeat(100_000)],
  ["tags without end", "c1".repeat(100_000)],
  ["values without end", `9f${"80".repeat(300_000)}ff`],
  ["a big number under a tag", "c249010000000000000000"],
  ["a key that is no text", "a10102"],
  ["a key twice", "a2616101616102"],
  ["an end of nothing", "ff"],
  ["an end where a value must be", "a16161ff"],
  ["an end in a list with a length", "82ff01"],
  ["a text that is not UTF-8", "61ff"],
  ["a piece of another kind", "7f4101ff"],
  ["a length that is none", "1c"],
  ["bytes after the value", "0000"],
  ["too few bytes", "1a0000"],
];

for (const [title, bytes] of hostile) {
  test(`CBOR refuses: ${title}`, () => {
    assert.throws(() => parseCbor(hex(bytes)), MalformedCbor);
  });
}

const request = requestOf("POST /");

test("the CBOR of Kinesis: maps without a length, bytes as bytes", () => {
  const routed = routedTo("kinesis", "PutRecord", "aws-cbor");
  const body = hex(
    "bf 6a 53747265616d4e616d65 61 73 64 44617461 42 6869 6c 506172746974696f6e4b6579 61 70 ff",
  );
  assert.deepEqual(decode(routed, request, body), {
    StreamName: "s",
    Data: Buffer.from("hi"),
    PartitionKey: "p",
  });
});

test("the CBOR of Kinesis: instants are whole milliseconds, there and back", () => {
  const iterator = routedTo("kinesis", "GetShardIterator", "aws-cbor");
  const sent = hex(
    "bf 67 53686172644964 61 73 71 53686172644974657261746f7254797065 6c 41545f54494d455354414d50" +
      "69 54696d657374616d70 c1 1b 0000018bcfe56800 ff",
  );
  assert.deepEqual(decode(iterator, request, sent), {
    ShardId: "s",
    ShardIteratorType: "AT_TIMESTAMP",
    Timestamp: new Date(1_700_000_000_000),
  });

  const records = routedTo("kinesis", "GetRecords", "aws-cbor");
  const output = {
    Records: [
      {
        SequenceNumber: "1",
        ApproximateArrivalTimestamp: new Date(1_700_000_000_000),
        Data: Buffer.from("hi"),
        PartitionKey: "p",
      },
    ],
    MillisBehindLatest: 0,
  };
  const response = encode(records, output, "id");
  assert.equal(response.headers["Content-Type"], "application/x-amz-cbor-1.1");
  assert.ok(Buffer.isBuffer(response.body));
  assert.equal(response.body[0], 0xbf);
  assert.deepEqual(JSON.parse(JSON.stringify(parseCbor(response.body))), {
    Records: [
      {
        SequenceNumber: "1",
        ApproximateArrivalTimestamp: 1_700_000_000_000,
        Data: { type: "Buffer", data: [104, 105] },
        PartitionKey: "p",
      },
    ],
    MillisBehindLatest: 0,
  });
});

test("the CBOR of Kinesis: an error is a map", () => {
  const routed = routedTo("kinesis", "PutRecord", "aws-cbor");
  const response = encodeError(routed, { code: "ResourceNotFoundException", message: "m" }, "id");
  assert.equal(response.status, 400);
  assert.ok(Buffer.isBuffer(response.body));
  assert.deepEqual(
    { ...(parseCbor(response.body) as object) },
    {
      __type: "ResourceNotFoundException",
      message: "m",
    },
  );
});

const wrong: [title: string, bytes: string][] = [
  ["a text for bytes", "a1 64 44617461 62 6869"],
  ["bytes for a text", "a1 6c 506172746974696f6e4b6579 41 70"],
  ["bytes for the input", "41 00"],
  ["what is not CBOR", "a1"],
];

for (const [title, bytes] of wrong) {
  test(`the CBOR of Kinesis refuses: ${title}`, () => {
    const routed = routedTo("kinesis", "PutRecord", "aws-cbor");
    assert.throws(() => decode(routed, request, hex(bytes)), { code: "SerializationException" });
  });
}
