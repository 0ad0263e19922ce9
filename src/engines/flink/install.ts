import { spawn } from "node:child_process";
import { copyFileSync, createReadStream, existsSync, mkdirSync, statSync } from "node:fs";
import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createHasher } from "../../lib/hash.ts";
import { type Artifact, artifacts, distribution, flinkVersion, setName } from "./artifacts.ts";

export interface Installation {
  /** Directory outside the clone that keeps what was fetched. */
  readonly cache: string;
  /** A Flink that is there already: its own jars are used, only connectors are fetched. */
  readonly flinkHome: string | undefined;
  /** Told one line about each step. */
  readonly say: (line: string) => void;
}

/** Names the directory of the Flink set in a cache, whether or not it is there. */
export const flinkHomeIn = (cache: string, flinkHome: string | undefined): string =>
  join(cache, flinkHome === undefined ? setName : `${setName}-own`);

/** Whether the set in this directory is whole. */
export const isInstalled = (home: string): boolean => existsSync(join(home, "complete"));

/** The set cannot be had; the message says what to do about it. */
export class InstallationFailed extends Error {
  override readonly name = "InstallationFailed";
}

const fetchTimeoutMs = 20 * 60_000;
const mebi = 1024 * 1024;
const sizeText = (bytes: number) => `${(bytes / mebi).toFixed(bytes < 10 * mebi ? 1 : 0)} MiB`;

/**
 * Makes the Flink set stand in the cache, and answers where. What is whole is kept, so an
 * installation that was cut off goes on where it was.
 */
export async function installFlink(installation: Installation): Promise<string> {
  const { cache, flinkHome, say } = installation;
  const home = flinkHomeIn(cache, flinkHome);
  if (isInstalled(home)) {
    say(`Flink ${flinkVersion} is in ${home}`);
    return home;
  }
  const downloads = join(cache, "downloads");
  mkdirSync(downloads, { recursive: true });
  const wanted = flinkHome === undefined ? [distribution, ...artifacts] : artifacts;
  const total = wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  say(`fetching Flink ${flinkVersion}: ${wanted.length} files, ${sizeText(total)}, into ${cache}`);
  for (const artifact of wanted) await obtain(artifact, downloads, say);
  const part = `${home}.part`;
  await rm(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  if (flinkHome === undefined) await unpack(join(downloads, distribution.file), part);
  else await copyHome(flinkHome, part);
  for (const { file, folder } of artifacts) {
    mkdirSync(join(part, folder), { recursive: true });
    copyFileSync(join(downloads, file), join(part, folder, file));
  }
  await writeFile(join(part, "complete"), `${setName}\n`);
  await rm(home, { recursive: true, force: true });
  await rename(part, home);
  await rm(downloads, { recursive: true, force: true });
  say(`Flink ${flinkVersion} is ready in ${home}`);
  return home;
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

async function unpack(archive: string, home: string): Promise<void> {
  const members = ["lib", "opt", "bin"].map((folder) => `*/deps/${folder}/*.jar`);
  const args = ["-xzf", archive, "-C", home, "--strip-components=2", "--wildcards", ...members];
  const failure = await run("tar", args);
  if (failure !== undefined)
    throw new InstallationFailed(`${archive} cannot be unpacked: ${failure}`);
}

async function copyHome(flinkHome: string, home: string): Promise<void> {
  const version = flinkVersion.split(".").slice(0, 2).join(".");
  for (const folder of ["lib", "opt"]) {
    mkdirSync(join(home, folder), { recursive: true });
    const names = await readdir(join(flinkHome, folder)).catch(() => []);
    if (folder === "lib" && !names.some((name) => name.startsWith(`flink-dist-${version}.`))) {
      throw new InstallationFailed(
        `${flinkHome} is not a Flink ${version}: no flink-dist-${version}.*.jar`,
      );
    }
    const jars = names.filter((name) => name.endsWith(".jar"));
    const own = jars.filter((name) => folder === "lib" || /^flink-(sql-client|python)-/.test(name));
    for (const name of own) copyFileSync(join(flinkHome, folder, name), join(home, folder, name));
  }
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

/** Where Flink is; undefined when it is not installed. */
export function installedHome(cache: string, flinkHome: string | undefined): string | undefined {
  const home = flinkHomeIn(cache, flinkHome);
  return isInstalled(home) ? home : undefined;
}
