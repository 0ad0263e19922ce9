import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, requestOf, routedTo } from "../../../test/support/sample-request.ts";
import { decode, encode, encodeError } from "../codecs.ts";
import type { Routed } from "../protocol.ts";
import { route } from "../route.ts";

function read(line: string, headers: Record<string, string>, body: string | undefined): unknown {
  const request = requestOf(line, headers);
  const routed = route(request, "s3", []);
  assert.ok(routed.kind === "routed");
  return decode(routed, request, body === undefined ? undefined : Buffer.from(body));
}

const reads: [string, string, Record<string, string>, string | undefined, unknown][] = [
  [
    "labels, decoded once",
    "GET /b/a%20b+c/%C3%A9%2525",
    {},
    "",
    { Bucket: "b", Key: "a b+c/é%25" },
  ],
  [
    "parameters",
    "GET /b?list-type=2&max-keys=5&prefix=a%2F",
    {},
    "",
    {
      Bucket: "b",
      MaxKeys: 5,
      Prefix: "a/",
    },
  ],
  [
    "headers, and metadata by their prefix",
    "PUT /b/k",
    { "x-amz-meta-Colour": "blue", "x-amz-server-side-encryption": "aws:kms" },
    undefined,
    { Bucket: "b", Key: "k", Metadata: { colour: "blue" }, ServerSideEncryption: "aws:kms" },
  ],
  [
    "dates in headers",
    "GET /b/k",
    { "if-modified-since": "Thu, 01 Jan 1970 00:00:01 GMT" },
    "",
    { Bucket: "b", Key: "k", IfModifiedSince: new Date(1000) },
  ],
  [
    "lists in headers",
    "GET /b/k?attributes",
    { "x-amz-object-attributes": "ETag, ObjectSize" },
    "",
    { Bucket: "b", Key: "k", ObjectAttributes: ["ETag", "ObjectSize"] },
  ],
  ["a text as the whole body", "PUT /b?policy", {}, '{"a":1}', { Bucket: "b", Policy: '{"a":1}' }],
  [
    "a structure as the body",
    "PUT /b",
    {},
    '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
      "<LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>",
    { Bucket: "b", CreateBucketConfiguration: { LocationConstraint: "eu-west-1" } },
  ],
  [
    "a list without an element of its own",
    "POST /b?delete",
    {},
    "<Delete><Object><Key>a&amp;b</Key></Object><Quiet>true</Quiet><Object><Key> c </Key></Object></Delete>",
    { Bucket: "b", Delete: { Objects: [{ Key: "a&b" }, { Key: " c " }], Quiet: true } },
  ],
  [
    "an attribute",
    "PUT /b?acl",
    {},
    "<AccessControlPolicy><AccessControlList><Grant>" +
      '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>i</ID>' +
      "</Grantee></Grant></AccessControlList></AccessControlPolicy>",
    {
      Bucket: "b",
      AccessControlPolicy: { Grants: [{ Grantee: { ID: "i", Type: "CanonicalUser" } }] },
    },
  ],
];

for (const [title, line, headers, body, expected] of reads) {
  test(`S3 reads: ${title}`, () => assert.deepEqual(read(line, headers, body), expected));
}

const refusals: [string, string, Record<string, string>, string | undefined, string][] = [
  ["a number that is none", "GET /b?list-type=2&max-keys=x", {}, "", "InvalidArgument"],
  ["a parameter twice", "GET /b?list-type=2&prefix=a&prefix=b", {}, "", "InvalidArgument"],
  [
    "more parameters than anyone has",
    `GET /b?list-type=2${"&a".repeat(2000)}`,
    {},
    "",
    "InvalidURI",
  ],
  [
    "an encryption that is none",
    "PUT /b/k",
    { "x-amz-server-side-encryption": "rot13" },
    undefined,
    "InvalidEncryptionAlgorithmError",
  ],
  [
    "metadata named `__proto__`",
    "PUT /b/k",
    { "x-amz-meta-__proto__": "x" },
    undefined,
    "InvalidArgument",
  ],
  ["a body that is required", "POST /b?delete", {}, "", "MissingRequestBodyError"],
  ["another root", "POST /b?delete", {}, "<Evil></Evil>", "MalformedXML"],
  ["a member that is required", "POST /b?delete", {}, "<Delete><Object/></Delete>", "MalformedXML"],
  [
    "a truth that is none",
    "POST /b?delete",
    {},
    "<Delete><Quiet>x</Quiet></Delete>",
    "MalformedXML",
  ],
  ["text between elements", "POST /b?delete", {}, "<Delete>x</Delete>", "MalformedXML"],
  [
    "a member twice",
    "PUT /b",
    {},
    "<CreateBucketConfiguration><LocationConstraint>EU</LocationConstraint><LocationConstraint>EU</LocationConstraint></CreateBucketConfiguration>",
    "MalformedXML",
  ],
  ["not XML", "POST /b?delete", {}, '{"Delete":1}', "MalformedXML"],
];

for (const [title, line, headers, body, code] of refusals) {
  test(`S3 refuses: ${title}`, () => {
    const request = requestOf(line, headers);
    const routed = route(request, "s3", []);
    if (routed.kind === "unrouted") return assert.equal(routed.refusal.code, code);
    return assert.throws(() => read(line, headers, body), { code });
  });
}

