import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CellOptions, Inside, Program } from "../../cells/layout.ts";
import type { Limits } from "../../cells/limits.ts";
import { javaBinds } from "../java.ts";
import { pythonPath } from "../python.ts";
import type { SparkInstallation } from "./spark-home.ts";

/** One Spark, driver and executors in one JVM, as it is started in a cell. */
export interface SparkStart extends Pick<SparkInstallation, "sparkHome" | "javaHome"> {
  readonly limits: Limits;
  /** Directory of the host for the files that Spark is started with; inside it is `sparkFiles`, to read. */
  readonly files: string;
  /** What Spark writes of itself to its output: nothing (its log may hold values of rows), or its warnings. */
  readonly log: "off" | "warn";
  /** Settings beside those that hold it in its cell, which count more. */
  readonly settings: Readonly<Record<string, string>>;
  /** The rest of the words of `spark-submit`: its options, the application, the application's own words. */
  readonly words: (inside: Inside) => readonly string[];
  readonly env?: (inside: Inside) => Readonly<Record<string, string>>;
}

/** Where a cell of Spark sees the files that it is started with. */
export const sparkFiles = "/own";

const inCell = { spark: "/spark/pyspark", python: "/spark/python3" } as const;
const mebi = 1024 * 1024;
/** The rest is the JVM's own memory, Python and pages of files. */
const heapShare = 0.6;
/** Programs of the system: Hadoop sets permissions with one, Spark removes files and looks for Python with the others. */
const tools = ["/usr/bin/chmod", "/usr/bin/rm", "/usr/bin/sh"];

/** What a cell is made of that runs Spark: `startCell` starts it, and tells its end. */
export function sparkCell(start: SparkStart): Pick<CellOptions, "binds" | "limits" | "program"> {
  mkdirSync(start.files, { recursive: true, mode: 0o700 });
  writeFileSync(join(start.files, "log4j2.properties"), logging[start.log]);
  return {
    binds: [
      ...javaBinds(start.javaHome),
      { source: start.sparkHome, target: inCell.spark },
      { source: realpathSync(pythonPath), target: inCell.python },
      ...tools.map((source) => ({ source, optional: true })),
      { source: start.files, target: sparkFiles },
    ],
    limits: start.limits,
    program: (inside) => programIn(inside, start),
  };
}

function programIn(inside: Inside, start: SparkStart): Program {
  const { limits, javaHome, settings, words, env } = start;
  const home = inside.path(inCell.spark);
  const cpus = Math.max(1, Math.round(limits.cpus));
  const all = Object.entries({ ...settings, ...fixedSettings(inside.work) });
  return {
    command: join(javaHome, "bin/java"),
    args: [
      ...[`-Xmx${Math.floor((limits.memoryBytes * heapShare) / mebi)}m`, "-XX:+UseParallelGC"],
      ...moduleArgs,
      `-Dlog4j2.configurationFile=file:${inside.path(sparkFiles)}/log4j2.properties`,
      `-Djava.io.tmpdir=${inside.work}/tmp`,
      ...["-cp", `${home}/jars/*`, "org.apache.spark.deploy.SparkSubmit"],
      ...["--master", `local[${cpus}]`],
      ...all.flatMap(([name, value]) => ["--conf", `${name}=${value}`]),
      ...words(inside),
    ],
    env: {
      ...(env?.(inside) ?? {}),
      ...{ SPARK_HOME: home, PYSPARK_PYTHON: inside.path(inCell.python) },
      ...{ SPARK_LOCAL_IP: "127.0.0.1", SPARK_LOCAL_HOSTNAME: "localhost" },
    },
  };
}

/** One process, with no address but its own, and nothing outside of its work directory. */
const fixedSettings = (work: string): Readonly<Record<string, string>> => ({
  "spark.ui.enabled": "false",
  "spark.driver.host": "127.0.0.1",
  "spark.driver.bindAddress": "127.0.0.1",
  "spark.sql.catalogImplementation": "in-memory",
  "spark.eventLog.enabled": "false",
  "spark.local.dir": `${work}/tmp`,
  "spark.sql.warehouse.dir": `${work}/tmp/warehouse`,
});

const opened = [
  ...["java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio"],
  ...["java.util", "java.util.concurrent", "java.util.concurrent.atomic", "jdk.internal.ref"],
  ...["sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar"],
];

/** What Spark needs of Java 17 (its `JavaModuleOptions`). */
const moduleArgs: readonly string[] = [
  ...opened.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
  "-Djdk.reflect.useDirectMethodHandle=false",
];

/** Without an appender Spark takes its own settings. */
const logging = {
  off: `
rootLogger.level = off
rootLogger.appenderRef.none.ref = none
appender.none.type = Null
appender.none.name = none
`,
  warn: `
rootLogger.level = warn
rootLogger.appenderRef.error.ref = error
appender.error.type = Console
appender.error.name = error
appender.error.target = SYSTEM_ERR
appender.error.layout.type = PatternLayout
appender.error.layout.pattern = %p %c{1}: %m%n%ex{none}
`,
} as const;
