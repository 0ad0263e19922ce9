import { met } from "./table.ts";
import { dataOf } from "./tpch.ts";
import { startWarehouse } from "./warehouse-server.ts";

const barBytes = 400e6;
const sampleMs = 250;

/**
 * Uploads lineitem's first rows again and again, as one block of so many gigabytes of Arrow, and downloads them; answers
 * lines that say how much memory each process of the server and its cell held at most meanwhile.
 */
export async function memoryLines(
  gigabytes: number,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const file = `${await dataOf(0.1, say)}/lineitem.parquet`;
  const warehouse = await startWarehouse();
  const most = new Map<string, number>();
  const sample = () => {
    for (const { command, bytes } of warehouse.server.residentBytesNow()) {
      const name = command.replace(/\s+/g, " ").slice(0, 60);
      most.set(name, Math.max(most.get(name) ?? 0, bytes));
    }
  };
  const timer = setInterval(() => {
    try {
      sample();
    } catch {
      // A process ended while it was looked at: the next sample has the others.
    }
  }, sampleMs);
  const lines: string[] = [];
  try {
    for (const [title, script] of Object.entries(moves(file, gigabytes))) {
      most.clear();
      const before = warehouse.server.cpuSeconds();
      const { moved } = await warehouse.odps<{ moved: number }>(script);
      const cpu = warehouse.server.cpuSeconds() - before;
      lines.push(
        `${title}: ${(moved / 1e9).toFixed(1)} GB, ${(moved / 1e6 / cpu).toFixed(0)} MB per CPU s`,
      );
      for (const [command, bytes] of most) {
        lines.push(
          `  at most ${Math.round(bytes / 1e6)} MB (bar: < 400, ${met(bytes < barBytes)}): ${command}`,
        );
      }
    }
    return lines;
  } finally {
    clearInterval(timer);
    await warehouse.server.stop();
  }
}

const moves = (file: string, gigabytes: number): Readonly<Record<string, string>> => ({
  "one block up": `
import pyarrow.parquet
from odps.tunnel import TableTunnel
rows_of = pyarrow.parquet.ParquetFile("${file}").iter_batches(65536)
batches = [next(rows_of) for _ in range(8)]
names = dict(int64="bigint", string="string")
columns = ", ".join("%s %s" % (field.name, names.get(str(field.type), str(field.type).replace("decimal128", "decimal").replace("date32[day]", "date").replace("int32", "int"))) for field in batches[0].schema)
o.execute_sql("create table large (%s)" % columns)
upload = TableTunnel(o).create_upload_session("large")
moved, at = 0, 0
with upload.open_arrow_writer(0) as writer:
    while moved < ${gigabytes} * 1e9:
        writer.write(batches[at % len(batches)])
        moved, at = moved + batches[at % len(batches)].nbytes, at + 1
upload.commit([0])
out["moved"] = moved`,
  "all of it down": `
from odps.tunnel import TableTunnel
session = TableTunnel(o).create_download_session("large")
with session.open_arrow_reader(0, session.count) as reader:
    out["moved"] = sum(batch.nbytes for batch in reader)`,
});
