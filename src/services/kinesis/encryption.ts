import type {
  StartStreamEncryptionInput,
  StopStreamEncryptionInput,
} from "@aws-sdk/client-kinesis";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { changeStream } from "./change-stream.ts";
import { findStream, type KinesisCall } from "./find-stream.ts";
import { kmsWords, useFor } from "./sealers.ts";

/** New records are sealed under a customer managed key from here on. Who sets it must be able to use the key. */
export const startStreamEncryption = operation("StartStreamEncryption", {
  resolve: (input: Checked<StartStreamEncryptionInput>, call: KinesisCall) =>
    findStream(input, call),

  async handle(stream, { KeyId = "", EncryptionType }, call): Promise<void> {
    checkType(EncryptionType);
    const use = useFor(call, stream.arn);
    await kmsWords(call.parts.keys.describe(KeyId, use));
    await changeStream(stream, call, (record) => ({ ...record, keyId: KeyId }));
  },
});

/** New records are sealed under the account's own key again; older ones stay as they are. */
export const stopStreamEncryption = operation("StopStreamEncryption", {
  resolve: (input: Checked<StopStreamEncryptionInput>, call: KinesisCall) =>
    findStream(input, call),

  handle(stream, { EncryptionType }, call): Promise<void> {
    checkType(EncryptionType);
    return changeStream(stream, call, ({ keyId: _, ...record }) => record);
  },
});

function checkType(type: string | undefined): void {
  if (type === "KMS") return;
  throw new ServiceError("InvalidArgumentException", "EncryptionType must be KMS.");
}
