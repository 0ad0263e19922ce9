import assert from "node:assert/strict";
import { test } from "node:test";
import { lastDue, readSchedule } from "./cron.ts";

/** At a moment, when a schedule was due last; never since 2020 where nothing stands. */
const cases: readonly (readonly [schedule: string, now: string, due: string | undefined])[] = [
  ["0 0 12 * * ?", "2026-11-28T12:00:00", "2026-11-28T12:00:00"],
  ["0 0 12 * * ?", "2026-11-28T11:59:59", "2026-11-27T12:00:00"],
  ["0 15 10 ? * *", "2026-11-28T23:00:00", "2026-11-28T10:15:00"],
  ["0 15 10 * * ? 2025", "2026-11-28T23:00:00", "2025-12-31T10:15:00"],
  ["0 * 14 * * ?", "2026-11-28T14:30:59", "2026-11-28T14:30:00"],
  ["0 0/5 14,18 * * ?", "2026-11-28T18:03:00", "2026-11-28T18:00:00"],
  ["0 0/5 14,18 * * ?", "2026-11-28T17:03:00", "2026-11-28T14:55:00"],
  ["0 0-5 14 * * ?", "2026-11-28T15:00:00", "2026-11-28T14:05:00"],
  ["30/10 5-9/2 * * * ? *", "2026-11-28T15:00:00", "2026-11-28T14:09:50"],
  ["0 10,44 14 ? 3 WED", "2026-11-28T15:00:00", "2026-03-25T14:44:00"],
  ["0 15 10 ? * MON-FRI", "2026-11-28T23:00:00", "2026-11-27T10:15:00"],
  ["0 15 10 15 * ?", "2026-11-28T23:00:00", "2026-11-15T10:15:00"],
  ["0 15 10 L * ?", "2026-11-28T23:00:00", "2026-10-31T10:15:00"],
  ["0 15 10 ? * 6L", "2026-11-28T23:00:00", "2026-11-27T10:15:00"],
  ["0 15 10 ? * 6L 2022-2025", "2026-11-28T23:00:00", "2025-12-26T10:15:00"],
  ["0 15 10 ? * 6#3", "2026-11-28T23:00:00", "2026-11-20T10:15:00"],
  ["0 0 12 1/5 * ?", "2026-11-28T23:00:00", "2026-11-26T12:00:00"],
  ["0 0 0 29 FEB ?", "2026-11-28T23:00:00", "2024-02-29T00:00:00"],
  ["0 0 0 ? JAN,jul sun", "2026-11-28T23:00:00", "2026-07-26T00:00:00"],
  ["0 0 0 30 FEB ?", "2026-11-28T23:00:00", undefined],
  ["0 0 0 1 1 ? 2027", "2026-11-28T23:00:00", undefined],
];

test("a schedule is due when Quartz says so", () => {
  for (const [text, now, due] of cases) {
    const schedule = readSchedule(text);
    assert.ok(schedule, text);
    const untilMs = Date.parse(`${now}Z`);
    const found = lastDue(schedule, { afterMs: Date.UTC(2020, 0), untilMs, zone: "UTC" });
    assert.equal(found && new Date(found).toISOString().slice(0, 19), due, text);
  }
});

test("it is due by clocks of a zone, and once for each moment", () => {
  const schedule = readSchedule("0 0 2 * * ?");
  assert.ok(schedule);
  const untilMs = Date.UTC(2026, 10, 28, 12);
  const dueMs = Date.UTC(2026, 10, 27, 18);
  const zone = "Asia/Shanghai";
  assert.equal(lastDue(schedule, { afterMs: 0, untilMs, zone }), dueMs);
  assert.equal(lastDue(schedule, { afterMs: dueMs - 1, untilMs, zone }), dueMs);
  assert.equal(lastDue(schedule, { afterMs: dueMs, untilMs, zone }), undefined);
  assert.equal(lastDue(schedule, { afterMs: dueMs, untilMs: dueMs, zone }), undefined);
  assert.equal(lastDue(schedule, { afterMs: 0, untilMs, zone: "Nowhere/None" }), undefined);
});

test("what is no schedule of Quartz is none", () => {
  const bad = [
    ...["", "* * * * *", "* * * * * *", "* * * ? * ?", "0 0 0 * * ? * *", "60 0 0 * * ?"],
    ...["0 0 24 * * ?", "0 0 0 0 * ?", "0 0 0 32 * ?", "0 0 0 ? * 8", "0 0 0 * 13 ?"],
    ...["0 0 0 5-1 * ?", "0 0/0 0 * * ?", "0 0 0 15W * ?", "0 0 0 ? * 6#6", "0 *-5 0 * * ?"],
    ...["0 0 0 * * ? 3000", "a b c d e f", `${"0,".repeat(200)}0 0 0 * * ?`, "0 0 0 , * ?"],
  ];
  for (const text of bad) assert.equal(readSchedule(text), undefined, text);
});
