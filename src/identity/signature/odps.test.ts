import assert from "node:assert/strict";
import { test } from "node:test";
import { OdpsSignatures, odpsCanonical, readOdpsClaim } from "./odps.ts";

const date = "Thu, 01 Jan 2026 00:00:00 GMT";
const nowMs = Date.parse(date);
const listing = {
  method: "GET",
  path: "/projects/p1/tables/t1",
  query: "partitions&curr_project=p1&expectmarker=true",
  headers: [["date", date]] as const,
};
const block = {
  method: "PUT",
  path: "/projects/p1/tables/t1",
  query: "uploadid=u1&blockid=0&partition=ds%3D%27x%27",
  headers: [
    ["content-type", "application/octet-stream"],
    ["x-odps-tunnel-version", "6"],
    ["date", date],
  ] as const,
};

/** Computed with PyODPS 0.13.2: id `ak`, secret `sk`. */
const golden = [
  ["version 2, a list", listing, "ODPS ak:MqGQ4pL8I3gVDbrhouzJ3jpswP8="],
  [
    "version 4, a list",
    listing,
    "ODPS ak/20260101/cn-local/odps/aliyun_v4_request:RYd/3THp1IhCYF8tCnp/pmANxnc=",
  ],
  ["version 2, a block", block, "ODPS ak:9Hd6qyjrRre878vSILqHGUpxhHU="],
] as const;

const signatures = (time = { ms: nowMs }) =>
  new OdpsSignatures(
    (accessKeyId) =>
      accessKeyId === "ak"
        ? { accessKeyId, secret: "sk", active: true, principal: { kind: "anonymous" } }
        : undefined,
    { now: () => time.ms },
  );

const verify = (judge: OdpsSignatures, request: typeof listing | typeof block, header: string) => {
  const claim = readOdpsClaim(header);
  assert.ok(claim);
  return judge.verify(request, claim, undefined);
};

test("the canonical text is PyODPS's", () => {
  assert.equal(
    odpsCanonical(block),
    "PUT\n\napplication/octet-stream\nThu, 01 Jan 2026 00:00:00 GMT\nx-odps-tunnel-version:6\n" +
      "/projects/p1/tables/t1?blockid=0&partition=ds='x'&uploadid=u1",
  );
});

for (const [title, request, header] of golden) {
  test(`${title} holds`, () => {
    assert.equal(verify(signatures(), request, header).accessKeyId, "ak");
  });
  test(`${title} does not hold for another request`, () => {
    for (const other of [
      { ...request, method: "DELETE" },
      { ...request, path: "/projects/p2/tables/t1" },
      { ...request, query: `${request.query}&x=1` },
      { ...request, headers: [...request.headers, ["x-odps-owner", "me"] as const] },
    ]) {
      assert.throws(() => verify(signatures(), other as typeof listing, header), /does not match/);
    }
  });
}

test("a signature serves for ten seconds, and then never again", () => {
  const time = { ms: nowMs };
  const judge = signatures(time);
  verify(judge, listing, golden[0][2]);
  time.ms += 9_000;
  verify(judge, listing, golden[0][2]);
  time.ms += 2_000;
  assert.throws(() => verify(judge, listing, golden[0][2]), /used before/);
});

test("a date that is off, a stranger's key and a token that nobody gave are refused", () => {
  const late = signatures({ ms: nowMs + 16 * 60_000 });
  assert.throws(() => verify(late, listing, golden[0][2]), { code: "RequestTimeTooSkewed" });
  assert.throws(() => verify(signatures(), listing, "ODPS other:MqGQ4pL8I3gVDbrhouzJ3jpswP8="), {
    code: "ODPS-0410031",
  });
  const claim = readOdpsClaim(golden[0][2]);
  assert.ok(claim);
  assert.throws(() => signatures().verify(listing, claim, "token"), { code: "ODPS-0410051" });
});

test("what is not MaxCompute's signature is none", () => {
  for (const header of [
    "",
    "AWS4-HMAC-SHA256 x",
    "ODPS ak",
    "ODPS a k:x",
    "ODPS ak/1/2/odps/x:y",
  ]) {
    assert.equal(readOdpsClaim(header), undefined);
  }
});
