import { availableParallelism, loadavg } from "node:os";
import { authorizationRow } from "./authorization.ts";
import { startBondstore } from "./bondstore.ts";
import { flinkRows, flinkStateRows } from "./flink.ts";
import { hsmRows } from "./hsm.ts";
import { keysRows } from "./keys.ts";
import { startKinesalite } from "./kinesalite.ts";
import { kinesisCases } from "./kinesis.ts";
import { kmsCases } from "./kms.ts";
import { type Case, measure, type Pace, type Row } from "./measure.ts";
import { memoryLines } from "./memory.ts";
import { startMinio } from "./minio.ts";
import { s3Cases } from "./s3.ts";
import type { ServerProcess } from "./server-process.ts";
import { measureStartUp } from "./start-up.ts";
import { met, tableOf } from "./table.ts";
import { tunnelLines } from "./tunnel.ts";
import { warehouseRows } from "./warehouse.ts";

/** One subject that can be measured, by the name that the command line gives it. */
type Suite = (pace: Pace) => Promise<readonly Row[]>;

const say = (line: string) => void process.stderr.write(`bench: ${line}\n`);
const load = () =>
  `load ${loadavg()
    .map((one) => one.toFixed(2))
    .join(" ")} on ${availableParallelism()} processors`;

/** Starts the servers, measures every case, stops the servers. Without its peer Bondstore is measured alone. */
async function against(
  bondstore: () => Promise<ServerProcess>,
  peer: (() => Promise<ServerProcess>) | undefined,
  cases: (servers: readonly ServerProcess[]) => Promise<readonly Case[]>,
  pace: Pace,
): Promise<Row[]> {
  const servers = [await bondstore()];
  try {
    const beside = await peer?.().catch((error: unknown) => {
      say(`the peer cannot be had, Bondstore is measured alone: ${String(error)}`);
      return undefined;
    });
    if (beside) servers.push(beside);
    const rows: Row[] = [];
    for (const one of await cases(servers)) {
      say(`${one.title} (${load()})`);
      rows.push(await measure(one, pace, say));
    }
    return rows;
  } finally {
    for (const server of servers) await server.stop();
  }
}

const suites: Readonly<Record<string, Suite>> = {
  authorization: async () => [authorizationRow()],
  keys: async () => keysRows(),
  kms: (pace) =>
    against(
      () => startBondstore(),
      undefined,
      async ([own]) => (own ? kmsCases(own) : []),
      pace,
    ),
  s3: (pace) =>
    against(
      () => startBondstore(),
      () => startMinio(say),
      s3Cases,
      pace,
    ),
  // AWS's limits of a shard would be what is measured: they alone are lifted.
  kinesis: (pace) =>
    against(() => startBondstore(["--lift-shard-limits"]), startKinesalite, kinesisCases, pace),
  hsm: (pace) => hsmRows(pace, say),
  flink: (pace) => flinkRows(pace, say),
  "flink-state": (pace) => flinkStateRows(pace, say),
  tunnel: async () => {
    for (const line of await tunnelLines(option("scale", 1), say)) console.log(line);
    return [];
  },
  warehouse: (pace) => warehouseRows(pace, option("scale", 1), say),
  "warehouse-memory": async () => {
    for (const line of await memoryLines(option("gigabytes", 2), say)) console.log(line);
    return [];
  },
};

async function printStartUp(): Promise<void> {
  const { readyMs, residentBytes } = await measureStartUp();
  const megabytes = residentBytes / 1e6;
  console.log(`up is ready in ${Math.round(readyMs)} ms (bar: < 2,000 ms, ${met(readyMs < 2000)})`);
  console.log(`it idles at ${Math.round(megabytes)} MB (bar: < 200 MB, ${met(megabytes < 200)})`);
}

const named = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const option = (name: string, standard: number) => {
  const given = process.argv.find((word) => word.startsWith(`--${name}=`));
  return given === undefined ? standard : Number(given.slice(name.length + 3));
};
const pace = { seconds: option("seconds", 5), rounds: option("rounds", 5) };
const known = [...Object.keys(suites), "start-up"];
const unknown = named.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  say(`there is no \`${unknown.join(" ")}\`: choose from ${known.join(" ")}`);
  process.exit(2);
}
const wanted = named.length > 0 ? named : known;

console.log(`Bondstore's bench, ${new Date().toISOString()}, Node ${process.version}, ${load()}`);
console.log(
  `Operations per server CPU second, medians of ${pace.rounds} windows of ${pace.seconds} s; 8 connections, plain HTTP.`,
);
const rows: Row[] = [];
for (const [name, suite] of Object.entries(suites)) {
  if (wanted.includes(name)) rows.push(...(await suite(pace)));
}
if (rows.length > 0) console.log(`\n${tableOf(rows)}\n`);
if (wanted.includes("start-up")) await printStartUp();
console.log(`At the end: ${load()}`);
