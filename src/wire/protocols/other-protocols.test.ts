import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, requestOf } from "../../../test/support/sample-request.ts";
import { decode, encode, encodeError } from "../codecs.ts";
import { linkModel } from "../link-model.ts";
import type { ProtocolName, Routed } from "../protocol.ts";
import { matchRest } from "../rest-route.ts";
import { parseCbor } from "./cbor-reader.ts";

/** A service that speaks what no service with a table speaks yet. */
const model = linkModel(
  JSON.stringify({
    name: "sample",
    signingName: "sample",
    version: "2020-01-01",
    protocols: ["ec2", "rest-json", "smithy-rpc-v2-cbor"],
    targetPrefix: "Sample",
    xmlNamespace: "http://sample/",
    queryCompatible: true,
    operations: {
      Find: {
        method: "PUT",
        uri: "/{accountId}/vaults/{name}?find",
        status: 201,
        input: "FindInput",
        output: "FindOutput",
        errors: ["GoneFault"],
      },
      Touch: {},
    },
    shapes: {
      FindInput: {
        type: "structure",
        required: ["name"],
        members: {
          name: { shape: "Text", location: "uri", locationName: "name" },
          limit: { shape: "Number", location: "querystring", locationName: "limit" },
          ids: { shape: "Texts", locationName: "Id" },
          at: "Time",
          ratio: "Ratio",
        },
      },
      FindOutput: {
        type: "structure",
        members: {
          token: { shape: "Text", location: "header", locationName: "x-token" },
          ids: { shape: "Texts", locationName: "idSet" },
          at: "Time",
          data: "Data",
          self: "FindOutput",
        },
      },
      GoneFault: {
        type: "structure",
        error: { code: "Sample.Gone", status: 410 },
        members: { message: "Text", where: "Text" },
      },
      Text: { type: "string" },
      Number: { type: "integer" },
      Ratio: { type: "double" },
      Time: { type: "timestamp" },
      Data: { type: "blob" },
      Texts: { type: "list", member: { shape: "Text", locationName: "item" } },
    },
  }),
);

function routed(protocol: ProtocolName, name = "Find"): Routed {
  const operation = model.findOperation(name);
  assert.ok(operation);
  return {
    kind: "routed",
    protocol,
    model,
    operation,
    labels: { accountId: "-", name: "n" },
    head: false,
    resource: "/",
    queryMode: true,
  };
}

const output = { token: "t", ids: ["a", "b"], at: new Date(1500), data: Buffer.from("hi") };
const gone = { code: "GoneFault", message: "m", details: { where: "w", other: "x" } };

test("ec2Query: lists are flat on the way in, items on the way out", () => {
  const form = Buffer.from("Name=n&Id.1=a&Id.2=b&At=1970-01-01T00%3A00%3A01Z&Limit=5");
  const request = requestOf("POST /");
  assert.deepEqual(decode(routed("ec2-query"), request, form), {
    name: "n",
    limit: 5,
    ids: ["a", "b"],
    at: new Date(1000),
  });
  assert.equal(
    bodyOf(encode(routed("ec2-query"), output, "id")),
    '<FindResponse xmlns="http://sample/"><requestId>id</requestId><idSet><item>a</item><item>b</item>' +
      "</idSet><at>1970-01-01T00:00:01.500Z</at><data>aGk=</data></FindResponse>",
  );
});

test("ec2Query: an error stands in a list of one", () => {
  const response = encodeError(routed("ec2-query"), gone, "id");
  assert.equal(response.status, 410);
  assert.equal(
    bodyOf(response),
    "<Response><Errors><Error><Code>Sample.Gone</Code><Message>m</Message></Error></Errors>" +
      "<RequestID>id</RequestID></Response>",
  );
});

test("ec2Query: what is missing is told in its words", () => {
  assert.throws(() => decode(routed("ec2-query"), requestOf("POST /"), Buffer.from("")), {
    code: "MissingParameter",
    message: "The request must contain the parameter Name",
  });
});

test("restJson1: members stand in path, query, headers and body", () => {
  const request = requestOf("PUT /-/vaults/n?find&limit=5");
  const body = Buffer.from('{"Id":["a"],"ratio":"NaN","at":1.5,"limit":7}');
  assert.deepEqual(decode(routed("rest-json"), request, body), {
    name: "n",
    limit: 5,
    ids: ["a"],
    at: new Date(1500),
    ratio: Number.NaN,
  });
  const response = encode(routed("rest-json"), output, "id");
  assert.equal(response.status, 201);
  assert.equal(response.headers["x-token"], "t");
  assert.equal(bodyOf(response), '{"idSet":["a","b"],"at":1.5,"data":"aGk="}');
});

test("restJson1: an error has the model's status, and its name in a header", () => {
  const response = encodeError(routed("rest-json"), gone, "id");
  assert.equal(response.status, 410);
  assert.equal(response.headers["x-amzn-ErrorType"], "GoneFault");
  assert.deepEqual(JSON.parse(bodyOf(response)), { code: "GoneFault", message: "m", where: "w" });
});

test("RPC v2 CBOR: an instant is seconds under a tag", () => {
  const request = requestOf("POST /service/Sample/operation/Find");
  const body = Buffer.from("a2646e616d65616e626174c1fb3ff8000000000000", "hex");
  assert.deepEqual(decode(routed("rpc-v2-cbor"), request, body), { name: "n", at: new Date(1500) });
  const response = encode(routed("rpc-v2-cbor"), output, "id");
  assert.equal(response.headers["smithy-protocol"], "rpc-v2-cbor");
  assert.equal(response.headers["Content-Type"], "application/cbor");
  assert.ok(Buffer.isBuffer(response.body));
  const read = parseCbor(response.body) as Record<string, unknown>;
  assert.equal(read["at"], 1.5);
  assert.deepEqual(read["data"], Buffer.from("hi"));
});

test("RPC v2 CBOR: no output is no body", () => {
  const response = encode(routed("rpc-v2-cbor", "Touch"), undefined, "id");
  assert.equal(bodyOf(response), "");
  assert.equal(response.headers["Content-Type"], undefined);
});

test("RPC v2 CBOR: an error carries awsQuery's code for those who ask", () => {
  const response = encodeError(routed("rpc-v2-cbor"), gone, "id");
  assert.equal(response.status, 400);
  assert.equal(response.headers["x-amzn-query-error"], "Sample.Gone;Sender");
  assert.ok(Buffer.isBuffer(response.body));
  assert.deepEqual(
    { ...(parseCbor(response.body) as object) },
    {
      __type: "GoneFault",
      message: "m",
      where: "w",
    },
  );
});

const deep: [title: string, protocol: ProtocolName][] = [
  ["JSON", "rest-json"],
  ["XML", "ec2-query"],
  ["CBOR", "rpc-v2-cbor"],
];

for (const [title, protocol] of deep) {
  test(`a shape may contain itself: ${title}`, () => {
    const response = encode(routed(protocol), { self: { self: { ids: ["x"] } } }, "id");
    assert.ok(bodyOf(response).includes("x"));
  });
}

test("a path of several labels", () => {
  const found = matchRest(model, "PUT", "/-/vaults/n", new Map([["find", [""]]]), () => undefined);
  assert.deepEqual(found?.labels, { accountId: "-", name: "n" });
  const none = matchRest(model, "PUT", "/-/other/n", new Map([["find", [""]]]), () => undefined);
  assert.equal(none, undefined);
});
