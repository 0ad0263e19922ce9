import { type Cast, names } from "./cast.ts";
import { bytes, type Input } from "./request.ts";
import type { Fields, Stage } from "./stage.ts";

/** Item 5: what bob may not do, and why. */
export async function refusals(cast: Cast): Promise<void> {
  const { stage, data } = cast;
  const { CiphertextBlob } = await stage.sdk("alice", "kms", "Encrypt", {
    KeyId: names.alias,
    Plaintext: bytes("for alice alone"),
  });
  await stage.sdk("alice", "s3", "PutObject", {
    Bucket: names.bucket,
    Key: "notes/for-alice.txt",
    Body: bytes("for alice alone"),
  });
  const ShardIterator = await iterator(stage, "bob");
  const attempts: readonly (readonly [string, string, Input])[] = [
    ["s3", "GetObject", { Bucket: names.bucket, Key: "notes/for-alice.txt" }],
    ["kms", "Decrypt", { CiphertextBlob: CiphertextBlob as Input }],
    ["kinesis", "GetRecords", { ShardIterator }],
    [
      "kinesisanalyticsv2",
      "CreateApplicationSnapshot",
      { ApplicationName: names.application, SnapshotName: "by-bob" },
    ],
  ];
  for (const [service, operation, input] of attempts) {
    const refusal = await stage.refused("bob", service, operation, input, denied);
    stage.check("the refusal names its request", refusal.requestId !== "");
    const { out } = await stage.bondstore(["explain", refusal.requestId, "--data", data]);
    stage.check(
      "explain names the policies that decided and the smallest change",
      out.includes("smallest change") && out.includes("user/bob"),
    );
  }
}

const denied = ["AccessDenied", "AccessDeniedException"] as const;

/** An iterator over the stream's one shard, from its beginning. */
export async function iterator(stage: Stage, who: string): Promise<string> {
  const answer = await stage.sdk(who, "kinesis", "GetShardIterator", {
    StreamName: names.stream,
    ShardId: "shardId-000000000000",
    ShardIteratorType: "TRIM_HORIZON",
  });
  return String((answer as Fields)["ShardIterator"]);
}