const s3 = (name: string): Routed => routedTo("s3", name, "rest-xml");
const declared = '<?xml version="1.0" encoding="UTF-8"?>\n';
const xmlns = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

const bodies: [title: string, operation: string, output: unknown, expected: string][] = [
  [
    "the root has the name that S3 gives it",
    "ListObjectsV2",
    { Name: "b", Contents: [{ Key: "a&\u0001", Size: 1, LastModified: new Date(0) }], KeyCount: 1 },
    `<ListBucketResult ${xmlns}><Contents><Key>a&amp;&#x1;</Key><LastModified>1970-01-01T00:00:00.000Z</LastModified><Size>1</Size></Contents><Name>b</Name><KeyCount>1</KeyCount></ListBucketResult>`,
  ],
  [
    "a payload is the root",
    "CopyObject",
    { CopyObjectResult: { ETag: '"e"' }, VersionId: "v" },
    `<CopyObjectResult ${xmlns}><ETag>&quot;e&quot;</ETag></CopyObjectResult>`,
  ],
  [
    "a location is the root's own text",
    "GetBucketLocation",
    { LocationConstraint: "eu-west-1" },
    `<LocationConstraint ${xmlns}>eu-west-1</LocationConstraint>`,
  ],
  [
    "the first region is no text",
    "GetBucketLocation",
    {},
    `<LocationConstraint ${xmlns}></LocationConstraint>`,
  ],
  [
    "buckets stand in an element of their own",
    "ListBuckets",
    { Buckets: [{ Name: "b" }], Owner: { ID: "i" } },
    `<ListAllMyBucketsResult ${xmlns}><Buckets><Bucket><Name>b</Name></Bucket></Buckets><Owner><ID>i</ID></Owner></ListAllMyBucketsResult>`,
  ],
];

for (const [title, operation, output, expected] of bodies) {
  test(`S3 writes: ${title}`, () => {
    const text = bodyOf(encode(s3(operation), output, "id")).replace(declared, "");
    // The order of members is the model's; ours is compared as sets of elements.
    assert.deepEqual(text.split(/(?=<)/).sort(), expected.split(/(?=<)/).sort());
  });
}

test("S3 answers a range with 206, and its facts in headers", () => {
  const output = {
    Body: Buffer.from("hi"),
    ContentRange: "bytes 0-1/5",
    ETag: '"e"',
    Metadata: { a: "b" },
    LastModified: new Date(0),
    ContentType: "text/plain",
  };
  const response = encode(s3("GetObject"), output, "id");
  assert.equal(response.status, 206);
  assert.equal(bodyOf(response), "hi");
  assert.deepEqual(response.headers, {
    "x-amz-request-id": "id",
    "Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT",
    ETag: '"e"',
    "Content-Range": "bytes 0-1/5",
    "Content-Type": "text/plain",
    "x-amz-meta-a": "b",
  });
});

test("S3 hands a stream on as it is", async () => {
  const stream = (async function* () {
    yield Buffer.from("hi");
  })();
  assert.equal(encode(s3("GetObject"), { Body: stream }, "id").body, stream);
});

test("a header ends where the value ends, whatever the value holds", () => {
  const output = { Body: Buffer.alloc(0), ContentDisposition: "a\r\nSet-Cookie: x=1 ☃" };
  const { headers } = encode(s3("GetObject"), output, "id");
  assert.match(headers["Content-Disposition"] ?? "", /^[ -\u00ff]+$/);
});

const statuses: [title: string, operation: string, expected: number][] = [
  ["what is deleted has no content", "DeleteObject", 204],
  ["what is put is 200", "PutObject", 200],
  ["what is asked for by HEAD has no body", "HeadObject", 200],
];

for (const [title, operation, expected] of statuses) {
  test(`S3 answers: ${title}`, () => {
    const response = encode(s3(operation), {}, "id");
    assert.equal(response.status, expected);
    assert.equal(bodyOf(response), "");
  });
}

const failures: [title: string, code: string, status: number][] = [
  ["the model's status", "NoSuchKey", 404],
  ["S3's documented status", "PreconditionFailed", 412],
  ["a refusal", "AccessDenied", 403],
  ["what is not built", "NotImplemented", 501],
  ["too fast", "SlowDown", 503],
  ["a skewed clock", "RequestTimeTooSkewed", 403],
];

for (const [title, code, status] of failures) {
  test(`S3 errors: ${title}`, () => {
    const form = { ...s3("GetObject"), resource: "/b/k" };
    const response = encodeError(form, { code, message: "m<", details: { Key: "k" } }, "id");
    assert.equal(response.status, status);
    assert.equal(
      bodyOf(response),
      `${declared}<Error><Code>${code}</Code><Message>m&lt;</Message><Key>k</Key>` +
        "<Resource>/b/k</Resource><RequestId>id</RequestId></Error>",
    );
  });
}

test("an error of HEAD has a status and no body", () => {
  const response = encodeError(s3("HeadObject"), { code: "NoSuchKey", message: "m" }, "id");
  assert.equal(response.status, 404);
  assert.equal(response.body, undefined);
});
