import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createGroup, type Limits } from "./limits.ts";

const limits: Limits = {
  memoryBytes: 1024,
  cpus: 1.5,
  processes: 7,
  workBytes: 1,
  openFiles: 10,
};

function directory(t: { after(run: () => void): void }): string {
  const root = mkdtempSync(join(tmpdir(), "cgroup-"));
  t.after(() => rmSync(root, { recursive: true }));
  return root;
}

test("in version 1 each controller has its own tree, and the cell's group stands in ours", (t) => {
  const root = directory(t);
  for (const path of ["memory/us", "pids", "cpu"]) mkdirSync(join(root, path), { recursive: true });
  const group = createGroup("a", limits, root, "4:memory:/us\n3:pids:/\n2:cpu:/gone\n0::/\n");
  assert.deepEqual(group.enforced, { memory: "cgroup1", processes: "cgroup1", cpus: "cgroup1" });
  const name = `bondstore-cell-${process.pid}-a`;
  const read = (path: string) => readFileSync(join(root, path), "utf8");
  assert.equal(read(`memory/us/${name}/memory.limit_in_bytes`), "1024");
  assert.equal(read(`pids/${name}/pids.max`), "7");
  assert.equal(read(`cpu/${name}/cpu.cfs_quota_us`), "150000");
  assert.deepEqual(
    group.joinFiles,
    ["memory/us", "pids", "cpu"].map((path) => join(root, path, name, "cgroup.procs")),
  );
});

test("in version 2 one group holds all, with controllers handed on", (t) => {
  const root = directory(t);
  mkdirSync(join(root, "us"));
  writeFileSync(join(root, "cgroup.controllers"), "cpu memory pids\n");
  writeFileSync(join(root, "us/cgroup.controllers"), "cpu memory pids\n");
  writeFileSync(join(root, "us/cgroup.subtree_control"), "cpu memory pids\n");
  const group = createGroup("b", limits, root, "0::/us\n");
  assert.deepEqual(group.enforced, { memory: "cgroup2", processes: "cgroup2", cpus: "cgroup2" });
  const place = join(root, "us", `bondstore-cell-${process.pid}-b`);
  assert.equal(readFileSync(join(place, "memory.max"), "utf8"), "1024");
  assert.equal(readFileSync(join(place, "cpu.max"), "utf8"), "150000 100000");
  assert.deepEqual(group.joinFiles, [join(place, "cgroup.procs")]);
});

test("without control groups, what rlimits cannot hold is reported as not held", () => {
  const group = createGroup("c", limits, "/nowhere", "");
  assert.equal(group.enforced.memory, "rlimit");
  assert.equal(group.enforced.cpus, "none");
  assert.deepEqual(group.joinFiles, []);
  assert.equal(group.memoryBytes(), undefined);
});
