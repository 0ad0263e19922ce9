import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, requestOf, routedTo } from "../../../test/support/sample-request.ts";
import { decode, encode, encodeError } from "../codecs.ts";

const request = requestOf("POST /");
const routed = (name: string) => routedTo("iam", name, "aws-query");

const reads: [title: string, operation: string, form: string, expected: unknown][] = [
  ["texts", "GetUser", "Action=GetUser&UserName=al%40x", { UserName: "al@x" }],
  [
    "a plus is a space",
    "TagUser",
    "UserName=a&Tags.member.1.Key=k&Tags.member.1.Value=v+w",
    {
      UserName: "a",
      Tags: [{ Key: "k", Value: "v w" }],
    },
  ],
  [
    "members in the order of their numbers, with gaps",
    "UntagUser",
    "UserName=a&TagKeys.member.10=c&TagKeys.member.2=b&TagKeys.member.1=a",
    { UserName: "a", TagKeys: ["a", "b", "c"] },
  ],
  ["an empty list", "CreateUser", "UserName=a&Tags=", { UserName: "a", Tags: [] }],
  ["numbers and truths", "ListUsers", "MaxItems=5", { MaxItems: 5 }],
  [
    "what the shape does not know is dropped",
    "GetUser",
    "UserName=a&Evil.member.1=x",
    { UserName: "a" },
  ],
  ["`__proto__` is an unknown member", "GetUser", "UserName=a&__proto__.x=1", { UserName: "a" }],
];

for (const [title, operation, form, expected] of reads) {
  test(`a form holds: ${title}`, () => {
    assert.deepEqual(decode(routed(operation), request, Buffer.from(form)), expected);
  });
}

const refusals: [title: string, operation: string, form: string, code: string][] = [
  ["a parameter twice", "GetUser", "UserName=a&UserName=b", "MalformedQueryString"],
  ["a broken escape", "GetUser", "UserName=%zz", "MalformedQueryString"],
  ["nesting without end", "GetUser", `${"a.".repeat(1000)}=1`, "MalformedQueryString"],
  ["too many parameters", "GetUser", "a&".repeat(30_000), "MalformedQueryString"],
  ["a number that is none", "ListUsers", "MaxItems=abc", "MalformedInput"],
  [
    "a member without a number",
    "UntagUser",
    "UserName=a&TagKeys.member.x=1",
    "MalformedQueryString",
  ],
  ["a list that is a text", "UntagUser", "UserName=a&TagKeys=x", "MalformedInput"],
  ["a text that is a structure", "GetUser", "UserName.member.1=x", "MalformedInput"],
  ["what the model does not allow", "CreateUser", "UserName=+", "ValidationError"],
  ["what is required and absent", "CreateUser", "", "ValidationError"],
];

for (const [title, operation, form, code] of refusals) {
  test(`a form is refused: ${title}`, () => {
    assert.throws(() => decode(routed(operation), request, Buffer.from(form)), { code });
  });
}

test("an answer stands in the elements that the model names", () => {
  const output = { Users: [{ UserName: "<a>", CreateDate: new Date(0) }], IsTruncated: false };
  assert.equal(
    bodyOf(encode(routed("ListUsers"), output, "id")),
    '<ListUsersResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListUsersResult>' +
      "<Users><member><UserName>&lt;a&gt;</UserName><CreateDate>1970-01-01T00:00:00Z</CreateDate>" +
      "</member></Users><IsTruncated>false</IsTruncated></ListUsersResult>" +
      "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></ListUsersResponse>",
  );
});

const failures: [title: string, code: string, wire: string, status: number, type: string][] = [
  ["the model's code and status", "NoSuchEntityException", "NoSuchEntity", 404, "Sender"],
  ["also by the code itself", "NoSuchEntity", "NoSuchEntity", 404, "Sender"],
  ["a refusal", "AccessDenied", "AccessDenied", 403, "Sender"],
  ["our own fault", "InternalFailure", "InternalFailure", 500, "Receiver"],
  ["a code that nobody knows", "Whatever", "Whatever", 400, "Sender"],
];

for (const [title, code, wire, status, type] of failures) {
  test(`awsQuery errors: ${title}`, () => {
    const response = encodeError(routed("GetUser"), { code, message: "a & b" }, "id");
    assert.equal(response.status, status);
    const error = `<Error><Type>${type}</Type><Code>${wire}</Code><Message>a &amp; b</Message></Error>`;
    assert.ok(bodyOf(response).includes(`${error}<RequestId>id</RequestId>`));
  });
}
