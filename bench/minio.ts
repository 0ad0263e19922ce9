import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import {
  dataDirectory,
  freePort,
  type ServerProcess,
  startProcess,
  stopProcess,
} from "./server-process.ts";

/** The last version that was published. A peer to measure, under the AGPL: never a dependency. */
const version = "v0.0.0-20260212201848-7aac2a2c5b7c";

/** Builds MinIO into the cache, once; throws with what Go says when it cannot be had. */
function installMinio(say: (line: string) => void): string {
  const cache = process.env["BONDSTORE_CACHE"] ?? join(homedir(), ".cache", "bondstore");
  const folder = join(cache, "peers");
  const program = join(folder, `minio-${version}`);
  if (existsSync(program)) return program;
  say(`building MinIO ${version} into ${folder}; this takes some minutes`);
  mkdirSync(folder, { recursive: true });
  const done = spawnSync("go", ["install", `github.com/minio/minio@${version}`], {
    env: { ...process.env, GOBIN: folder },
    encoding: "utf8",
  });
  if (done.status !== 0) throw new Error(done.error?.message ?? done.stderr.trim());
  renameSync(join(folder, "minio"), program);
  return program;
}

/** Starts MinIO on one disk, as it comes. */
export async function startMinio(say: (line: string) => void): Promise<ServerProcess> {
  const program = installMinio(say);
  const directory = dataDirectory();
  const [port, console] = [await freePort(), await freePort()];
  const keys = { accessKeyId: "benchbench", secretAccessKey: "benchbenchbench" };
  const { child, running } = await startProcess({
    command: program,
    args: [
      "server",
      directory,
      "--address",
      `127.0.0.1:${port}`,
      "--console-address",
      `127.0.0.1:${console}`,
    ],
    env: { MINIO_ROOT_USER: keys.accessKeyId, MINIO_ROOT_PASSWORD: keys.secretAccessKey },
    ready: (line) => (line.includes("API: ") ? true : undefined),
  });
  return {
    name: "MinIO",
    ...running,
    port,
    ...keys,
    stop: () => stopProcess(child, directory),
  };
}
