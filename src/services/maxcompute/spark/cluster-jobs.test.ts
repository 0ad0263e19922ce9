import assert from "node:assert/strict";
import { test } from "node:test";
import { ClusterJob } from "./cluster-jobs.ts";

/** A job whose rows a map takes. */
function makeJob() {
  const files = new Map<string, string>();
  const cell = { removes: true };
  const engine = {
    async put(name: string, body: AsyncIterable<Buffer>) {
      let text = "";
      for await (const part of body) text += part.toString();
      files.set(name, text);
    },
    async remove(name: string) {
      if (!cell.removes) throw new Error("the cell has ended");
      files.delete(name);
    },
  };
  const grant = { engine, folder: "s/one" } as unknown as ConstructorParameters<
    typeof ClusterJob
  >[0];
  return { job: new ClusterJob(grant), files, cell };
}

async function* bytes(...parts: readonly string[]) {
  for (const part of parts) yield Buffer.from(part);
}

test("rows are a job's once no other attempt is beside them, and not before", async () => {
  const { job, files, cell } = makeJob();
  for (const name of ["00000-1", "00000-2", "00001-3"]) await job.take(name, bytes(name));
  cell.removes = false;
  await assert.rejects(job.commit(["00000-2", "00001-3"]), /the cell has ended/);
  assert.throws(() => job.checkCommitted(), /has not handed in/);
  cell.removes = true;
  await job.end();
  assert.deepEqual([...files], []);

  const other = makeJob();
  for (const name of ["00000-1", "00000-2"]) await other.job.take(name, bytes(name));
  const slow = other.job.take(
    "00000-4",
    (async function* () {
      yield Buffer.from("half");
      await new Promise(() => {});
    })(),
  );
  const ended = assert.rejects(slow, /handed in already, or it is over/);
  const committing = other.job.commit(["00000-2"]);
  assert.throws(() => other.job.checkCommitted(), /has not handed in/);
  await committing;
  await ended;
  other.job.checkCommitted();
  assert.deepEqual([...other.files.keys()], ["s/one/00000-2.parquet"]);
});
