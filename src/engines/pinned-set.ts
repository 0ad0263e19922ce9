import { spawn } from "node:child_process";
import { createReadStream, existsSync, mkdirSync, statSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { createHasher } from "../lib/hash.ts";

/** One file of a set, pinned. */
export interface Artifact {
  /** The client that fetches it, and its name there: `NAME==VERSION` or `GROUP:NAME:VERSION`. */
  readonly from: "pypi" | "maven";
  readonly name: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** The set cannot be had; the message says what to do about it. */
export class InstallationFailed extends Error {
  override readonly name = "InstallationFailed";
}

const fetchTimeoutMs = 20 * 60_000;
const mebi = 1024 * 1024;
/** How large something is that is fetched, for people. */
export const sizeText = (bytes: number) =>
  `${(bytes / mebi).toFixed(bytes < 10 * mebi ? 1 : 0)} MiB`;

const mark = "complete";

/** Whether the set in this directory is whole. */
export const isInstalled = (home: string): boolean => existsSync(join(home, mark));

/** Makes a set stand in a directory that is named for it. What `fill` leaves half done is never taken for the set. */
export async function installSet(
  home: string,
  fill: (part: string) => Promise<void>,
): Promise<void> {
  const part = `${home}.part`;
  await rm(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  await fill(part);
  await writeFile(join(part, mark), `${basename(home)}\n`);
  await rm(home, { recursive: true, force: true });
  await rename(part, home);
}

/** Fetches one pinned file into a folder, unless it is there whole. */
export async function obtain(
  artifact: Artifact,
  downloads: string,
  say: (line: string) => void,
): Promise<void> {
  const path = join(downloads, artifact.file);
  if (await isIntact(path, artifact)) return;
  say(`  ${artifact.name} (${sizeText(artifact.sizeBytes)})`);
  await rm(path, { force: true });
  if (artifact.from === "pypi") await downloadFromPypi(artifact, downloads);
  else await downloadFromMaven(artifact, downloads);
  if (await isIntact(path, artifact)) return;
  throw new InstallationFailed(
    `${artifact.name} is not what was pinned: its size or SHA-256 differs; remove ${path} and try again`,
  );
}

async function isIntact(path: string, { sizeBytes, sha256 }: Artifact): Promise<boolean> {
  if (!existsSync(path) || statSync(path).size !== sizeBytes) return false;
  const hasher = createHasher("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: mebi })) hasher.update(chunk);
  return hasher.digest().toString("hex") === sha256;
}

/** Only the one package may come as source: what builds its metadata comes ready-made. */
async function downloadFromPypi({ name }: Artifact, downloads: string): Promise<void> {
  const [project = ""] = name.split("==");
  const options = ["--quiet", "--no-deps", "--no-cache-dir", "--no-binary", project, "--dest"];
  const args = ["download", ...options, downloads, name];
  const ways: [string, string[]][] = [
    ["python3", ["-m", "pip", ...args]],
    ["pip3", args],
    ["pip", args],
  ];
  const said: string[] = [];
  for (const [command, words] of ways) {
    const failure = await run(command, words);
    if (failure === undefined) return;
    said.push(`${command}: ${failure}`);
  }
  throw new InstallationFailed(
    `${name} cannot be fetched with pip; install python3-pip, or type: pip ${args.join(" ")}\n${said.join("\n")}`,
  );
}

async function downloadFromMaven({ name }: Artifact, downloads: string): Promise<void> {
  const args = ["--quiet", "--batch-mode", "dependency:copy", `-Dartifact=${name}`];
  args.push(`-DoutputDirectory=${downloads}`);
  const failure = await run("mvn", args);
  if (failure === undefined) return;
  throw new InstallationFailed(
    `${name} cannot be fetched with Maven; install maven, or type: mvn ${args.join(" ")}\n${failure}`,
  );
}

/** Undefined when it went well, otherwise the last of what the command said. */
export function run(command: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: fetchTimeoutMs,
    });
    let said = "";
    const keep = (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(-2000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code) => resolve(code === 0 ? undefined : said.trim() || `exit ${code}`));
  });
}
