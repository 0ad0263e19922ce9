import assert from "node:assert/strict";
import { type ClientRequest, request } from "node:http";
import { test } from "node:test";
import { IAMClient, SimulateCustomPolicyCommand } from "@aws-sdk/client-iam";
import { startBondstore } from "../support/bondstore.ts";
import { sha256, signRequest } from "../support/sign-request.ts";

/** Invariant: everything read from outside has a limit, and so has the work that one request causes. */

const policy = (resources: readonly string[]) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:*", Resource: resources }],
  });

test("a simulation judges no more than it shows, and asks no more than can be shown", async (t) => {
  const running = await startBondstore(t);
  const { root } = await running.tenant("mallory");
  const iam = new IAMClient(running.client(root));
  const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);
  const ask = (actions: number, resources: number, pattern: readonly string[]) =>
    iam.send(
      new SimulateCustomPolicyCommand({
        PolicyInputList: [policy(pattern)],
        ActionNames: numbers(actions).map(() => "s3:GetObject"),
        ResourceArns: numbers(resources).map((at) => `arn:aws:s3:::bucket/${at}`),
        MaxItems: 1000,
      }),
    );

  await assert.rejects(ask(1000, 1000, ["*"]), { name: "InvalidInputException" });
  const small = await ask(10, 200, ["*"]);
  assert.deepEqual([small.EvaluationResults?.length, small.IsTruncated], [1000, true]);
  const long = numbers(100).map((at) => `arn:aws:s3:::bucket/${"*a".repeat(100)}${at}`);
  const large = await ask(10, 200, long);
  assert.ok(large.IsTruncated && (large.EvaluationResults?.length ?? 0) < 500);
});

test("who has no key of ours cannot make the server keep a long body", async (t) => {
  const running = await startBondstore(t);
  const { port, host } = new URL(running.endpoint);
  const scope = `${new Date().toISOString().slice(0, 10).replaceAll("-", "")}/us-east-1/kinesis`;
  const claim = `AWS4-HMAC-SHA256 Credential=AKIANOBODY/${scope}/aws4_request, SignedHeaders=host, Signature=0`;
  const json = "application/x-amz-json-1.1";
  const form = "application/x-www-form-urlencoded";
  const cases: [title: string, headers: Record<string, string>][] = [
    ["no key at all", { "content-type": json, "x-amz-target": "Kinesis_20131202.PutRecords" }],
    ["an unknown key", { authorization: claim, "content-type": json }],
    ["a form", { "content-type": form }],
    ["a form of an unknown key", { authorization: claim, "content-type": form }],
    ["a malformed signature", { authorization: "AWS4-HMAC-SHA256 what", "content-type": json }],
  ];
  for (const [title, more] of cases) {
    const headers = { host, ...more, "content-length": "900000" };
    // The body never comes: only who does not wait for it answers.
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asked = request({ host: "127.0.0.1", port, method: "POST", path: "/", headers });
      asked.on("error", reject).on("response", (answer) => {
        resolve(answer.statusCode);
        asked.off("error", reject).on("error", () => {});
        asked.destroy();
      });
      asked.flushHeaders();
    });
    assert.ok(status === 400 || status === 403, `${title}: ${status}`);
  }
});

test("long bodies that prove nothing take a bounded part of memory, and short calls go on", async (t) => {
  const running = await startBondstore(t);
  const { root } = await running.tenant("acme");
  const { port, host } = new URL(running.endpoint);
  const sign = (body: string) =>
    signRequest({
      method: "POST",
      target: "/",
      headers: { host, "x-amz-target": "Kinesis_20131202.ListStreams" },
      payloadHash: sha256(body),
      accessKeyId: root.accessKeyId,
      secret: body === "{}" ? root.secretAccessKey : "a guess",
      service: "kinesis",
      timeMs: Date.now(),
    }).headers;
  const type = { "content-type": "application/x-amz-json-1.1" };
  const part = Buffer.alloc(15_000_000, " ");
  const senders: ClientRequest[] = [];
  const busy = new Promise<void>((resolve) => {
    for (let sent = 0; sent < 24; sent += 1) {
      const headers = { ...sign("?"), ...type, "content-length": String(part.length + 1) };
      const asked = request({ host: "127.0.0.1", port, method: "POST", path: "/", headers });
      senders.push(asked);
      asked.on("error", () => {});
      asked.on("response", (answer) => answer.statusCode === 503 && resolve());
      asked.write(part);
    }
  });
  await busy;
  const headers = { ...sign("{}"), ...type };
  const short = await fetch(running.endpoint, { method: "POST", headers, body: "{}" });
  assert.equal(short.status, 200);
  for (const asked of senders) asked.destroy();
});
