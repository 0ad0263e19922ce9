import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Before } from "./key-stepper.ts";

export interface Died<What = Before> {
  readonly directory: string;
  readonly before: What;
  /** False once the step number is past the last one. */
  readonly killed: boolean;
}

/** Lets a process do something, and be killed with -9 at a step of it. */
export async function dieAt<What = Before>(
  t: TestContext,
  what: string,
  step: number,
  stepper = "key-stepper",
): Promise<Died<What>> {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-kms-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const script = fileURLToPath(new URL(`./${stepper}.js`, import.meta.url));
  return new Promise((resolve, reject) => {
    const args = [script, directory, what, String(step)];
    execFile(process.execPath, args, (error, text, errors) => {
      if (error && error.signal !== "SIGKILL") return reject(new Error(errors));
      resolve({ directory, before: JSON.parse(text), killed: error !== null });
    });
  });
}
