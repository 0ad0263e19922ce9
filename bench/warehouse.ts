import type { Pace, Row } from "./measure.ts";
import { planningLine } from "./planning.ts";
import { protectionRow } from "./protection.ts";
import { tpchRows } from "./tpch.ts";
import { roundTripLine } from "./tunnel.ts";
import { startWarehouse } from "./warehouse-server.ts";

/** The warehouse: round trips, planning and TPC-H. What no peer does is printed as lines. */
export async function warehouseRows(
  pace: Pace,
  scale: number,
  say: (line: string) => void,
): Promise<readonly Row[]> {
  console.log(planningLine());
  const warehouse = await startWarehouse();
  try {
    console.log(await roundTripLine(warehouse));
    const rows = [protectionRow(), ...(await tpchRows(warehouse, pace, scale, say))];
    for (const { command, bytes } of warehouse.server.peakBytes()) {
      say(`held at most ${Math.round(bytes / 1e6)} MB: ${command.slice(0, 60)}`);
    }
    return rows;
  } finally {
    await warehouse.server.stop();
  }
}
