import { Command } from "commander";
import { systemClock } from "../lib/clock.ts";
import { systemRandom } from "../lib/random.ts";
import type { Check, Patient } from "./doctor/check.ts";
import {
  checkClock,
  checkDirectory,
  checkDisk,
  checkRoot,
  checkVault,
} from "./doctor/directory.ts";
import {
  checkClients,
  checkEngines,
  checkMachine,
  checkPython,
  checkSandbox,
  checkVolumes,
} from "./doctor/machine.ts";
import { checkCertificate, checkProfile, checkService } from "./doctor/service.ts";
import { addUpOptions, configOf, type UpOptions } from "./options.ts";
import { outputOf } from "./output.ts";
import { createProgress } from "./progress.ts";
import { findRunning } from "./running.ts";
import { CommandFailure, type Surroundings } from "./surroundings.ts";

const help = `
Takes the options of \`up\`, and checks what it would start with, or what runs. Each finding names what to type.
Exit status: 0 all is sound, 1 something could be better, 2 something must be put right (or wrong usage).`;

/** `bondstore doctor`: whether the surroundings are sound. */
export const doctorCommand = (around: Surroundings): Command =>
  addUpOptions(new Command("doctor").description("check what Bondstore needs and how it stands"))
    .addHelpText("after", help)
    .action(async (options: UpOptions) => {
      const output = outputOf(options.json ?? false);
      const patient: Patient = {
        around,
        config: configOf(options, around),
        running: await findRunning(options, around),
        clock: systemClock,
        random: systemRandom,
      };
      const checks = await examine(patient, createProgress(output));
      const failed = checks.filter(({ state }) => state === "fail").length;
      const warned = checks.filter(({ state }) => state === "warn").length;
      if (output.json) output.out(JSON.stringify({ ok: failed + warned === 0, checks }));
      else for (const line of checks.flatMap(linesOf)) output.out(line);
      if (failed > 0) throw new CommandFailure(`${failed} to be put right`, 2);
      if (warned > 0) throw new CommandFailure(`${warned} could be better`, 1);
    });

type Examination = (patient: Patient) => Check[] | Promise<Check[]>;

const examinations: Readonly<Record<string, Examination>> = {
  machine: checkMachine,
  "data directory": checkDirectory,
  disk: checkDisk,
  "root of trust": checkRoot,
  vault: checkVault,
  clock: checkClock,
  service: checkService,
  certificate: checkCertificate,
  profile: checkProfile,
  sandbox: checkSandbox,
  volumes: checkVolumes,
  python: checkPython,
  engines: checkEngines,
  clients: checkClients,
};

async function examine(patient: Patient, progress: (what: string) => void): Promise<Check[]> {
  const checks: Check[] = [];
  for (const [name, look] of Object.entries(examinations)) {
    progress(name);
    checks.push(...(await look(patient)));
  }
  return checks;
}

const signs = { ok: "ok  ", warn: "warn", fail: "FAIL" } as const;

const linesOf = ({ name, state, detail, fix }: Check): string[] => [
  `${signs[state]}  ${name.padEnd(15)} ${detail}`,
  ...(fix === undefined ? [] : [`${" ".repeat(22)}→ ${fix}`]),
];
