import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { cache } from "../test/support/python.ts";
import { loadTpch, openTpch, tpchQueries, tpchTables, writeTpch } from "../test/support/tpch.ts";
import { median, type Pace, type Reached, type Row } from "./measure.ts";
import { runPython, sparkPython, type Warehouse } from "./warehouse-server.ts";

type Say = (line: string) => void;

/** What one run of all queries took. */
interface Took {
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly each: readonly number[];
}

const memory = "3GiB";

/** All 22 queries on Bondstore, on DuckDB and on Spark, which read the same rows. */
export async function tpchRows(
  warehouse: Warehouse,
  { rounds }: Pace,
  scale: number,
  say: Say,
): Promise<readonly Row[]> {
  const folder = await dataOf(scale, say);
  const before = warehouse.server.cpuSeconds();
  await warehouse.odps(loadTpch(folder));
  say(
    `TPC-H at ${scale} GB is loaded: ${(warehouse.server.cpuSeconds() - before).toFixed(1)} CPU s`,
  );
  const duckdb = await openDuckDb(folder);
  const own: Took[] = [];
  const raw: Took[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    own.push(await runBondstore(warehouse));
    raw.push(await runDuckDb(duckdb));
    say(`round ${round}: ${told(own.at(-1))} against DuckDB's ${told(raw.at(-1))}`);
  }
  sayEach(own, raw, say);
  duckdb.closeSync();
  const spark = await runSpark(folder).catch((error: unknown) => {
    say(`Spark cannot be had: ${String(error).slice(0, 2_000)}`);
    return undefined;
  });
  if (spark) say(`Spark: ${spark.map(told).join(", ")}`);
  // The first round of each opens files and compiles.
  const bondstore = reached("Bondstore", own.slice(1));
  const title = `TPC-H at ${scale} GB, 22 queries`;
  return [
    {
      ...{ title: `${title}, sealed, DuckDB as peer`, bar: { times: 1 / 1.6 } },
      reached: [bondstore, reached("DuckDB", raw.slice(1))],
    },
    {
      ...{ title: `${title}, sealed, Spark as peer`, bar: { times: 4 } },
      reached: spark ? [bondstore, reached("Spark", spark.slice(1))] : [bondstore],
    },
  ];
}

const told = (took: Took | undefined): string =>
  `${took?.cpuSeconds.toFixed(1)} CPU s, ${took?.seconds.toFixed(1)} s`;

function sayEach(own: readonly Took[], raw: readonly Took[], say: Say): void {
  const of = (all: readonly Took[], at: number) =>
    median(all.slice(1).map(({ each }) => each[at] ?? Number.NaN));
  const texts = tpchQueries().map((_, at) => {
    const [mine, its] = [of(own, at), of(raw, at)];
    return `${at + 1}: ${mine.toFixed(2)}/${its.toFixed(2)} s ${(mine / its).toFixed(2)}×`;
  });
  say(texts.join(", "));
}

const reached = (name: string, all: readonly Took[]): Reached => ({
  name,
  perCpuSecond: median(all.map(({ cpuSeconds }) => 22 / cpuSeconds)),
  perSecond: median(all.map(({ seconds }) => 22 / seconds)),
  failed: 0,
});

/** The tables as Parquet files: made once. */
export async function dataOf(scale: number, say: Say): Promise<string> {
  const folder = join(cache, `tpch-data-${scale}`);
  if (existsSync(folder)) return folder;
  say(`making TPC-H's data at ${scale} GB in ${folder}`);
  const half = `${folder}.part`;
  mkdirSync(half, { recursive: true });
  const connection = await openTpch();
  await writeTpch(connection, scale, half);
  connection.closeSync();
  renameSync(half, folder);
  return folder;
}

async function runBondstore({ server, odps }: Warehouse): Promise<Took> {
  const before = server.cpuSeconds();
  const { each } = await odps<{ each: number[] }>(`
import time
out["each"] = []
for query in json.loads(${JSON.stringify(JSON.stringify(tpchQueries()))}):
    started = time.time()
    rows(query)
    out["each"].append(time.time() - started)
`);
  return took(server.cpuSeconds() - before, each);
}

const took = (cpuSeconds: number, each: readonly number[]): Took => ({
  ...{ cpuSeconds, each },
  seconds: each.reduce((sum, one) => sum + one, 0),
});

/** DuckDB over the files, with the memory and threads that a cell has. */
async function openDuckDb(folder: string): Promise<DuckDBConnection> {
  const connection = await openTpch();
  await connection.run(`SET memory_limit = '${memory}'`);
  for (const table of Object.keys(tpchTables)) {
    const file = join(folder, `${table}.parquet`);
    await connection.run(`CREATE VIEW ${table} AS SELECT * FROM read_parquet('${file}')`);
  }
  return connection;
}

async function runDuckDb(connection: DuckDBConnection): Promise<Took> {
  const before = process.cpuUsage();
  const each: number[] = [];
  for (let query = 1; query <= 22; query += 1) {
    const started = performance.now();
    await connection.runAndReadAll(`PRAGMA tpch(${query})`);
    each.push((performance.now() - started) / 1000);
  }
  const { user, system } = process.cpuUsage(before);
  return took((user + system) / 1e6, each);
}

/** Spark with as many threads, twice: the first time compiles: CPU is that of its JVM. */
async function runSpark(folder: string): Promise<readonly Took[]> {
  const connection = await openTpch();
  const found = await connection.runAndReadAll(
    "SELECT query FROM tpch_queries() ORDER BY query_nr",
  );
  const queries = found.getRows().map(([query]) => String(query).replace(/;\s*$/, ""));
  connection.closeSync();
  const { rounds } = await runPython<{ rounds: { cpu: number; each: number[] }[] }>(
    sparkPython,
    `
import json, os, time
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[2]").config("spark.driver.memory", "3g").config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "2").config("spark.log.level", "ERROR").getOrCreate()
for table in ${JSON.stringify(Object.keys(tpchTables))}:
    spark.read.parquet("${folder}/%s.parquet" % table).createOrReplaceTempView(table)
jvm = spark._jvm.java.lang.ProcessHandle.current().pid()
def cpu():
    fields = open("/proc/%d/stat" % jvm).read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
rounds = []
for _ in range(2):
    before, each = cpu(), []
    for query in json.loads(${JSON.stringify(JSON.stringify(queries))}):
        started = time.time()
        spark.sql(query).collect()
        each.append(time.time() - started)
    rounds.append({"cpu": cpu() - before, "each": each})
spark.stop()
print(json.dumps({"rounds": rounds}))`,
  );
  return rounds.map(({ cpu, each }) => took(cpu, each));
}
