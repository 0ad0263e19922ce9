import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { startS3 } from "../support/s3.ts";

const keys = [
  "a",
  "a/",
  "a/1",
  "a/2",
  "a/b/3",
  "b",
  "c/1",
  "c/2",
  "d e",
  "d+e",
  "z//1",
  "é/1",
  "\u{10ffff}",
];

async function start(t: TestContext) {
  const bench = await startS3(t);
  const { s3, Bucket } = bench;
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  return bench;
}

const rows: readonly (readonly [
  title: string,
  asked: object,
  found: readonly string[],
  prefixes: readonly string[],
])[] = [
  ["everything, in the order of bytes", {}, keys, []],
  ["a prefix", { Prefix: "a/" }, ["a/", "a/1", "a/2", "a/b/3"], []],
  [
    "a delimiter",
    { Delimiter: "/" },
    ["a", "b", "d e", "d+e", "\u{10ffff}"],
    ["a/", "c/", "z/", "é/"],
  ],
  ["a prefix and a delimiter", { Prefix: "a/", Delimiter: "/" }, ["a/", "a/1", "a/2"], ["a/b/"]],
  ["a prefix without its slash", { Prefix: "c", Delimiter: "/" }, [], ["c/"]],
  ["two slashes", { Prefix: "z/", Delimiter: "/" }, [], ["z//"]],
  [
    "a delimiter of several characters",
    { Delimiter: "//" },
    keys.filter((key) => key !== "z//1"),
    ["z//"],
  ],
  ["a start", { StartAfter: "c/1" }, ["c/2", "d e", "d+e", "z//1", "é/1", "\u{10ffff}"], []],
  ["a start between two keys", { StartAfter: "c/0", Prefix: "c" }, ["c/1", "c/2"], []],
  ["a start after the prefix", { Prefix: "a/", StartAfter: "b" }, [], []],
  ["a prefix that nothing has", { Prefix: "nothing" }, [], []],
];

test("a list has the keys and the common prefixes that were asked for, on pages of any size", async (t) => {
  const { s3, Bucket } = await start(t);
  for (const [title, asked, found, prefixes] of rows) {
    for (const pageSize of [1, 2, 5, 1000]) {
      for (const EncodingType of [undefined, "url"] as const) {
        const seen: string[] = [];
        const common: string[] = [];
        const decode = (text = "") =>
          EncodingType ? decodeURIComponent(text.replaceAll("+", " ")) : text;
        const input = { Bucket, ...asked, ...(EncodingType && { EncodingType }) };
        for await (const page of paginateListObjectsV2({ client: s3, pageSize }, input)) {
          seen.push(...(page.Contents ?? []).map(({ Key }) => decode(Key)));
          common.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => decode(Prefix)));
          assert.ok((page.KeyCount ?? 0) <= pageSize);
        }
        assert.deepEqual([seen, common], [found, prefixes], `${title}, ${pageSize} at once`);
      }
    }
  }
});

test("the first version of the list pages by marker", async (t) => {
  const { s3, Bucket } = await start(t);
  for (const Delimiter of [undefined, "/"]) {
    const seen: string[] = [];
    let Marker: string | undefined;
    for (;;) {
      const page = await s3.send(
        new ListObjectsCommand({
          Bucket,
          MaxKeys: 2,
          ...(Delimiter && { Delimiter }),
          ...(Marker && { Marker }),
        }),
      );
      seen.push(...(page.Contents ?? []).map(({ Key = "" }) => Key));
      seen.push(...(page.CommonPrefixes ?? []).map(({ Prefix = "" }) => Prefix));
      if (!page.IsTruncated) break;
      Marker = page.NextMarker ?? page.Contents?.at(-1)?.Key;
      assert.equal(page.NextMarker !== undefined, Delimiter !== undefined);
    }
    assert.equal(seen.length, new Set(seen).size, "nothing is listed twice");
    assert.equal(seen.length, Delimiter ? 9 : keys.length);
  }
});

test("what a list says of an object is what the object says", async (t) => {
  const { s3, Bucket, acme } = await start(t);
  const { Contents } = await s3.send(
    new ListObjectsV2Command({ Bucket, Prefix: "é", FetchOwner: true }),
  );
  const [one] = Contents ?? [];
  assert.equal(one?.Size, 4);
  assert.equal(one?.StorageClass, "STANDARD");
  assert.equal(one?.Owner?.ID, acme.account);
  assert.match(one?.ETag ?? "", /^"[0-9a-f]{32}"$/);
  const none = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 0 }));
  assert.deepEqual([none.KeyCount, none.IsTruncated], [0, false]);
  const wrong = new ListObjectsV2Command({ Bucket, MaxKeys: -1 });
  await assert.rejects(s3.send(wrong), { name: "InvalidArgument" });
});

test("keys above every prefix end a list, they do not hold it up", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const highest = ["p/\u{10ffff}", "p/\u{10ffff}\u{10ffff}x", "\u{10ffff}/a", "\u{10ffff}/b"];
  for (const Key of highest) await s3.send(new PutObjectCommand({ Bucket, Key, Body: "" }));
  for (const Delimiter of ["/", "\u{10ffff}"]) {
    const common: string[] = [];
    const input = { Bucket, Delimiter };
    for await (const page of paginateListObjectsV2({ client: s3, pageSize: 1 }, input)) {
      common.push(...(page.CommonPrefixes ?? []).map(({ Prefix = "" }) => Prefix));
    }
    assert.deepEqual(
      common,
      Delimiter === "/" ? ["p/", "\u{10ffff}/"] : ["p/\u{10ffff}", "\u{10ffff}"],
    );
  }
});
