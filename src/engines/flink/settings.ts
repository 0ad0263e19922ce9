/** What goes into Flink's own files: options of the JVM, its configuration, its logging, its script. */

export type FlinkOptions = Readonly<Record<string, string>>;

/** What every application begins with; its own options may say otherwise. */
export const usualOptions: FlinkOptions = {
  "taskmanager.memory.managed.size": "32m",
  "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
  "s3.path.style.access": "true",
  // On disk its blocks would need a program of the host, `chmod`, and fill the work directory.
  "s3.fast.upload.buffer": "array",
  "s3.multipart.size": "8M",
  // A key that is new is looked for in memory: without, in a block of each level, and each costs a call of the volume.
  "state.backend.rocksdb.use-bloom-filter": "true",
};

/** Memory of the one JVM in which an application runs. */
export interface JvmMemory {
  readonly heapMb: number;
  readonly metaspaceMb: number;
  readonly directMb: number;
}

/** Enough for a small SQL application: 450 MB resident when running, measured. */
export const smallMemory: JvmMemory = { heapMb: 256, metaspaceMb: 192, directMb: 96 };

const codeCacheMb = 64;
/** Threads, the JVM's own structures, and what the C library keeps. */
const nativeMb = 200;
const cellMb = 80;

/** What the cell of such a JVM may use, beside its work directory. */
export function cellMemoryMb({ heapMb, metaspaceMb, directMb }: JvmMemory): number {
  return heapMb + metaspaceMb + directMb + codeCacheMb + nativeMb + cellMb;
}

const opened = [
  ...["java.lang", "java.net", "java.io", "java.nio", "sun.nio.ch", "java.lang.reflect"],
  ...["java.text", "java.time", "java.util", "java.util.concurrent"],
  ...["java.util.concurrent.atomic", "java.util.concurrent.locks"],
];

/** Options of the JVM itself, without the class path. */
export function jvmArgs(memory: JvmMemory): string[] {
  return [
    `-Xmx${memory.heapMb}m`,
    `-XX:MaxMetaspaceSize=${memory.metaspaceMb}m`,
    `-XX:MaxDirectMemorySize=${memory.directMb}m`,
    `-XX:ReservedCodeCacheSize=${codeCacheMb}m`,
    ...["-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError"],
    "-Xshare:auto",
    "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
    "--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED",
    ...opened.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
  ];
}

/** YAML's double-quoted form is JSON's. */
export function configText(options: FlinkOptions): string {
  return Object.entries(options)
    .map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}\n`)
    .join("");
}

export type LogLevel = "ERROR" | "WARN" | "INFO" | "DEBUG";

const needless = [
  "org.apache.flink.shaded.netty4.io.netty.util.internal.MacAddressUtil",
  "org.apache.flink.table.factories.WorkflowSchedulerFactoryUtil",
  "org.apache.flink.runtime.security.token.DefaultDelegationTokenManager",
  "org.apache.flink.runtime.webmonitor.WebMonitorUtils",
  "org.apache.hadoop.metrics2.impl.MetricsConfig",
  "org.apache.hadoop.util.NativeCodeLoader",
  "com.amazonaws.util.VersionInfoUtils",
  "com.amazonaws.services.s3.internal.Mimetypes",
];

/** Everything to the console: the cell's log is Bondstore's to keep. */
export function loggingText(level: LogLevel): string {
  return [
    `rootLogger.level = ${level}`,
    "rootLogger.appenderRef.console.ref = console",
    "appender.console.name = console",
    "appender.console.type = CONSOLE",
    "appender.console.layout.type = PatternLayout",
    "appender.console.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss,SSS} %-5p %c - %m%n",
    // Each status question and each S3 retry would be a line.
    "logger.hadoop.name = org.apache.hadoop",
    "logger.hadoop.level = WARN",
    // Warnings of every start about what this cell lacks on purpose.
    ...needless.flatMap((name, at) => [
      `logger.needless${at}.name = ${name}`,
      `logger.needless${at}.level = ERROR`,
    ]),
    "",
  ].join("\n");
}

const sqlText = (value: string) => `'${value.replaceAll("'", "''")}'`;

/**
 * Runs when all statements before it have ended well, and lists the settings: that this one is among them tells the
 * end, though the process stays, held by threads of connectors.
 */
export const endOfScript = "SET 'bondstore.script' = 'done';\nSET;";
/** How the SQL client lists it. */
export const endInLog = /\bbondstore\.script\b.*\bdone\b/;

/** The tenant's script behind our settings. It may change them: only its own job suffers. */
export function scriptText(script: string, options: FlinkOptions): string {
  const settings = Object.entries(options).map(
    ([key, value]) => `SET ${sqlText(key)} = ${sqlText(value)};\n`,
  );
  return `${settings.join("")}${script.trimEnd().replace(/;?$/, ";")}\n${endOfScript}\n`;
}
