import assert from "node:assert/strict";
import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startBondstore } from "../support/bondstore.ts";
import { callerOf } from "../support/sdk.ts";

/** Invariant: if the trail cannot be written, the operation fails. */

test("while the trail cannot be written nothing is done, read or told; then all goes on", async (t) => {
  const running = await startBondstore(t);
  const { root } = await running.tenant("acme");
  const callers = Object.fromEntries(
    ["iam", "kms", "s3", "sts"].map((name) => [name, callerOf(name, running.client(root))]),
  );
  const call = (service: string, operation: string, input: object) =>
    callers[service]?.call(operation, input) ?? assert.fail(service);
  const outcomes = async () => {
    const [Bucket, Key] = ["goods-of-acme", "orders/1"];
    const ended = [
      await call("iam", "CreateUser", { UserName: "first" }),
      await call("iam", "CreateUser", { UserName: "second" }),
      await call("kms", "CreateKey", {}),
      await call("kms", "GenerateRandom", { NumberOfBytes: 16 }),
      await call("s3", "CreateBucket", { Bucket }),
      await call("s3", "PutObject", { Bucket, Key, Body: "an order" }),
      await call("sts", "GetCallerIdentity", {}),
      await call("iam", "GetUser", { UserName: "nobody" }),
    ];
    return ended;
  };
  // The file of the first segment cannot be made where a folder of its name stands.
  const segment = join(running.data, "trail", "0000000000000000.log");
  mkdirSync(segment);
  for (const { status, code, message, output } of await outcomes()) {
    assert.ok(status >= 500, `${code}: ${message}`);
    assert.deepEqual(output, {});
    assert.doesNotMatch(message ?? "", new RegExp(running.data), "no path is told");
  }
  rmdirSync(segment);
  // The first call after it shows that the trail can be written again; it is refused, and that is recorded.
  const [first] = [await call("sts", "GetCallerIdentity", {})];
  assert.equal(first.status, 503);
  assert.equal((await call("sts", "GetCallerIdentity", {})).code, undefined);

  const { Users = [] } = (await call("iam", "ListUsers", {})).output as {
    readonly Users?: readonly { readonly UserName: string }[];
  };
  // The call that met the failure first had been judged and begun; it was told that it failed.
  assert.deepEqual(
    Users.map(({ UserName }) => UserName).filter((name) => name !== "first"),
    [],
  );
  assert.deepEqual((await call("kms", "ListKeys", {})).output["Keys"], []);
  assert.deepEqual((await call("s3", "ListBuckets", {})).output["Buckets"] ?? [], []);
  const { trail } = running.bondstore.opened;
  assert.ok(trail.head().size >= 5, "and the trail goes on");
});
