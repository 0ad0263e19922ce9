import { createCipheriv, createDecipheriv } from "node:crypto";
import { encryptMessage } from "../src/keys/ciphertext.ts";
import { createSealer } from "../src/keys/sealer.ts";
import { systemRandom } from "../src/lib/random.ts";
import { median, type Row } from "./measure.ts";

const windows = 9;
const chunkBytes = 64 * 1024;
const gigabyte = 1e9;

/**
 * What the crypto layer alone costs, in this process: making data keys, sealing and opening 64 KiB chunks. Beside the
 * last two stands what nobody can undercut: Node's cipher and nothing else.
 */
export function keysRows(): Row[] {
  const version = { id: systemRandom.bytes(32).toString("hex"), material: systemRandom.bytes(32) };
  const context = { "aws:s3:arn": "arn:aws:s3:::orders", tenant: "acme" };
  const key = systemRandom.bytes(32);
  const sealer = createSealer("bench", key, { oneProcess: true });
  const [chunk, bound] = [systemRandom.bytes(chunkBytes), Buffer.alloc(40)];
  const sealed = sealer.seal(chunk, bound);
  const [nonce, body, tag] = sealer.sealPieces(chunk, bound);
  if (!nonce || !body || !tag) throw new Error("sealed bytes have three pieces");
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
    row(
      ...(["sealing chunks of 64 KiB, bytes", 4_000, 2 * gigabyte] as const),
      () => {
        sealer.sealPieces(chunk, bound);
        return chunkBytes;
      },
      () => {
        const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(bound);
        cipher.update(chunk);
        cipher.final();
        return cipher.getAuthTag().length && chunkBytes;
      },
    ),
    row(
      ...(["opening chunks of 64 KiB, bytes", 4_000, 2 * gigabyte] as const),
      () => sealer.open(sealed, bound).length,
      () => {
        const decipher = createDecipheriv("aes-256-gcm", key, nonce).setAAD(bound);
        const plain = decipher.setAuthTag(tag).update(body);
        decipher.final();
        return plain.length;
      },
    ),
  ];
}

function row(
  title: string,
  calls: number,
  atLeast: number,
  work: () => number,
  bare?: () => number,
): Row {
  const works = [
    { name: "Bondstore", work, rates: [] as number[] },
    ...(bare ? [{ name: "bare cipher", work: bare, rates: [] as number[] }] : []),
  ];
  for (let window = 0; window <= windows; window += 1) {
    for (const { work: one, rates } of works) {
      const before = process.cpuUsage();
      let units = 0;
      for (let call = 0; call < calls; call += 1) units += one();
      const { user, system } = process.cpuUsage(before);
      // The first one warms up.
      if (window > 0) rates.push((units * 1e6) / (user + system));
    }
  }
  const reached = works.map(({ name, rates }) => {
    const perCpuSecond = median(rates);
    return { name, perCpuSecond, perSecond: perCpuSecond, failed: 0 };
  });
  return { title, bar: { atLeast: Math.round(atLeast) }, reached };
}
