import assert from "node:assert/strict";
import { test } from "node:test";
import { momentOf, shownIn } from "./zoned-time.ts";

const moments: readonly (readonly [text: string, zone: string, moment: string | undefined])[] = [
  ["2026-01-31 10:20:30.123", "Asia/Shanghai", "2026-01-31T02:20:30.123Z"],
  ["2026-01-31 10:20:30.123456789", "UTC", "2026-01-31T10:20:30.123Z"],
  ["2026-01-31", "Asia/Shanghai", "2026-01-30T16:00:00.000Z"],
  ["2026-7-1 0:0:0", "Europe/Berlin", "2026-06-30T22:00:00.000Z"],
  ["2026-03-29 03:30:00", "Europe/Berlin", "2026-03-29T01:30:00.000Z"],
  ["2026-01-01 00:00:00", "America/New_York", "2026-01-01T05:00:00.000Z"],
  ["2026-02-30", "UTC", undefined],
  ["2026-01-01 24:00:00", "UTC", undefined],
  ["yesterday", "UTC", undefined],
  ["2026-01-01", "Nowhere/None", undefined],
];

test("what clocks of a zone show is a moment, or none", () => {
  for (const [text, zone, moment] of moments) {
    const found = momentOf(text, zone);
    assert.equal(found === undefined ? undefined : new Date(found).toISOString(), moment, text);
  }
});

test("a moment is shown as it is read, and in UTC where no zone is known", () => {
  for (const [, zone, moment] of moments) {
    if (moment === undefined) continue;
    const text = shownIn(zone, Date.parse(moment));
    assert.equal(momentOf(text, zone), Math.floor(Date.parse(moment) / 1000) * 1000, text);
  }
  assert.equal(shownIn("Nowhere/None", 0), "1970-01-01 00:00:00");
});
