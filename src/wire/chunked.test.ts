import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChunkChain } from "../identity/signature/request.ts";
import { verifySignature } from "../identity/signature/verify.ts";
import { type ChunkedFacts, createChunkDecoder } from "./chunked.ts";

/** The example that S3 documents: 66,560 bytes of `a` in two chunks. */
function documentedChain(): ChunkChain {
  const headers = {
    "content-encoding": "aws-chunked",
    "content-length": "66824",
    host: "s3.amazonaws.com",
    "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "x-amz-date": "20130524T000000Z",
    "x-amz-decoded-content-length": "66560",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
  };
  const authorization =
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, " +
    `SignedHeaders=${Object.keys(headers).join(";")}, ` +
    "Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
  const verified = verifySignature(
    {
      method: "PUT",
      path: "/examplebucket/chunkObject.txt",
      query: "",
      headers: Object.entries({ ...headers, authorization }),
    },
    {
      find: (accessKeyId) => ({
        accessKeyId,
        secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        active: true,
        principal: { kind: "anonymous" },
      }),
      clock: { now: () => Date.UTC(2013, 4, 24) },
      region: "us-east-1",
      admitSignatureV2: false,
    },
  );
  assert(verified.payload.kind === "chunks" && verified.payload.signed);
  return verified.payload.signed;
}

const first = "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648";
const second = "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497";
const last = "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9";
const trailerSignature = "df5735bd9f3295cd9386572292562fefc93ba94e80a0a1ddcbd652c4e0a75e6c";

const documented = [
  `10000;chunk-signature=${first}\r\n${"a".repeat(65_536)}\r\n`,
  `400;chunk-signature=${second}\r\n${"a".repeat(1024)}\r\n`,
  `0;chunk-signature=${last}\r\n`,
].join("");
const documentedTrailer = `first:1st\r\nsecond:2nd\r\nthird:3rd\r\nx-amz-trailer-signature:${trailerSignature}\r\n\r\n`;

const signed = () => ({ signed: documentedChain(), trailer: false, lengthBytes: 66_560 });
const withTrailer = () => ({
  ...signed(),
  trailer: true,
  trailerNames: ["first", "second", "third"],
});
const bare = (lengthBytes: number) => ({ signed: undefined, lengthBytes });
const checksum = { trailer: true, trailerNames: ["x-amz-checksum-crc32"] };

function run(encoded: string, facts: Partial<ChunkedFacts>, cut: number): string {
  const decoder = createChunkDecoder({
    signed: undefined,
    trailer: false,
    lengthBytes: 0,
    trailerNames: [],
    ...facts,
  });
  const bytes = Buffer.from(encoded, "latin1");
  const decoded: Buffer[] = [];
  try {
    for (let at = 0; at < bytes.length; at += cut) {
      decoded.push(Buffer.from(decoder.feed(bytes.subarray(at, at + cut))));
    }
    decoder.finish();
  } catch (error) {
    return error instanceof Error ? error.name : "";
  }
  const text = Buffer.concat(decoded).toString("latin1");
  const shown = text.length > 20 ? `${text.length} bytes` : text;
  return [shown, ...Object.entries(decoder.trailers).map((entry) => entry.join("="))].join(" ");
}

type Row = readonly [
  title: string,
  encoded: string,
  facts: () => Partial<ChunkedFacts>,
  expected: string,
];

const rows: readonly Row[] = [
  ["S3's documented example holds", `${documented}\r\n`, signed, "66560 bytes"],
  [
    "signed trailers hold",
    `${documented}${documentedTrailer}`,
    withTrailer,
    "66560 bytes first=1st second=2nd third=3rd",
  ],
  [
    "a flipped byte breaks its chunk",
    `${documented.replace("aaaa", "aaab")}\r\n`,
    signed,
    "SignatureDoesNotMatch",
  ],
  [
    "chunks cannot change places",
    `400;chunk-signature=${second}\r\n${"a".repeat(1024)}\r\n`,
    signed,
    "SignatureDoesNotMatch",
  ],
  [
    "an unsigned chunk among signed ones is refused",
    "5\r\nhello\r\n0\r\n\r\n",
    signed,
    "InvalidRequest",
  ],
  [
    "a flipped trailer breaks its signature",
    `${documented}${documentedTrailer.replace("2nd", "2nt")}`,
    withTrailer,
    "SignatureDoesNotMatch",
  ],
  [
    "a signed trailer needs its signature",
    `${documented}first:1st\r\nsecond:2nd\r\nthird:3rd\r\n\r\n`,
    withTrailer,
    "MalformedTrailerError",
  ],
  [
    "the end signed by its chunk must come",
    documented.slice(0, documented.lastIndexOf("0;chunk")),
    signed,
    "IncompleteBody",
  ],
  ["an unsigned body", "5\r\nhello\r\n0\r\n\r\n", () => bare(5), "hello"],
  [
    "an unsigned trailer reaches the reader",
    "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
    () => ({ ...bare(5), ...checksum }),
    "hello x-amz-checksum-crc32=NhCmhg==",
  ],
  ["an empty body has chunks too", "0\r\n\r\n", () => bare(0), ""],
  ["fewer bytes than announced", "5\r\nhello\r\n0\r\n\r\n", () => bare(6), "IncompleteBody"],
  ["more bytes than announced", "5\r\nhello\r\n0\r\n\r\n", () => bare(4), "IncompleteBody"],
  ["a cut in a chunk", "5\r\nhel", () => bare(5), "IncompleteBody"],
  ["bytes after the end", "0\r\n\r\nx", () => bare(0), "InvalidRequest"],
  ["a size that is no number", "-5\r\nhello\r\n", () => bare(5), "InvalidRequest"],
  ["a line without carriage return", "5\nhello\r\n0\r\n\r\n", () => bare(5), "InvalidRequest"],
  ["a chunk longer than its size", "4\r\nhello\r\n0\r\n\r\n", () => bare(5), "InvalidRequest"],
  ["an endless head", "0".repeat(600), () => bare(5), "InvalidRequest"],
  [
    "a trailer that was not announced",
    "0\r\nx-amz-acl:public-read\r\n\r\n",
    () => ({ ...bare(0), ...checksum }),
    "MalformedTrailerError",
  ],
  [
    "a trailer that was announced and does not come",
    "0\r\n\r\n",
    () => ({ ...bare(0), ...checksum }),
    "MalformedTrailerError",
  ],
];

for (const [title, encoded, facts, expected] of rows) {
  test(`aws-chunked: ${title}`, () => {
    for (const cut of [1_000_000, 997, 1]) assert.equal(run(encoded, facts(), cut), expected);
  });
}

test("aws-chunked: signed chunks but the last have at least 8 KiB", () => {
  const signedAll: ChunkChain = { verifyChunk: () => true, verifyTrailer: () => true };
  const chunk = (size: number) =>
    `${size.toString(16)};chunk-signature=${first}\r\n${"a".repeat(size)}\r\n`;
  const facts = { signed: signedAll, lengthBytes: 20_000 };
  assert.equal(run(`${chunk(8191)}${chunk(100)}`, facts, 4096), "InvalidChunkSizeError");
});
