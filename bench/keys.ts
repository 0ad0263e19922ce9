import { encryptMessage } from "../src/keys/ciphertext.ts";
import { createSealer } from "../src/keys/sealer.ts";
import { systemRandom } from "../src/lib/random.ts";
import { median, type Row } from "./measure.ts";

const windows = 9;
const chunkBytes = 64 * 1024;
const gigabyte = 1e9;

/** What the crypto layer alone costs, in this process: making data keys, sealing and opening 64 KiB chunks. */
export function keysRows(): Row[] {
  const version = { id: systemRandom.bytes(32).toString("hex"), material: systemRandom.bytes(32) };
  const context = { "aws:s3:arn": "arn:aws:s3:::orders", tenant: "acme" };
  const sealer = createSealer("bench", systemRandom.bytes(32), { oneProcess: true });
  const [chunk, bound] = [systemRandom.bytes(chunkBytes), Buffer.alloc(40)];
  const sealed = sealer.seal(chunk, bound);
  return [
    row(
      "a data key: drawn and encrypted, with a context of two pairs",
      30_000,
      1_000_000 / 30,
      () => {
        encryptMessage(version, systemRandom.bytes(32), context, systemRandom);
        return 1;
      },
    ),
    row("sealing chunks of 64 KiB, bytes", 4_000, 2 * gigabyte, () => {
      sealer.sealPieces(chunk, bound);
      return chunkBytes;
    }),
    row(
      "opening chunks of 64 KiB, bytes",
      4_000,
      2 * gigabyte,
      () => sealer.open(sealed, bound).length,
    ),
  ];
}

function row(title: string, calls: number, atLeast: number, work: () => number): Row {
  const measured: number[] = [];
  for (let window = 0; window <= windows; window += 1) {
    const before = process.cpuUsage();
    let units = 0;
    for (let call = 0; call < calls; call += 1) units += work();
    const { user, system } = process.cpuUsage(before);
    // The first one warms up.
    if (window > 0) measured.push((units * 1e6) / (user + system));
  }
  const perCpuSecond = median(measured);
  return {
    title,
    bar: { atLeast: Math.round(atLeast) },
    reached: [{ name: "Bondstore", perCpuSecond, perSecond: perCpuSecond, failed: 0 }],
  };
}
