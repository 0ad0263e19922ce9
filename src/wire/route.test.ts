import assert from "node:assert/strict";
import { test } from "node:test";
import { requestOf } from "../../test/support/sample-request.ts";
import { isForm, route } from "./route.ts";

const hosts = ["127.0.0.1", "bondstore.test"];
const form = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
const json = (target: string, type = "application/x-amz-json-1.1") => ({
  "x-amz-target": target,
  "content-type": type,
});

/** Title, request line, headers, scope, what is routed to. */
const cases: [string, string, Record<string, string>, string | undefined, string][] = [
  ["a target names the operation", "POST /", json("TrentService.Encrypt"), "kms", "kms Encrypt"],
  [
    "the content type picks the codec",
    "POST /",
    json("Kinesis_20131202.PutRecord", "application/x-amz-cbor-1.1"),
    "kinesis",
    "kinesis PutRecord",
  ],
  [
    "a prefix may hold dots",
    "POST /",
    json("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"),
    "cloudtrail",
    "cloudtrail LookupEvents",
  ],
  [
    "a service is named by its target, not by its table",
    "POST /",
    json("KinesisAnalytics_20180523.ListApplications"),
    "kinesisanalytics",
    "kinesisanalyticsv2 ListApplications",
  ],
  [
    "an unknown operation is unknown",
    "POST /",
    json("TrentService.Nope"),
    "kms",
    "UnknownOperationException",
  ],
  [
    "an operation's name is no property of an object",
    "POST /",
    json("TrentService.constructor"),
    "kms",
    "UnknownOperationException",
  ],
  [
    "a target is only for POST /",
    "GET /b/k",
    json("TrentService.Encrypt"),
    "kms",
    "UnknownOperationException",
  ],
  [
    "a target of another service than the signature's is refused",
    "POST /",
    json("TrentService.Encrypt"),
    "s3",
    "InvalidSignatureException",
  ],
  ["no path means the buckets", "GET /?x-id=ListBuckets", {}, "s3", "s3 ListBuckets"],
  ["one step is a bucket", "PUT /b", {}, "s3", "s3 CreateBucket"],
  ["a slash at the end changes nothing", "PUT /b/", {}, "s3", "s3 CreateBucket"],
  ["a query's literal decides", "GET /b?list-type=2", {}, "s3", "s3 ListObjectsV2"],
  ["and its value", "GET /b?list-type=1", {}, "s3", "s3 ListObjects"],
  ["a sub-resource", "DELETE /b?policy", {}, "s3", "s3 DeleteBucketPolicy"],
  ["a key may end in a slash", "GET /b/k/", {}, "s3", "s3 GetObject"],
  ["required parameters decide", "PUT /b/k?partNumber=1&uploadId=u", {}, "s3", "s3 UploadPart"],
  ["a copy has a source", "PUT /b/k", { "x-amz-copy-source": "/a/b" }, "s3", "s3 CopyObject"],
  [
    "a copied part has all three",
    "PUT /b/k?partNumber=1&uploadId=u",
    { "x-amz-copy-source": "/a/b" },
    "s3",
    "s3 UploadPartCopy",
  ],
  ["an upload is completed", "POST /b/k?uploadId=u", {}, "s3", "s3 CompleteMultipartUpload"],
  [
    "with an id there is one",
    "GET /b?analytics&id=1",
    {},
    "s3",
    "s3 GetBucketAnalyticsConfiguration",
  ],
  ["without one a list", "GET /b?analytics", {}, "s3", "s3 ListBucketAnalyticsConfigurations"],
  ["HEAD is an operation of its own", "HEAD /b/k", {}, "s3", "s3 HeadObject"],
  ["nobody's request is S3's", "GET /b/k", {}, undefined, "s3 GetObject"],
  ["a method that S3 does not have", "PATCH /b/k", {}, "s3", "MethodNotAllowed"],
  ["a broken escape", "GET /b/%zz", {}, "s3", "InvalidURI"],
  ["a bucket has no slash", "GET /a%2Fb/k", {}, "s3", "InvalidBucketName"],
  ["S3 asked with another signature", "GET /b/k", {}, "kms", "AuthorizationHeaderMalformed"],
  [
    "an action in the query",
    "GET /?Action=GetCallerIdentity&Version=2011-06-15",
    {},
    "sts",
    "sts GetCallerIdentity",
  ],
  ["a query service without an action", "GET /", {}, "sts", "MissingAction"],
  [
    "RPC v2 for a service that does not speak it",
    "POST /service/TrentService/operation/Encrypt",
    { "smithy-protocol": "rpc-v2-cbor" },
    "kms",
    "UnknownOperationException",
  ],
];

for (const [title, line, headers, scope, expected] of cases) {
  test(`route: ${title}`, () => {
    const routed = route(requestOf(line, headers), scope, hosts);
    const found =
      routed.kind === "routed"
        ? `${routed.model.name} ${routed.operation.name}`
        : routed.refusal.code;
    assert.equal(found, expected);
  });
}

const forms: [string, string, string | undefined, string][] = [
  ["an action and a version", "Action=ListUsers&Version=2010-05-08", "iam", "iam ListUsers"],
  ["the order does not matter", "Version=2010-05-08&Action=ListUsers", "iam", "iam ListUsers"],
  ["an unknown action", "Action=Nope&Version=2010-05-08", "iam", "InvalidAction"],
  ["no action", "Version=2010-05-08", "iam", "MissingAction"],
  [
    "an action of another service than the signature's",
    "Action=ListUsers&Version=2010-05-08",
    "sts",
    "SignatureDoesNotMatch",
  ],
  [
    "an action that nobody needs to sign",
    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15",
    undefined,
    "sts AssumeRoleWithWebIdentity",
  ],
];

for (const [title, body, scope, expected] of forms) {
  test(`route a form: ${title}`, () => {
    const request = requestOf("POST /", form);
    assert.ok(isForm(request, scope));
    const routed = route(request, scope, hosts, Buffer.from(body));
    const found =
      routed.kind === "routed"
        ? `${routed.model.name} ${routed.operation.name}`
        : routed.refusal.code;
    assert.equal(found, expected);
  });
}

test("an object may be of the type that forms have", () => {
  assert.equal(isForm(requestOf("PUT /b/k", form), "s3"), false);
  assert.equal(isForm(requestOf("POST /", form), "s3"), false);
});

const named: [string, string, string | undefined][] = [
  ["the base host names no bucket", "bondstore.test:8080", undefined],
  ["an address names none", "127.0.0.1:4566", undefined],
  ["nor does the service's own name", "s3.us-east-1.bondstore.test", undefined],
  ["a label before the base", "b.bondstore.test", "b"],
  ["a label before the service", "b.s3.bondstore.test:1", "b"],
  ["a label before the region", "b.s3.us-east-1.bondstore.test", "b"],
  ["a bucket may hold dots", "my.b.s3.localhost:4566", "my.b"],
  ["AWS's own names", "b.s3.eu-central-1.amazonaws.com", "b"],
  ["case does not matter", "B.S3.LOCALHOST", "b"],
  ["a stranger's host names none", "b.example.org", undefined],
];

for (const [title, host, bucket] of named) {
  test(`bucket in the host: ${title}`, () => {
    const routed = route(requestOf("GET /k", { host }), "s3", hosts);
    assert.ok(routed.kind === "routed");
    assert.equal(routed.labels["Bucket"], bucket ?? "k");
  });
}
