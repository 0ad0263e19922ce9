import type { KinesisCall } from "./find-stream.ts";
import { currentRecord, type Stream, type StreamRecord, streamTable } from "./stream.ts";

/** Changes the very stream that was judged; one made meanwhile under its name stays as it is. */
export async function changeStream(
  stream: Stream,
  call: KinesisCall,
  how: (record: StreamRecord) => StreamRecord,
): Promise<void> {
  await call.parts.store.transaction(() => {
    const next = how(currentRecord(stream));
    streamTable(stream.store).put([next.name], next);
  });
}
