import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { open } from "lmdb";
import { startCell } from "../../src/cells/cell.ts";

const mebi = 1024 * 1024;

test("no file that Bondstore has open is open in a cell", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "cell-files-"));
  const database = open({ path: join(directory, "database") });
  t.after(async () => {
    await database.close();
    rmSync(directory, { recursive: true, force: true });
  });
  await database.put("a", 1);
  const inherited = readdirSync("/proc/self/fdinfo").filter((fd) => {
    try {
      const [, flags = "0"] =
        /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8")) ?? [];
      return Number(fd) > 2 && (Number.parseInt(flags, 8) & 0o2000000) === 0;
    } catch {
      return false;
    }
  });
  assert.ok(inherited.length > 0, "a library has opened a file that children inherit");
  const cell = await startCell({
    id: "files",
    program: () => ({
      command: "/usr/bin/bash",
      args: ["-c", "for fd in /proc/[0-9]*/fd/*; do echo open: $(readlink $fd); done"],
      env: {},
    }),
    binds: [{ source: "/usr/bin" }],
    ports: [],
    runDirectory: join(directory, "run"),
    limits: { memoryBytes: 128 * mebi, cpus: 1, processes: 64, workBytes: mebi, openFiles: 256 },
  });
  await cell.exited;
  const files = cell.log.filter(
    (line) => /^open: \//.test(line) && !/\/(dev\/null|proc\/)/.test(line),
  );
  assert.deepEqual(files, []);
  assert.doesNotMatch(cell.log.join("\n"), /database/);
});
