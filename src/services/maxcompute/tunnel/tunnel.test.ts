import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "../../../../test/support/memory-store.ts";
import { systemRandom } from "../../../lib/random.ts";
import type { OdpsInput } from "../../../pipeline/document.ts";
import type { Table } from "../../../storage/store.ts";
import type { OdpsCall, TableTarget } from "../find-project.ts";
import { beginSession, sessionFinder, sessionMs, type WritingSession } from "./tunnel.ts";
import { commitUpload, type UploadRecord, uploadRows } from "./uploads.ts";

const account = "111111111111";
const ann = { kind: "user", account, name: "ann" };
const store = createMemoryStore();
const rows: Table<WritingSession> = store.account(account).table("sessions");
const target = (project: string) =>
  ({ project: { id: project }, table: { id: "t" } }) as unknown as TableTarget;
const at = (timeMs: number, principal: object = ann) =>
  ({ timeMs, principal, parts: { store, random: systemRandom } }) as unknown as OdpsCall;

test("a session is found by who began it, for its table, in its project and its time", async () => {
  const { id } = await beginSession(rows, target("p"), { tableId: "t" }, at(5));
  const own = sessionFinder(
    () => rows,
    () => id,
  );
  const find = (project: string, call: OdpsCall, table = "t") => {
    const place = { ...target(project), table: { id: table } } as unknown as TableTarget;
    return own(place, { parameters: {} } as OdpsInput, call).id;
  };
  assert.equal(find("p", at(5 + sessionMs)), id);
  const refused: readonly (readonly [string, () => string])[] = [
    ["somebody else", () => find("p", at(5, { ...ann, name: "bob" }))],
    ["another project", () => find("q", at(5))],
    ["another table", () => find("p", at(5), "u")],
    ["another day", () => find("p", at(6 + sessionMs))],
  ];
  for (const [title, work] of refused) assert.throws(work, { code: "NoSuchUpload" }, title);
});

test("an upload that was forgotten while its commit was judged is refused, not called committed", async () => {
  const own = store.account(account);
  const upload = { id: "u", status: "normal" } as UploadRecord;
  await store.transaction(() => uploadRows(own).put(["p", "u"], upload));
  const forget = () => void uploadRows(own).remove(["p", "u"]);
  const committed = commitUpload({ ...target("p"), store: own }, upload, at(0), forget);
  await assert.rejects(committed, { code: "NoSuchUpload" });
});
