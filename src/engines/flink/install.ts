import { copyFileSync, mkdirSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  InstallationFailed,
  installSet,
  isInstalled,
  obtain,
  run,
  sizeText,
} from "../pinned-set.ts";
import { artifacts, distribution, flinkVersion, setName } from "./artifacts.ts";

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
  await installSet(home, async (part) => {
    if (flinkHome === undefined) await unpack(join(downloads, distribution.file), part);
    else await copyHome(flinkHome, part);
    for (const { file, folder } of artifacts) {
      mkdirSync(join(part, folder), { recursive: true });
      copyFileSync(join(downloads, file), join(part, folder, file));
    }
  });
  await rm(downloads, { recursive: true, force: true });
  say(`Flink ${flinkVersion} is ready in ${home}`);
  return home;
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

/** Where Flink is; undefined when it is not installed. */
export function installedHome(cache: string, flinkHome: string | undefined): string | undefined {
  const home = flinkHomeIn(cache, flinkHome);
  return isInstalled(home) ? home : undefined;
}
