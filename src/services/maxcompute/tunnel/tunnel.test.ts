import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "../../../../test/support/memory-store.ts";
import { systemRandom } from "../../../lib/random.ts";
import type { OdpsInput } from "../../../pipeline/document.ts";
import type { Table } from "../../../storage/store.ts";
import type { OdpsCall, TableTarget } from "../find-project.ts";
import { beginSession, sessionFinder, sessionMs, type WritingSession } from "./tunnel.ts";

const account = "111111111111";
const ann = { kind: "user", account, name: "ann" };
const store = createMemoryStore();
const rows: Table<WritingSession> = store.account(account).table("sessions");
const target = (project: string) =>
  ({ project: { id: project }, table: { id: "t" } }) as unknown as TableTarget;
const at = (timeMs: number, principal: object = ann) =>
  ({ timeMs, principal, parts: { store, random: systemRandom } }) as unknown as OdpsCall;
const left = () => [...rows.range()].map(({ value }) => value.id).sort();

test("who begins a session of a project forgets those of it that are over, and no others", async () => {
  const forgotten: string[] = [];
  const begin = (project: string, timeMs: number) =>
    beginSession(rows, target(project), { tableId: "t" }, at(timeMs), ({ id }) =>
      forgotten.push(id),
    );
  const first = await begin("p", 0);
  const elsewhere = await begin("q", 0);
  const second = await begin("p", sessionMs);
  assert.deepEqual(forgotten, [], "it serves until its time is over");
  const third = await begin("p", sessionMs + 1);
  assert.deepEqual(forgotten, [first.id]);
  assert.deepEqual(left(), [elsewhere.id, second.id, third.id].sort());
});

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

test("sessions that are over go, however many are open", async () => {
  const forgotten: string[] = [];
  const begin = (timeMs: number) =>
    beginSession(rows, target("many"), { tableId: "t" }, at(timeMs), ({ id }) =>
      forgotten.push(id),
    );
  const over: string[] = [];
  for (let count = 0; count < 20; count += 1) over.push((await begin(0)).id);
  const nowMs = sessionMs + 1;
  await store.transaction(() => {
    for (let count = 0; count < 200; count += 1) {
      const id = String(count).padStart(32, "0");
      rows.put(["many", id], { id, by: "eve", beganAtMs: nowMs, tableId: "t" });
    }
  });
  for (let count = 0; count < 100; count += 1) await begin(nowMs);
  const [last] = over.sort().reverse();
  assert.ok(forgotten.includes(String(last)));
});
