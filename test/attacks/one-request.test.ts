import assert from "node:assert/strict";
import { test } from "node:test";
import { IAMClient, SimulateCustomPolicyCommand } from "@aws-sdk/client-iam";
import { startBondstore } from "../support/bondstore.ts";

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
