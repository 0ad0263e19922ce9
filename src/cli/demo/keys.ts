import { type Cast, names } from "./cast.ts";
import { iterator } from "./refusals.ts";
import { bytes, type Input } from "./request.ts";
import type { Fields, Stage } from "./stage.ts";

const note = { Bucket: names.bucket, Key: "notes/for-alice.txt" };

/** Item 6, first half: after a rotation old and new data read. */
export async function rotate({ stage }: Cast, keyArn: string): Promise<void> {
  const before = await stage.sdk("alice", "kms", "Encrypt", {
    KeyId: names.alias,
    Plaintext: bytes("before the rotation"),
  });
  await stage.cli("acme", "kms", "RotateKeyOnDemand", { KeyId: keyArn });
  const after = { ...note, Key: "notes/after-the-rotation.txt" };
  await stage.sdk("alice", "s3", "PutObject", { ...after, Body: bytes("after the rotation") });
  await reads(stage, note, "for alice alone");
  await reads(stage, after, "after the rotation");
  const CiphertextBlob = before["CiphertextBlob"] as Input;
  const { Plaintext } = await stage.sdk("alice", "kms", "Decrypt", { CiphertextBlob });
  stage.check("what was encrypted before decrypts", textOf(Plaintext) === "before the rotation");
}

async function reads(stage: Stage, input: Input, text: string): Promise<void> {
  const { Body } = await stage.sdk("alice", "s3", "GetObject", input);
  stage.check(`${input["Key"]} reads`, textOf(Body) === text);
}

const textOf = (value: unknown): string =>
  Buffer.from((value as { readonly $bytes: string }).$bytes, "base64").toString();

const disabled = ["KMS.DisabledException", "KMSDisabledException", "DisabledException"] as const;

/** Item 6, second half: without the key nothing reads, visibly; with it again, nothing is lost. */
export async function disable({ stage }: Cast, keyArn: string): Promise<void> {
  const ShardIterator = await iterator(stage, "alice");
  await stage.cli("acme", "kms", "DisableKey", { KeyId: keyArn });
  await stage.refused("alice", "s3", "GetObject", note, disabled);
  await stage.refused("alice", "kinesis", "GetRecords", { ShardIterator }, disabled);
  const failed = await stage.until(
    "the application's failure is in the trail",
    () => failure(stage),
    60_000,
  );
  stage.tell(`>>> alice.cloudtrail.lookup_events(…EventSource=kinesisanalytics.amazonaws.com…)`);
  stage.check(`the trail shows ${failed}`, true);
  await stage.cli("acme", "kms", "EnableKey", { KeyId: keyArn });
}

const failures = ["CheckpointFailed", "ApplicationRestarting"];

async function failure(stage: Stage): Promise<string | undefined> {
  const AttributeKey = "EventSource";
  const answer = await stage.quietly("alice", "cloudtrail", "LookupEvents", {
    LookupAttributes: [{ AttributeKey, AttributeValue: "kinesisanalytics.amazonaws.com" }],
    MaxResults: 20,
  });
  const events = (answer.output?.["Events"] ?? []) as Fields[];
  for (const event of events) {
    if (!failures.includes(String(event["EventName"]))) continue;
    const { errorMessage = "" } = JSON.parse(String(event["CloudTrailEvent"])) as {
      errorMessage?: string;
    };
    if (/[Dd]isabled/.test(errorMessage))
      return `${event["EventName"]}: ${errorMessage.slice(0, 160)}`;
  }
  return undefined;
}
