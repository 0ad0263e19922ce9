import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { createGroup, type Enforced, type Limits, limitedCommand } from "./limits.ts";
import { insidePaths, sandboxArgs } from "./sandbox.ts";

/** Whether this host lets us run a tenant's code in a sandbox. */
export interface Sandbox {
  readonly ok: boolean;
  /** Where not: the reason, as the kernel or bubblewrap words it. */
  readonly why: string;
  /** How limits are held here. */
  readonly limits: Enforced;
}

const probeLimits: Limits = {
  memoryBytes: 512 * 1024 * 1024,
  cpus: 1,
  processes: 128,
  workBytes: 1024 * 1024,
  openFiles: 256,
};
const timeoutMs = 20_000;

/** Tries a whole empty cell, with the same namespaces and binds as a real one. */
export function probeSandbox(): Promise<Sandbox> {
  const group = createGroup("probe", probeLimits);
  const binds = [{ source: process.execPath, target: insidePaths.node }];
  const [shell = "", ...before] = limitedCommand(group, probeLimits);
  const args = ["bwrap", ...sandboxArgs(binds, probeLimits), insidePaths.node, "--version"];
  return new Promise((resolve) => {
    const child = spawn(shell, [...before, ...args], {
      cwd: tmpdir(),
      stdio: ["ignore", "ignore", "pipe"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(0, 500);
    });
    const end = (ok: boolean, why: string) => {
      group.remove();
      resolve({ ok, why, limits: group.enforced });
    };
    child.once("error", (error) => end(false, error.message));
    child.once("close", (code) => {
      if (code === 0) end(true, "");
      else if (code === 127)
        end(false, "bubblewrap is not installed: the command `bwrap` is missing");
      else end(false, said.trim() || `bubblewrap ended with ${code}`);
    });
  });
}
