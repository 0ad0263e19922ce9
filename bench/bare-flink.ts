import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { classesFile } from "../src/engines/flink/classes.ts";
import { flinkHomeIn } from "../src/engines/flink/install.ts";
import {
  configText,
  jvmArgs,
  loggingText,
  scriptText,
  smallMemory,
  usualOptions,
} from "../src/engines/flink/settings.ts";
import { findJava } from "../src/engines/java.ts";
import type { Home } from "./flink-world.ts";
import { cpuSecondsOf, freePort } from "./server-process.ts";

/** A Flink that nobody guards. */
export interface BareFlink {
  cpuSeconds(): number;
  stop(): Promise<void>;
}

/** The memory that an application of one KPU has in a cell. */
const memory = { ...smallMemory, heapMb: 512, directMb: smallMemory.directMb + 16 };

/** Starts the same Flink set on a script as a plain process with static credentials. */
export async function startBareFlink(
  home: Home,
  script: string,
  checkpointMs: number,
): Promise<BareFlink> {
  const cache = process.env["BONDSTORE_CACHE"] ?? join(homedir(), ".cache", "bondstore");
  const flinkHome = flinkHomeIn(cache, process.env["FLINK_HOME"]);
  const javaHome = findJava(undefined);
  if (!existsSync(flinkHome) || !javaHome) throw new Error("Flink is not installed: npm run setup");
  const directory = mkdtempSync(join(tmpdir(), "bare-flink-"));
  mkdirSync(join(directory, "tmp"));
  writeFileSync(
    join(directory, "config.yaml"),
    configText({ ...optionsOf(home, directory), ...checkpointsEach(checkpointMs) }),
  );
  writeFileSync(join(directory, "log4j.properties"), loggingText("WARN"));
  const settings = { "table.dml-sync": "true", "rest.bind-port": String(await freePort()) };
  writeFileSync(join(directory, "job.sql"), scriptText(script, settings));
  const jars = ["lib", "opt"].flatMap((folder) =>
    readdirSync(join(flinkHome, folder))
      .sort()
      .map((name) => join(flinkHome, folder, name)),
  );
  const args = [
    ...jvmArgs(memory),
    `-XX:SharedArchiveFile=${classesFile({ flinkHome, javaHome })}`,
    ...["-Xlog:cds=off", "-Xlog:cds+dynamic=off"],
    `-Dlog4j.configurationFile=file:${directory}/log4j.properties`,
    `-Djava.io.tmpdir=${directory}/tmp`,
    ...["-cp", jars.join(":"), "org.apache.flink.table.client.SqlClient"],
    ...["-Dexecution.target=local", "-f", join(directory, "job.sql")],
  ];
  const child = spawn(join(javaHome, "bin/java"), args, {
    cwd: directory,
    stdio: ["ignore", "ignore", "ignore"],
    env: {
      PATH: process.env["PATH"],
      HOME: directory,
      TZ: "UTC",
      FLINK_CONF_DIR: directory,
      FLINK_HOME: flinkHome,
      FLINK_LIB_DIR: join(flinkHome, "lib"),
      FLINK_OPT_DIR: join(flinkHome, "opt"),
      FLINK_PLUGINS_DIR: join(flinkHome, "plugins"),
      AWS_REGION: "us-east-1",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_ACCESS_KEY_ID: home.accessKeyId,
      AWS_SECRET_ACCESS_KEY: home.secretAccessKey,
    },
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    cpuSeconds: () => cpuSecondsOf(child.pid ?? 0),
    async stop() {
      child.kill("SIGKILL");
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** What the service gives an application. */
const optionsOf = ({ endpoint }: Home, directory: string) => ({
  ...usualOptions,
  "taskmanager.memory.network.min": "16m",
  "taskmanager.memory.network.max": "16m",
  "s3.endpoint": endpoint,
  "parallelism.default": "1",
  "taskmanager.numberOfTaskSlots": "1",
  "execution.checkpointing.num-retained": "2",
  "execution.checkpointing.dir": "s3://plain/checkpoints",
  "execution.target": "local",
  "jobmanager.rpc.address": "127.0.0.1",
  "jobmanager.bind-host": "127.0.0.1",
  "taskmanager.host": "127.0.0.1",
  "taskmanager.bind-host": "127.0.0.1",
  "rest.address": "127.0.0.1",
  "rest.bind-address": "127.0.0.1",
  "io.tmp.dirs": `${directory}/tmp`,
});

const checkpointsEach = (ms: number) => ({
  "execution.checkpointing.interval": `${ms} ms`,
  "execution.checkpointing.min-pause": `${ms / 2} ms`,
});
