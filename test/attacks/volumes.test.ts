/** What a cell writes is on disk under its volume's key only, ends with it, and has a limit. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startCell } from "../../src/cells/cell.ts";
import type { CellOptions } from "../../src/cells/layout.ts";
import {
  missingForVolumes,
  openVolume,
  unmountBelow,
  type Volume,
} from "../../src/cells/volume.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { contentsBelow, filesBelow } from "../support/files-below.ts";
import { processesWith } from "../support/processes.ts";
import { until } from "../support/until.ts";
import { mountedVolumes } from "../support/volumes.ts";

const mebi = 1024 * 1024;
const key = systemRandom.bytes(32).toString("hex");
const mark = "written-by-a-tenant";
let directory = "";

before(() => {
  directory = mkdtempSync(join(tmpdir(), "volumes-"));
  for (const name of ["mounts", "stored", "run"]) mkdirSync(join(directory, name));
});

after(() => {
  unmountBelow(directory);
  rmSync(directory, { recursive: true, force: true });
});

let volumes = 0;
const open = (bytesMax = 64 * mebi): Promise<Volume> => {
  volumes += 1;
  return openVolume({
    id: `attack-${volumes}`,
    mountsIn: join(directory, "mounts"),
    storedIn: join(directory, "stored"),
    key: { pour: (into) => void into.end(`${key}\n`) },
    random: systemRandom,
    bytesMax,
  });
};

const cellOn = (volume: Volume, script: string, more: Partial<CellOptions> = {}) => {
  volumes += 1;
  return startCell({
    id: `volume-${volumes}`,
    program: () => ({ command: "/usr/bin/bash", args: ["-c", script], env: {} }),
    binds: [{ source: "/usr/bin" }],
    ports: [],
    runDirectory: join(directory, "run"),
    limits: { memoryBytes: 256 * mebi, cpus: 1, processes: 64, workBytes: mebi, openFiles: 256 },
    volume,
    ...more,
  });
};

/** The program that serves a volume; those of others may be ending still. */
const serversOf = ({ path }: Volume) =>
  processesWith((line) => line.startsWith("gocryptfs\0") && line.includes(path));

test("what a cell writes is neither in clear on disk nor under its own name", async () => {
  const volume = await open();
  const cell = await cellOn(
    volume,
    `echo ${mark} > /work/${mark}; cp /work/${mark} /tmp/; sleep 600`,
  );
  await until("the file", async () => existsSync(join(volume.path, "work/tmp", mark)));
  const stored = filesBelow(join(directory, "stored"));
  assert.ok(stored.length > 2);
  for (const path of stored) {
    assert.ok(!path.includes(mark));
    assert.ok(!readFileSync(path).includes(mark));
  }
  await cell.stop(0);
  await volume.close();
  assert.deepEqual(readdirSync(join(directory, "stored")), []);
  assert.deepEqual(readdirSync(join(directory, "mounts")), []);
});

test("the key is in no argument, no variable and no file", async () => {
  const volume = await open();
  const [server] = serversOf(volume);
  assert.ok(server !== undefined);
  assert.ok(!readFileSync(`/proc/${server}/cmdline`, "utf8").includes(key));
  assert.ok(!readFileSync(`/proc/${server}/environ`, "utf8").includes(key));
  for (const { bytes } of contentsBelow(join(directory, "stored"))) {
    assert.ok(!bytes.includes(key));
    assert.ok(!bytes.includes(Buffer.from(key, "hex")));
  }
  await volume.close();
});

test("a cell sees its own volume only, and nothing of what is stored", async () => {
  const [own, other] = [await open(), await open()];
  writeFileSync(join(other.path, mark), mark);
  const script = `find / -name '*${mark}*' -o -name 'gocryptfs*' -not -path '/usr/*' 2>/dev/null; ls /work; grep fuse /proc/self/mountinfo`;
  const cell = await cellOn(own, script);
  await cell.exited;
  const seen = cell.log.join("\n");
  assert.ok(!seen.includes(mark), seen);
  assert.equal(seen.match(/fuse\.gocryptfs/g)?.length, 1);
  await Promise.all([own.close(), other.close()]);
});

test("bytes that were changed on disk are an error, never other bytes", async () => {
  const volume = await open();
  const file = join(volume.path, "state");
  writeFileSync(file, "A".repeat(4 * mebi));
  const [stored = ""] = filesBelow(join(directory, "stored")).filter(
    (path) => readFileSync(path).length > mebi,
  );
  const bytes = readFileSync(stored);
  // Beyond what the kernel has read ahead.
  const at = 3 * mebi;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(stored, bytes);
  const read = await new Promise<{ code: number | null; size: number }>((resolve) => {
    // Past the page cache of what was written.
    const child = spawn("dd", [`if=${file}`, "bs=1M", "iflag=direct"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let size = 0;
    child.stdout.on("data", (piece: Buffer) => {
      assert.ok(piece.every((byte) => byte === 65));
      size += piece.length;
    });
    child.once("close", (code) => resolve({ code, size }));
  });
  assert.notEqual(read.code, 0);
  assert.ok(read.size < 4 * mebi);
  await volume.close();
});

test("a cell that fills its volume ends, and is told why", async () => {
  const volume = await open(8 * mebi);
  const cell = await cellOn(volume, "dd if=/dev/zero of=/work/full bs=1M count=64; sleep 600");
  const end = await cell.exited;
  assert.match(end.volumeFailure ?? "", /holds more than 8388608 bytes/);
  await volume.close();
});

test("a cell whose volume is gone ends, and is told", async () => {
  const volume = await open();
  const cell = await cellOn(volume, "sleep 600");
  const [server] = serversOf(volume);
  assert.ok(server !== undefined);
  process.kill(server, "SIGKILL");
  const end = await cell.exited;
  assert.notEqual(end.volumeFailure, undefined);
  await volume.close();
  assert.deepEqual(readdirSync(join(directory, "mounts")), []);
});

test("a volume that cannot be mounted is an error at once, and leaves nothing", async () => {
  await assert.rejects(
    openVolume({
      id: "broken",
      mountsIn: join(directory, "mounts"),
      storedIn: join(directory, "stored"),
      key: { pour: (into) => void into.end("not a key\n") },
      random: systemRandom,
      bytesMax: mebi,
    }),
    /not mounted/,
  );
  assert.deepEqual(readdirSync(join(directory, "stored")), []);
  assert.deepEqual(readdirSync(join(directory, "mounts")), []);
});

test("a host without FUSE says what is missing", () => {
  assert.equal(missingForVolumes(), undefined);
  assert.match(missingForVolumes("/dev/no-fuse") ?? "", /no \/dev\/no-fuse/);
});

test("cleaning up touches what is mounted below the directory only", async () => {
  const [left, kept] = [await open(), await open()];
  unmountBelow(left.path.slice(0, -1));
  assert.ok(mountedVolumes().includes(left.path), "a name that begins alike is another one");
  mkdirSync(join(directory, "others"), { recursive: true });
  unmountBelow(join(directory, "others"));
  assert.ok(mountedVolumes().includes(kept.path));
  unmountBelow(join(directory, "mounts"));
  assert.ok(!mountedVolumes().some((path) => path.startsWith(directory)));
  await Promise.all([left.close(), kept.close()]);
});
