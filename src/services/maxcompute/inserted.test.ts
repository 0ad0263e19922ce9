import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "../../../test/support/memory-store.ts";
import { type FileRecord, type TableRecord, versionRows } from "./catalog.ts";
import { insertedSince } from "./inserted.ts";

test("versions with many files are compared so far, and no further", async () => {
  const store = createMemoryStore();
  const own = store.account("111111111111");
  const table = { id: "i", createdAtMs: 0, owner: "o" } as TableRecord;
  const files = Array.from({ length: 60_000 }, (_, at) => ({ id: `${at}`, rows: 1 }) as FileRecord);
  const times = { createdAtMs: 0, modifiedAtMs: 0 };
  await store.transaction(() => {
    for (const version of [1, 2, 3, 4, 5]) {
      const partitions = [
        { values: [], files: files.slice(0, files.length - 5 + version), ...times },
      ];
      versionRows(own).put(["i", version], {
        ...{ version, atMs: 0, by: "o", operation: "INSERT", partitions },
      });
    }
  });
  const inserted = insertedSince(own, table, 1, 3);
  assert.ok(typeof inserted === "object");
  assert.deepEqual(
    inserted.partitions.flatMap((one) => one.files.map(({ id }) => id)),
    ["59996", "59997"],
  );
  assert.equal(insertedSince(own, table, 1, 5), "too much");
  assert.equal(typeof insertedSince(own, table, 3, 5), "object");
});
