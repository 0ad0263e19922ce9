import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { startCell } from "../../cells/cell.ts";
import type { CellOptions, Inside, Program } from "../../cells/layout.ts";
import type { Bind } from "../../cells/sandbox.ts";
import { javaBinds } from "../java.ts";
import { type FlinkJob, followJob } from "./job.ts";
import {
  cellMemoryMb,
  configText,
  type FlinkOptions,
  type JvmMemory,
  jvmArgs,
  type LogLevel,
  loggingText,
  scriptText,
  usualOptions,
} from "./settings.ts";

/** What the application runs. */
export type FlinkCode =
  /** In the script, `{{BONDSTORE_ENDPOINT}}` stands for the front door as seen inside the cell. */
  | { readonly kind: "sql"; readonly script: string; readonly jars?: readonly string[] }
  | {
      readonly kind: "jar";
      /** Path on the host; the cell sees only this file. */
      readonly jarPath: string;
      /** Absent: the one that the JAR's manifest names. */
      readonly entryClass?: string;
      readonly args: readonly string[];
    };

export interface FlinkStart {
  readonly cell: Pick<
    CellOptions,
    "id" | "door" | "runDirectory" | "onLog" | "unconfined" | "binds" | "volume"
  > & {
    readonly cpus: number;
    /** Of the work directory in memory; on a volume, of the pages of its files that stay in memory. */
    readonly workBytes: number;
  };
  readonly flinkHome: string;
  readonly javaHome: string;
  readonly memory: JvmMemory;
  readonly code: FlinkCode;
  readonly region: string;
  readonly logLevel: LogLevel;
  /** Further options of Flink: checkpoints, parallelism, restart strategy. */
  readonly options: FlinkOptions;
  /** Savepoint or checkpoint to start from: `s3://BUCKET/PATH`. */
  readonly restorePath?: string;
  readonly allowNonRestoredState?: boolean;
  /** What `prepareClasses` has made: an SQL application starts with a third less work. */
  readonly classes?: { readonly file: string; readonly record?: boolean };
  /** Environment of the application, beside what the cell sets. */
  readonly env?: Readonly<Record<string, string>>;
}

const inCell = { flink: "/flink", job: "/job", classes: "/classes" } as const;
const mebi = 1024 * 1024;
/** A JVM with Flink runs about 120 threads; parallelism and connectors add to them. */
const processesMax = 2048;
const openFilesMax = 16_384;

/** Starts one application in one JVM in one cell. The job may still be starting when this returns. */
export async function startFlink(start: FlinkStart): Promise<FlinkJob> {
  const { volume, runDirectory, id } = start.cell;
  const files = join(volume?.path ?? runDirectory, `${id}-job`);
  rmSync(files, { recursive: true, force: true });
  mkdirSync(files, { recursive: true, mode: 0o700 });
  // What is on a volume goes with it.
  const clear = () => volume ?? rmSync(files, { recursive: true, force: true });
  try {
    const cell = await startCell(cellOptions(start, files));
    cell.exited.then(clear, clear);
    return followJob(cell);
  } catch (error) {
    clear();
    throw error;
  }
}

function cellOptions(start: FlinkStart, files: string): CellOptions {
  const { cpus, workBytes, ...cell } = start.cell;
  const binds: Bind[] = [
    ...javaBinds(start.javaHome),
    ...["lib", "opt", "plugins"].map((folder) => ({
      source: join(start.flinkHome, folder),
      target: join(inCell.flink, folder),
    })),
    { source: files, target: inCell.job },
    ...jarsOf(start.code).map(({ source, name }) => ({ source, target: `/jars/${name}` })),
    ...classesBind(start),
    ...cell.binds,
  ];
  return {
    ...cell,
    binds,
    ports: ["rest"],
    limits: {
      memoryBytes: cellMemoryMb(start.memory) * mebi + workBytes,
      cpus,
      processes: processesMax,
      workBytes,
      openFiles: openFilesMax,
    },
    program: (inside) => writeJob(start, files, inside),
  };
}

function classesBind({ classes }: FlinkStart): Bind[] {
  if (!classes || !(classes.record || existsSync(classes.file))) return [];
  const { file, record = false } = classes;
  const source = record ? dirname(file) : file;
  const target = record ? inCell.classes : join(inCell.classes, basename(file));
  return [{ source, target, writable: record, optional: true }];
}

/** A file that does not fit is passed over by the JVM: the start is slower, and works. */
function classesArgs({ classes, code }: FlinkStart, inside: Inside): string[] {
  if (!classes || code.kind !== "sql") return [];
  const path = inside.path(join(inCell.classes, basename(classes.file)));
  return classes.record
    ? [`-XX:ArchiveClassesAtExit=${path}`]
    : [`-XX:SharedArchiveFile=${path}`, "-Xlog:cds=off", "-Xlog:cds+dynamic=off"];
}

