import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { sha256Hex } from "../../lib/hash.ts";
import { startFlink } from "./flink.ts";
import { causeInLog, FlinkFailure } from "./job.ts";
import { smallMemory } from "./settings.ts";

/** A short job of the kind that most applications are: it loads the classes that they load. */
const sample = `
CREATE TABLE numbers (id BIGINT, name STRING, amount DECIMAL(10, 2), moment TIMESTAMP(3),
  WATERMARK FOR moment AS moment - INTERVAL '5' SECOND)
  WITH ('connector' = 'datagen', 'number-of-rows' = '5');
CREATE TABLE orders (id BIGINT, name STRING, amount DECIMAL(10, 2), moment TIMESTAMP(3),
  WATERMARK FOR moment AS moment - INTERVAL '5' SECOND)
  WITH ('connector' = 'kinesis', 'stream' = 'sample', 'aws.region' = 'us-east-1',
    'format' = 'json', 'scan.stream.initpos' = 'TRIM_HORIZON');
CREATE TABLE sums (moment TIMESTAMP(3), name STRING, amount DECIMAL(38, 2))
  WITH ('connector' = 'filesystem', 'path' = 'file:///work/sums', 'format' = 'json');
EXPLAIN INSERT INTO sums SELECT window_start, name, SUM(amount)
  FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(moment), INTERVAL '1' MINUTE))
  GROUP BY window_start, window_end, name;
INSERT INTO sums SELECT window_start, name, SUM(amount)
  FROM TABLE(TUMBLE(TABLE numbers, DESCRIPTOR(moment), INTERVAL '1' MINUTE))
  GROUP BY window_start, window_end, name;
`;

const mebi = 1024 * 1024;
const timeoutMs = 180_000;

export interface Preparation {
  readonly flinkHome: string;
  readonly javaHome: string;
  readonly runDirectory: string;
}

/** File of the prepared classes for this Flink on this Java; it may not exist. */
export function classesFile({ flinkHome, javaHome }: Omit<Preparation, "runDirectory">): string {
  const release = readFileSync(join(javaHome, "release"), "utf8");
  return join(`${flinkHome}-classes`, `${sha256Hex(`${javaHome}\n${release}`).slice(0, 8)}.jsa`);
}

/**
 * Lets the JVM write down the classes of SQL applications in the form it runs them, once: a start
 * costs a third less processor time with them. Made in a cell from our own script only, because
 * later cells of every tenant trust the file. Rejects when it cannot be made.
 */
export async function prepareClasses(preparation: Preparation): Promise<string> {
  const file = classesFile(preparation);
  if (existsSync(file)) return file;
  const part = join(`${preparation.flinkHome}-classes`, "part", "classes.jsa");
  rmSync(dirname(part), { recursive: true, force: true });
  mkdirSync(dirname(part), { recursive: true });
  const job = await startFlink({
    cell: {
      id: "classes",
      runDirectory: preparation.runDirectory,
      binds: [],
      cpus: 4,
      workBytes: 64 * mebi,
    },
    flinkHome: preparation.flinkHome,
    javaHome: preparation.javaHome,
    memory: { ...smallMemory, heapMb: 512 },
    code: { kind: "sql", script: sample },
    region: "us-east-1",
    logLevel: "WARN",
    options: {},
    classes: { file: part, record: true },
  });
  const timer = setTimeout(() => void job.stop(0), timeoutMs);
  const end = await job.cell.exited;
  clearTimeout(timer);
  const failure = causeInLog(job.cell.log);
  const made = end.code === 0 && failure === undefined && existsSync(part);
  if (made) renameSync(part, file);
  rmSync(dirname(part), { recursive: true, force: true });
  if (!made) throw new FlinkFailure(failure ?? `the engine ended with ${end.code}`);
  return file;
}
