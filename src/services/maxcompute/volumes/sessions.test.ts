import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "../../../../test/support/memory-store.ts";
import type { OdpsCall } from "../find-project.ts";
import { type VolumeRecord, volumeKey, volumeRows } from "./records.ts";
import {
  commitVolumeUpload,
  type SessionTarget,
  type VolumeUpload,
  volumeUploadRows,
} from "./sessions.ts";

test("an upload into a volume that was forgotten while its commit was judged is refused, not called committed", async () => {
  const store = createMemoryStore();
  const own = store.account("111111111111");
  const volume = { id: "v", schema: "default", name: "lake", version: 1 } as VolumeRecord;
  const session = { id: "u", status: "normal", directory: "/" } as VolumeUpload;
  const target = { store: own, project: { id: "p" }, volume, session };
  await store.transaction(() => {
    volumeRows(own).put(volumeKey("p", volume.schema, volume.name), volume);
    volumeUploadRows(own).put(["p", session.id], session);
  });
  const forget = () => void volumeUploadRows(own).remove(["p", session.id]);
  const committed = commitVolumeUpload(
    target as unknown as SessionTarget<VolumeUpload>,
    { timeMs: 0, parts: { store } } as unknown as OdpsCall,
    forget,
  );
  await assert.rejects(committed, { code: "NoSuchUpload" });
  assert.equal(volumeRows(own).find(volumeKey("p", volume.schema, volume.name))?.version, 1);
});