function jarsOf(code: FlinkCode): { source: string; name: string }[] {
  const sources = code.kind === "jar" ? [code.jarPath] : (code.jars ?? []);
  return sources.map((source, at) => ({ source, name: `${at}.jar` }));
}

/** Writes Flink's configuration, and says how it is started with it. */
function writeJob(start: FlinkStart, files: string, inside: Inside): Program {
  const { code, restorePath, allowNonRestoredState = false } = start;
  const restore: FlinkOptions =
    restorePath === undefined
      ? {}
      : {
          "execution.state-recovery.path": restorePath,
          "execution.state-recovery.ignore-unclaimed-state": String(allowNonRestoredState),
        };
  const options = { ...ownOptions(start, inside), ...start.options, ...fixedOptions(inside) };
  const config = code.kind === "jar" ? { ...options, ...restore, ...restOptions(inside) } : options;
  writeFileSync(join(files, "config.yaml"), configText(config));
  writeFileSync(join(files, "log4j.properties"), loggingText(start.logLevel));
  if (code.kind === "sql") {
    const script = code.script.replaceAll("{{BONDSTORE_ENDPOINT}}", inside.door);
    const settings = { "table.dml-sync": "true", ...restOptions(inside), ...restore };
    writeFileSync(join(files, "job.sql"), scriptText(script, settings));
  }
  return {
    command: join(start.javaHome, "bin/java"),
    args: [...javaArgs(start, inside), ...mainArgs(code, inside)],
    env: { ...(start.env ?? {}), ...flinkEnv(start, inside) },
  };
}

/** What the application's own options may change. */
function ownOptions({ options }: FlinkStart, inside: Inside): FlinkOptions {
  const parallelism = Math.max(1, Number(options["parallelism.default"] ?? 1) || 1);
  const network = `${16 * parallelism}m`;
  return {
    ...usualOptions,
    "taskmanager.memory.network.min": network,
    "taskmanager.memory.network.max": network,
    ...(inside.door === "" ? {} : { "s3.endpoint": inside.door }),
  };
}

/** What holds the application together. */
function fixedOptions(inside: Inside): FlinkOptions {
  return {
    "execution.target": "local",
    "jobmanager.rpc.address": "127.0.0.1",
    "jobmanager.bind-host": "127.0.0.1",
    "taskmanager.host": "127.0.0.1",
    "taskmanager.bind-host": "127.0.0.1",
    "rest.address": "127.0.0.1",
    "rest.bind-address": "127.0.0.1",
    "io.tmp.dirs": `${inside.work}/tmp`,
    // Uploading code through the interface would pass by the service.
    "web.submit.enable": "false",
  };
}

/** In the configuration of the SQL client this port would go to its embedded gateway. */
const restOptions = (inside: Inside): FlinkOptions => ({
  "rest.bind-port": String(inside.port("rest")),
});

function javaArgs(start: FlinkStart, inside: Inside): string[] {
  const { memory, flinkHome, code } = start;
  const lib = readdirSync(join(flinkHome, "lib")).sort();
  const opt = code.kind === "sql" ? readdirSync(join(flinkHome, "opt")).sort() : [];
  const at = (folder: string, name: string) => inside.path(join(inCell.flink, folder, name));
  const classPath = [
    ...lib.map((name) => at("lib", name)),
    ...opt.map((name) => at("opt", name)),
    ...(code.kind === "sql" ? jarsOf(code).map(({ name }) => inside.path(`/jars/${name}`)) : []),
  ];
  return [
    ...jvmArgs(memory),
    ...classesArgs(start, inside),
    `-Dlog4j.configurationFile=file:${inside.path(inCell.job)}/log4j.properties`,
    `-Djava.io.tmpdir=${inside.work}/tmp`,
    ...["-cp", classPath.join(":")],
  ];
}

function mainArgs(code: FlinkCode, inside: Inside): string[] {
  if (code.kind === "sql") {
    const script = inside.path(`${inCell.job}/job.sql`);
    return ["org.apache.flink.table.client.SqlClient", "-Dexecution.target=local", "-f", script];
  }
  return [
    ...["org.apache.flink.client.cli.CliFrontend", "run", "--target", "local"],
    ...(code.entryClass === undefined ? [] : ["--class", code.entryClass]),
    ...[inside.path("/jars/0.jar"), ...code.args],
  ];
}

function flinkEnv({ region }: FlinkStart, inside: Inside): Record<string, string> {
  const home = inside.path(inCell.flink);
  return {
    FLINK_CONF_DIR: inside.path(inCell.job),
    FLINK_HOME: home,
    FLINK_LIB_DIR: inside.path(join(inCell.flink, "lib")),
    FLINK_OPT_DIR: inside.path(join(inCell.flink, "opt")),
    FLINK_PLUGINS_DIR: inside.path(join(inCell.flink, "plugins")),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: "true",
    ...(inside.door === "" ? {} : { AWS_ENDPOINT_URL: inside.door }),
    BONDSTORE_ENDPOINT: inside.door,
  };
}
