import assert from "node:assert/strict";
import { test } from "node:test";
import { ApplicationLogs } from "./application-logs.ts";

const arn = "arn:aws:kinesisanalytics:us-east-1:111122223333:application/sums";
const line = (level: string, message: string) =>
  `2026-11-22T10:00:00,000 ${level} x.Y - ${message}`;

function start() {
  const clock = { nowMs: 1_000_000 };
  const told: string[] = [];
  const logs = new ApplicationLogs({ now: () => clock.nowMs }, (text) => void told.push(text));
  return { clock, told, logs };
}

const levels: readonly (readonly [string, string, boolean])[] = [
  ["what goes well is kept, not told", line("INFO ", "all is well"), false],
  ["a warning is told", line("WARN ", "look"), true],
  ["an error is told", line("ERROR", "help"), true],
  ["a word in a message is no level", line("INFO ", "no ERROR here, and no WARN "), false],
];

for (const [title, text, tells] of levels) {
  test(title, () => {
    const { logs, told } = start();
    logs.add(arn, text);
    assert.deepEqual(logs.lines(arn), [text]);
    assert.deepEqual(told, tells ? [`flink 111122223333/sums: ${text}`] : []);
  });
}

test("a line cannot steer the operator's terminal", () => {
  const { logs, told } = start();
  const escapeCharacter = String.fromCharCode(27);
  logs.add(arn, line("WARN ", `${escapeCharacter}[2J${escapeCharacter}]0;x\r`));
  assert.match(told[0] ?? "", /^[^\p{Cc}]*$/u);
});

test("an application that cries all the time is told about twenty times a minute", () => {
  const { logs, told, clock } = start();
  for (let count = 0; count < 100; count += 1) logs.add(arn, line("ERROR", String(count)));
  assert.equal(told.length, 21);
  assert.match(told[20] ?? "", /bondstore logs/);
  clock.nowMs += 60_001;
  logs.add(arn, line("ERROR", "again"));
  assert.equal(told.length, 22);
});

test("the last lines are kept, and none of an application that is gone", () => {
  const { logs } = start();
  for (let count = 0; count < 6000; count += 1) logs.add(arn, String(count));
  assert.ok(logs.lines(arn).length <= 2500);
  assert.equal(logs.lines(arn).at(-1), "5999");
  logs.forget(arn);
  assert.deepEqual(logs.lines(arn), []);
});
