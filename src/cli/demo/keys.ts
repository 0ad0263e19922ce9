import { type Cast, names } from "./cast.ts";
import { iterator } from "./refusals.ts";
import { bytes, type Input } from "./request.ts";
import type { Stage } from "./stage.ts";

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
  await seen(stage, "CheckpointFailed", ({ errorCode }) => errorCode !== undefined);
  await seen(
    stage,
    "GenerateDataKey",
    ({ errorCode, userIdentity }) =>
      errorCode === "DisabledException" &&
      userIdentity?.invokedBy === "kinesisanalytics.amazonaws.com",
  );
  await stage.cli("acme", "kms", "EnableKey", { KeyId: keyArn });
}

interface Event {
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly userIdentity?: { readonly invokedBy?: string };
}

/** Waits for an event in the trail, as everybody finds it: by its name. */
async function seen(stage: Stage, name: string, is: (event: Event) => boolean): Promise<void> {
  const input = {
    LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: name }],
    MaxResults: 20,
  };
  stage.tell(`>>> alice.cloudtrail.lookup_events(LookupAttributes=[…EventName ${name}…])`);
  const { errorCode, errorMessage = "" } = await stage.until(
    `the trail shows ${name}`,
    async () => {
      const { output } = await stage.quietly("alice", "cloudtrail", "LookupEvents", input);
      const events = (output?.["Events"] ?? []) as { readonly CloudTrailEvent: string }[];
      return events.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent) as Event).find(is);
    },
    60_000,
  );
  stage.check(`the trail shows ${name}: ${errorCode}: ${errorMessage.slice(0, 120)}`, true);
}
