import { join } from "node:path";
import { tpchTables } from "../test/support/tpch.ts";
import { met } from "./table.ts";
import { dataOf } from "./tpch.ts";
import { startWarehouse, type Warehouse } from "./warehouse-server.ts";

/** One way of moving rows: a script that moves them, and what they count for. */
interface Move {
  readonly title: string;
  readonly script: string;
  readonly unit: "MB" | "records";
  readonly bar: number;
}

const warmUp = "move()\n";
const session = "TableTunnel(o).create_download_session('lines')";

/** The first rows of lineitem, as PyODPS moves them. `moved` is what was: bytes of Arrow, or records. */
const prelude = (file: string) => `
import pyarrow.parquet
from odps.tunnel import TableTunnel
rows = pyarrow.parquet.ParquetFile("${file}")
batches = [next(rows.iter_batches(65536))] * 8
size = sum(batch.nbytes for batch in batches)
`;

const moves: readonly Move[] = [
  {
    ...{ title: "tunnel, Arrow up", unit: "MB", bar: 100 },
    script: `
def move():
    upload = TableTunnel(o).create_upload_session("lines", overwrite=True)
    with upload.open_arrow_writer(0) as writer:
        for batch in batches: writer.write(batch)
    upload.commit([0])
    return size / 1e6`,
  },
  {
    ...{ title: "tunnel, Arrow down", unit: "MB", bar: 100 },
    script: `
def move():
    session = ${session}
    with session.open_arrow_reader(0, session.count) as reader:
        return sum(batch.nbytes for batch in reader) / 1e6`,
  },
  {
    ...{ title: "tunnel, records down", unit: "records", bar: 250_000 },
    script: `
def move():
    session = ${session}
    with session.open_record_reader(0, session.count) as reader:
        return sum(1 for _ in reader)`,
  },
  {
    ...{ title: "tunnel, records up", unit: "records", bar: 250_000 },
    script: `
table = o.get_table("lines")
names = [column.name for column in table.table_schema.columns]
values = pyarrow.Table.from_batches(batches[:2]).to_pylist()
records = [table.new_record([row[name] for name in names]) for row in values]
def move():
    upload = TableTunnel(o).create_upload_session("lines", overwrite=True)
    with upload.open_record_writer(0) as writer:
        for record in records: writer.write(record)
    upload.commit([0])
    return len(records)`,
  },
];

/** Moves lineitem's rows in every form; answers lines that say what a CPU second of the server and its cell does. */
export async function tunnelLines(
  scale: number,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const warehouse = await startWarehouse();
  try {
    return await linesOf(warehouse, scale, say);
  } finally {
    await warehouse.server.stop();
  }
}

async function linesOf(
  warehouse: Warehouse,
  scale: number,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const file = join(await dataOf(scale, say), "lineitem.parquet");
  await warehouse.odps(`o.execute_sql("create table lines (${tpchTables["lineitem"]})")`);
  const lines: string[] = [];
  for (const { title, script, unit, bar } of moves) {
    await warehouse.odps(`${prelude(file)}${script}\n${warmUp}`);
    const before = warehouse.server.cpuSeconds();
    const { moved } = await warehouse.odps<{ moved: number }>(
      `${prelude(file)}${script}\nout["moved"] = sum(move() for _ in range(3))`,
    );
    const rate = moved / (warehouse.server.cpuSeconds() - before);
    const told = `${Math.round(rate).toLocaleString("en-US")} ${unit} per CPU s`;
    lines.push(`${title}: ${told} (bar: ≥ ${bar.toLocaleString("en-US")}, ${met(rate >= bar)})`);
    say(lines.at(-1) ?? "");
  }
  return lines;
}

/** How long PyODPS waits for the answer of the smallest query. */
export async function roundTripLine({ odps }: Warehouse): Promise<string> {
  const { times } = await odps<{ times: number[] }>(`
import time
out["times"] = []
for _ in range(60):
    started = time.time()
    rows("select 1 as a", tunnel=False)
    out["times"].append(1000 * (time.time() - started))`);
  const [p50 = Number.NaN] = times
    .slice(10)
    .sort((one, other) => one - other)
    .slice(25);
  return `PyODPS \`select 1\`, p50: ${Math.round(p50)} ms (bar: < 60, ${met(p50 < 60)})`;
}
