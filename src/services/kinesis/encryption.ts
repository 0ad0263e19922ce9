import type {
  StartStreamEncryptionInput,
  StopStreamEncryptionInput,
} from "@aws-sdk/client-kinesis";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { findStream, type KinesisCall } from "./find-stream.ts";
import { kmsWordsAsync, useFor } from "./sealers.ts";
import { type Stream, type StreamRecord, streamTable } from "./stream.ts";

/** New records are sealed under a customer managed key from here on. Who sets it must be able to use the key. */
export const startStreamEncryption = operation("StartStreamEncryption", {
  resolve: (input: Checked<StartStreamEncryptionInput>, call: KinesisCall) =>
    findStream(input, call),

  async handle(stream, { KeyId = "", EncryptionType }, call): Promise<void> {
    checkType(EncryptionType);
    const use = useFor(call, stream.arn);
    const key = await kmsWordsAsync(call.parts.keys.describe(KeyId, use));
    if (!key.symmetric) {
      throw new ServiceError(
        "InvalidArgumentException",
        `${KeyId} is not a symmetric key; a stream needs one.`,
      );
    }
    await change(stream, call, (record) => ({ ...record, keyId: KeyId }));
  },
});

/** New records are sealed under the account's own key again; older ones stay as they are. */
export const stopStreamEncryption = operation("StopStreamEncryption", {
  resolve: (input: Checked<StopStreamEncryptionInput>, call: KinesisCall) =>
    findStream(input, call),

  handle(stream, { EncryptionType }, call): Promise<void> {
    checkType(EncryptionType);
    return change(stream, call, ({ keyId: _, ...record }) => record);
  },
});

function checkType(type: string | undefined): void {
  if (type === "KMS") return;
  throw new ServiceError("InvalidArgumentException", "EncryptionType must be KMS.");
}

/** Changes the very stream that was judged; one made meanwhile under its name stays as it is. */
export async function change(
  { record, store }: Stream,
  call: KinesisCall,
  how: (record: StreamRecord) => StreamRecord,
): Promise<void> {
  const table = streamTable(store);
  await call.parts.store.transaction(() => {
    const now = table.find([record.name]);
    if (now?.id !== record.id) {
      throw new ServiceError(
        "ResourceNotFoundException",
        `Stream ${record.name} under account ${call.account} not found.`,
      );
    }
    table.put([record.name], how(now));
  });
}
