/** Real Flink in a cell, without Bondstore's services: it starts, keeps its state, and ends. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { classesFile } from "../../src/engines/flink/classes.ts";
import { type FlinkCode, startFlink } from "../../src/engines/flink/flink.ts";
import { flinkHomeIn } from "../../src/engines/flink/install.ts";
import { smallMemory } from "../../src/engines/flink/settings.ts";
import { findJava } from "../../src/engines/java.ts";
import { isInstalled } from "../../src/engines/pinned-set.ts";
import { until } from "../support/until.ts";

const cache = process.env["BONDSTORE_CACHE"] ?? join(homedir(), ".cache", "bondstore");
const flinkHome = flinkHomeIn(cache, process.env["FLINK_HOME"]);
const javaHome = findJava(process.env["JAVA_HOME"]);
const mebi = 1024 * 1024;
const runningMs = 120_000;

// `npm run setup` installs both: they are there or the test fails, nothing is skipped.
assert.ok(isInstalled(flinkHome) && javaHome, "Flink and Java are installed");

const script = `
CREATE TABLE numbers (id BIGINT)
  WITH ('connector' = 'datagen', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1',
    'fields.id.end' = '1000000', 'rows-per-second' = '100');
CREATE TABLE counts (n BIGINT, largest BIGINT) WITH ('connector' = 'print');
INSERT INTO counts SELECT COUNT(*), MAX(id) FROM numbers`;

const start = (directory: string, id: string, code: FlinkCode, restorePath?: string) =>
  startFlink({
    cell: {
      id,
      runDirectory: join(directory, "run"),
      binds: [{ source: join(directory, "state"), target: "/state", writable: true }],
      cpus: 2,
      workBytes: 128 * mebi,
    },
    flinkHome,
    javaHome,
    memory: smallMemory,
    code,
    region: "us-east-1",
    logLevel: "WARN",
    options: {
      "execution.checkpointing.interval": "500ms",
      "execution.checkpointing.dir": "file:///state/checkpoints",
    },
    classes: { file: classesFile({ flinkHome, javaHome }) },
    ...(restorePath === undefined ? {} : { restorePath }),
  });

/** A directory for cells; both are gone after the test, the cells first: a running one writes in it. */
const workplace = (t: { after(run: () => Promise<void>): void }) => {
  const directory = mkdtempSync(join(tmpdir(), "flink-"));
  mkdirSync(join(directory, "state"));
  const started: Awaited<ReturnType<typeof startFlink>>[] = [];
  t.after(async () => {
    for (const job of started) await job.stop(0);
    rmSync(directory, { recursive: true, force: true });
  });
  return async (id: string, code: FlinkCode, restorePath?: string) => {
    const job = await start(directory, id, code, restorePath);
    started.push(job);
    return job;
  };
};

/** The largest number counted, and whether each was counted once. */
const counted = (log: readonly string[]) => {
  const rows = [...log.join("\n").matchAll(/^\+[IU](?:\[| \[)?(\d+), (\d+)\]/gm)];
  const [, count = "0", largest = "-1"] = rows.at(-1) ?? [];
  return { count: Number(count), largest: Number(largest) };
};

test("a SQL application goes on from its savepoint, each row counted once", async (t) => {
  const startIn = workplace(t);
  const first = await startIn("first", { kind: "sql", script });
  await first.running(runningMs);
  await until("its first rows", async () => counted(first.cell.log).count > 0);
  const path = await first.savepoint("file:///state/savepoints");
  assert.match(path, /^file:\/state\/savepoints\/savepoint-/);
  const { latest, failure } = await first.checkpoints();
  assert.match(`${latest?.path} ${failure}`, /^file:\/state\/\S+ undefined$/);
  await first.stop(0);
  const before = counted(first.cell.log);

  const second = await startIn("second", { kind: "sql", script }, path);
  await second.running(runningMs);
  await until("its next rows", async () => counted(second.cell.log).count > 0);
  const after = counted(second.cell.log);
  assert.equal(before.count, before.largest);
  assert.equal(after.count, after.largest);
  assert.ok(/\+U/.test(second.cell.log.join("\n")), "it goes on, it does not begin");
});

test("a JAR of Flink's examples runs, and what it cannot do is in the log", async (t) => {
  const startIn = workplace(t);
  const jar = await startIn("jar", {
    kind: "jar",
    jarPath: join(flinkHome, "examples/flink-examples-streaming-1.20.0.jar"),
    entryClass: "org.apache.flink.streaming.examples.windowing.TopSpeedWindowing",
    args: [],
  });
  const { state } = await jar.running(runningMs);
  assert.equal(state, "RUNNING");
  await jar.cancel();
  await jar.cell.exited;
  assert.match((await jar.status()).state, /ENDED/);
});

test("a script that Flink refuses ends with Flink's reason", async (t) => {
  const startIn = workplace(t);
  const job = await startIn("wrong", { kind: "sql", script: "SELEC 1" });
  await assert.rejects(job.running(runningMs), /Non-query expression/);
});
