import assert from "node:assert/strict";
import { test } from "node:test";
import { linesOf, variablesOf } from "./env.ts";

test("the variables name endpoint, region and CA, and never a secret", () => {
  const running = { endpoint: "https://127.0.0.1:4566", ca: "/d/ca.pem", region: "eu-west-1" };
  assert.deepEqual(variablesOf(running, ""), {
    AWS_ENDPOINT_URL: "https://127.0.0.1:4566",
    AWS_REGION: "eu-west-1",
    AWS_DEFAULT_REGION: "eu-west-1",
    AWS_CA_BUNDLE: "/d/ca.pem",
    NODE_EXTRA_CA_CERTS: "/d/ca.pem",
  });
});

test("a profile is named where there is one, a CA where there is HTTPS", () => {
  const variables = variablesOf({ endpoint: "http://127.0.0.1:1", region: "r" }, "bondstore");
  assert.equal(variables["AWS_PROFILE"], "bondstore");
  assert.ok(!("AWS_CA_BUNDLE" in variables));
});

test("each format quotes what would be read otherwise", () => {
  const variables = { A: `it's "$(here)" \\ now` };
  assert.deepEqual(linesOf(variables, "shell"), [`export A='it'\\''s "$(here)" \\ now'`]);
  assert.deepEqual(linesOf(variables, "ps1"), [`$env:A = 'it''s "$(here)" \\ now'`]);
  assert.deepEqual(linesOf(variables, "dotenv"), [`A="it's \\"\\$(here)\\" \\\\ now"`]);
  assert.deepEqual(linesOf(variables, "json"), [JSON.stringify(variables)]);
});
