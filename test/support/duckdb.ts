import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openVolume, unmountBelow, type Volume } from "../../src/cells/volume.ts";
import {
  type EngineOptions,
  startEngine,
  type WarehouseEngine,
} from "../../src/engines/duckdb/engine.ts";
import type { TakeQuestion } from "../../src/engines/duckdb/questions.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { parseType } from "../../src/sql/parse-type.ts";
import type { Column } from "../../src/sql/types.ts";

const mebi = 1024 * 1024;

/** An engine in a real cell on a real volume; both end with the test. */
export async function startTestEngine(
  t: { after(end: () => Promise<void>): void },
  more: Partial<EngineOptions["limits"]> = {},
): Promise<{ engine: WarehouseEngine; volume: Volume; data: string }> {
  const directory = mkdtempSync(join(tmpdir(), "duckdb-"));
  for (const name of ["mounts", "stored", "run"]) mkdirSync(join(directory, name));
  const key = systemRandom.bytes(32).toString("hex");
  const volume = await openVolume({
    id: "project",
    mountsIn: join(directory, "mounts"),
    storedIn: join(directory, "stored"),
    key: { pour: (into) => void into.end(`${key}\n`) },
    random: systemRandom,
    bytesMax: 4096 * mebi,
  });
  const started = await startEngine({
    cell: { id: "project", runDirectory: join(directory, "run"), volume },
    limits: {
      memoryBytes: 768 * mebi,
      cpus: 2,
      processes: 128,
      workBytes: 64 * mebi,
      openFiles: 1024,
      spillBytes: 2048 * mebi,
      ...more,
    },
    jobs: 4,
    streams: 8,
  }).catch(async (error: unknown) => {
    await volume.close();
    throw error;
  });
  t.after(async () => {
    await started.stop();
    await volume.close();
    unmountBelow(directory);
    rmSync(directory, { recursive: true, force: true });
  });
  return { engine: started, volume, data: join(volume.path, "work", "data") };
}

/** Columns by their names and types as text. */
export const columnsOf = (types: Readonly<Record<string, string>>): readonly Column[] =>
  Object.entries(types).map(([name, type]) => ({ name, type: parseType(type), nullable: true }));

/** All bytes of a stream. */
export async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

/**
 * Begins a job and cancels it after a while, and again and again: what a cell is told comes too early where the job is
 * on its way to it.
 */
export async function cancelledAfter(
  ms: number,
  engine: WarehouseEngine,
  ...job: Parameters<WarehouseEngine["keep"]>
): Promise<void> {
  const [{ id }] = job;
  const ended = assert.rejects(engine.keep(...job), /the query was cancelled/);
  const timer = setInterval(() => void engine.cancel(id).catch(() => {}), ms);
  await ended.finally(() => clearInterval(timer));
}

/** Has a stream made into a file, and puts that into the cell; answers how many rows it has. */
export async function takeInto(
  engine: WarehouseEngine,
  file: string,
  ...stream: [what: TakeQuestion, body: AsyncIterable<Buffer>]
): Promise<number> {
  const { rows, kept } = await engine.take(...stream, bytesOf);
  await engine.put(
    file,
    (async function* () {
      yield kept;
    })(),
  );
  return rows;
}
