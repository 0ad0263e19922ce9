import assert from "node:assert/strict";
import { test } from "node:test";
import type { Credentials } from "../directory.ts";
import type { SignatureOptions, SignedRequest } from "./request.ts";
import { verifySignature } from "./verify.ts";

const suiteTime = Date.UTC(2015, 7, 30, 12, 36);
const docsTime = Date.UTC(2013, 4, 24);

function options(
  accessKeyId: string,
  secret: string,
  now: number,
  token?: string,
): SignatureOptions {
  const credentials: Credentials = {
    accessKeyId,
    secret,
    active: true,
    principal: { kind: "anonymous" },
    ...(token === undefined ? {} : { token }),
  };
  return {
    find: (id) => (id === accessKeyId ? credentials : undefined),
    clock: { now: () => now },
    region: "us-east-1",
    admitSignatureV2: false,
  };
}

const suite = (token?: string) =>
  options("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", suiteTime, token);
const docs = options("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", docsTime);

function request(
  method: string,
  target: string,
  headers: Readonly<Record<string, string | readonly string[]>>,
): SignedRequest {
  const [path = "", query = ""] = target.split("?");
  const list = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value] as const),
  );
  return { method, path, query, headers: list };
}

const v4 = (scope: string, signedHeaders: string, signature: string) =>
  `AWS4-HMAC-SHA256 Credential=${scope}/aws4_request, SignedHeaders=${signedHeaders}, Signature=${signature}`;

const suiteScope = "AKIDEXAMPLE/20150830/us-east-1/service";
const host = "example.amazonaws.com";
const date = "20150830T123600Z";
const suiteToken = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";

type Vector = readonly [
  title: string,
  target: string,
  headers: Readonly<Record<string, string | readonly string[]>>,
  signature: string,
];

const suiteVectors: readonly Vector[] = [
  [
    "parameters are sorted by name",
    "/?Param2=value2&Param1=value1",
    {},
    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
  ],
  [
    "raw UTF-8 in a path is percent-encoded",
    "/ሴ",
    {},
    "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
  ],
  [
    "values are trimmed and inner spaces collapsed",
    "/",
    { "my-header1": " value1", "my-header2": ' "a   b   c"' },
    "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
  ],
  [
    "values of one name are joined in the order sent",
    "/",
    { "my-header1": ["value2", "value2", "value1"] },
    "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
  ],
  [
    "paths are normalised outside S3",
    "/./",
    {},
    "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
  ],
  [
    "temporary credentials come with their token",
    "/",
    { "x-amz-security-token": suiteToken },
    "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
  ],
];

for (const [title, target, extra, signature] of suiteVectors) {
  test(`AWS's signing suite: ${title}`, () => {
    const names = ["host", ...Object.keys(extra), "x-amz-date"].sort().join(";");
    const authorization = v4(suiteScope, names, signature);
    const headers = { host, ...extra, "x-amz-date": date, authorization };
    const token = "x-amz-security-token" in extra ? suiteToken : undefined;
    const verified = verifySignature(request("GET", target, headers), suite(token));
    assert.equal(verified.kind === "signed" && verified.scope.service, "service");
  });
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const putHash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
const bucket = "examplebucket.s3.amazonaws.com";
const at = "20130524T000000Z";

type DocsVector = readonly [
  title: string,
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  signature: string,
];

const docsVectors: readonly DocsVector[] = [
  [
    "GetObject with a range",
    "GET",
    "/test.txt",
    { host: bucket, range: "bytes=0-9", "x-amz-content-sha256": emptyHash, "x-amz-date": at },
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  ],
  [
    "PutObject, its key with a dollar sign",
    "PUT",
    "/test$file.text",
    {
      date: "Fri, 24 May 2013 00:00:00 GMT",
      host: bucket,
      "x-amz-content-sha256": putHash,
      "x-amz-date": at,
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
    },
    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  ],
  [
    "GetBucketLifecycle: a parameter without value",
    "GET",
    "/?lifecycle",
    { host: bucket, "x-amz-content-sha256": emptyHash, "x-amz-date": at },
    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  ],
  [
    "ListObjects",
    "GET",
    "/?max-keys=2&prefix=J",
    { host: bucket, "x-amz-content-sha256": emptyHash, "x-amz-date": at },
    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  ],
];

for (const [title, method, target, headers, signature] of docsVectors) {
  test(`S3's documented example: ${title}`, () => {
    const names = Object.keys(headers).join(";");
    const authorization = v4("AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3", names, signature);
    const verified = verifySignature(request(method, target, { ...headers, authorization }), docs);
    const hex = headers["x-amz-content-sha256"];
    assert.deepEqual(verified.payload, { kind: "sha256", hex, checked: false });
  });
}

test("S3's documented example: a presigned URL leaves the body unsigned", () => {
  const query =
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F" +
    `aws4_request&X-Amz-Date=${at}&X-Amz-Expires=86400&X-Amz-SignedHeaders=host` +
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
  const verified = verifySignature(request("GET", `/test.txt?${query}`, { host: bucket }), docs);
  assert.equal(verified.kind === "signed" && verified.presigned, true);
  assert.deepEqual(verified.payload, { kind: "unsigned" });
});

const ecdsaSignature =
  "3046022100fddaaf816a31e30d04973875b13bc27b98da10907a3a1872fd5819a221334abc022100de2ee81d83b54f31efc82834de" +
  "07e6cd4d5c6f25bfa08e0f29a15bb0977c343e";

const regionSets: readonly (readonly [title: string, set: string, expected: string])[] = [
  ["our region is in it", "us-east-1", "SigV4A"],
  ["another region is not ours", "eu-west-1", "wrong-region"],
  ["who changes the set breaks the signature", "us-*", "wrong-signature"],
];

for (const [title, set, expected] of regionSets) {
  test(`SigV4a with a region set: ${title}`, () => {
    const authorization =
      "AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20150830/service/aws4_request, " +
      `SignedHeaders=host;x-amz-date;x-amz-region-set, Signature=${ecdsaSignature}`;
    const headers = { host, "x-amz-date": date, "x-amz-region-set": set, authorization };
    assert.equal(outcome(request("GET", "/", headers), suite()), expected);
  });
}

function outcome(signed: SignedRequest, judged: SignatureOptions): string {
  try {
    const verified = verifySignature(signed, judged);
    return verified.kind === "signed" ? verified.version : verified.kind;
  } catch (error) {
    return error instanceof Error ? error.name : "";
  }
}
