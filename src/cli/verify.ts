import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { RootLocked } from "../keys/root-of-trust.ts";
import { systemRandom } from "../lib/random.ts";
import { missingDirectory } from "./data-directory.ts";
import { addDataOptions, type DataOptions, dataDirectory, offlineConfig } from "./options.ts";
import { outputOf } from "./output.ts";
import { createProgress } from "./progress.ts";
import { CommandFailure, type Surroundings } from "./surroundings.ts";
import { type DirectoryReport, readPublicKey, verifyDirectory } from "./verify/verify-directory.ts";

interface VerifyOptions extends DataOptions {
  readonly full?: boolean;
  readonly publicKey?: string;
  readonly withoutKeys?: boolean;
}

const help = `
The directory may be in use, stopped, or a copy; nothing in it is changed and no server is asked.
Exit status: 0 nothing was found, 1 something was found or the directory does not open, 2 wrong usage.`;

/** `bondstore verify`: whether what is stored is what was written. */
export const verifyCommand = (around: Surroundings): Command =>
  addDataOptions(
    new Command("verify").description(
      "check the trail, its signed heads, seals and key references, offline",
    ),
  )
    .option("--full", "open every body and every stream record, not a sample of them")
    .option("--public-key <file>", "the installation's public key as you keep it (trail.pub)")
    .option("--without-keys", "check the trail alone, as an auditor without the root of trust can")
    .addHelpText("after", help)
    .action(async (options: VerifyOptions) => {
      const output = outputOf(options.json ?? false);
      const data = dataDirectory(options, around);
      if (!existsSync(join(data, "trail"))) throw missingDirectory(data);
      const publicKey =
        options.publicKey === undefined
          ? undefined
          : await readPublicKey(resolve(around.workingDirectory, options.publicKey));
      const { root, vault, moduleEnv } = offlineConfig(options, around);
      const report = await verifyDirectory({
        data,
        root: options.withoutKeys ? undefined : root,
        vault,
        moduleEnv,
        publicKey,
        full: options.full ?? false,
        random: systemRandom,
        onProgress: createProgress(output),
      }).catch((error: unknown) => {
        if (!(error instanceof RootLocked)) throw error;
        throw new CommandFailure(`${error.message}; --without-keys verifies the trail alone`);
      });
      if (output.json) output.out(JSON.stringify(report));
      else for (const line of linesOf(report)) output.out(line);
      if (!report.ok) throw new CommandFailure(`${report.findings.length} found in \`${data}\``);
    });

const count = (number: number): string => number.toLocaleString("en-US");

/** The report for people. */
export function linesOf({ findings, trail, store, ok }: DirectoryReport): readonly string[] {
  const lines = [
    `trail   ${count(trail.events)} events, ${count(trail.opened)} opened; ` +
      `${count(trail.checkpoints)} signed checkpoints agree; ` +
      `heads ${trail.headsAuthenticated ? "authenticated" : "compared with the log only"}`,
    `        root ${trail.root}, public key ${fromWhere(trail.publicKeyFrom)}`,
  ];
  if (store) {
    lines.push(
      `store   ${count(store.records)} records of ${count(store.accounts)} accounts; ` +
        `${count(store.keys)} keys and ${count(store.dataKeys)} wrapped data keys open`,
      `        ${count(store.bodies.opened)} of ${count(store.bodies.of)} bodies and ` +
        `${count(store.streamRecords)} stream records opened`,
    );
  }
  if (trail.tornBytes > 0) {
    lines.push(`note    ${trail.tornBytes} bytes of an event that was never acknowledged`);
  }
  for (const { part, what, where, detail } of findings) {
    lines.push(`FOUND   ${part}: ${what}: ${where}: ${detail}`);
  }
  if (ok) lines.push("ok      nothing is changed, missing or unreadable");
  return lines;
}

const fromWhere = (from: DirectoryReport["trail"]["publicKeyFrom"]): string =>
  ({ given: "as given", trail: "as it lies beside the trail", none: "missing" })[from];
