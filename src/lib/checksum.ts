import { crc32 } from "node:zlib";
import { crc32c } from "./crc32c.ts";
import { createHasher, type Hasher } from "./hash.ts";

/** The checksums that S3 knows, by the names of its API. */
export const checksumAlgorithms = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;

export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

/** Starts a checksum over a stream; its digest is big-endian, as S3 writes it in base64. */
export function createChecksum(algorithm: ChecksumAlgorithm): Hasher {
  return starts[algorithm]();
}

/** How many bytes a checksum has. */
export const checksumBytes: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

const starts: Readonly<Record<ChecksumAlgorithm, () => Hasher>> = {
  CRC32: startCrc32,
  CRC32C: startCrc32c,
  CRC64NVME: startCrc64,
  SHA1: () => createHasher("sha1"),
  SHA256: () => createHasher("sha256"),
};

function startCrc32(): Hasher {
  let crc = 0;
  return {
    update(data) {
      crc = crc32(data, crc);
    },
    digest: () => words(crc),
  };
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, at) => {
    bytes.writeUInt32BE(value >>> 0, 4 * at);
  });
  return bytes;
}

function startCrc32c(): Hasher {
  let crc = -1;
  return {
    update(data) {
      crc = crc32c(crc, data);
    },
    digest: () => words(~crc),
  };
}

/** Row `k` of a table is what a byte becomes `k` bytes later: eight bytes are taken at a time. */
const rows = 8;

/** The polynomial of NVMe, reflected, in two halves. */
const nvmeHigh = 0x9a6c9329;
const nvmeLow = 0xac4bc9b5;

interface Table64 {
  readonly high: Int32Array;
  readonly low: Int32Array;
}

function makeTable64(): Table64 {
  const high = new Int32Array(256 * rows);
  const low = new Int32Array(256 * rows);
  for (let byte = 0; byte < 256; byte += 1) {
    let [h, l] = [0, byte];
    for (let bit = 0; bit < 8; bit += 1) {
      const odd = l & 1;
      l = (l >>> 1) | (h << 31);
      h >>>= 1;
      if (odd) [h, l] = [h ^ nvmeHigh, l ^ nvmeLow];
    }
    high[byte] = h;
    low[byte] = l;
  }
  for (let at = 256; at < high.length; at += 1) {
    const [h, l] = [high[at - 256] ?? 0, low[at - 256] ?? 0];
    low[at] = ((l >>> 8) | (h << 24)) ^ (low[l & 0xff] ?? 0);
    high[at] = (h >>> 8) ^ (high[l & 0xff] ?? 0);
  }
  return { high, low };
}

let table64: Table64 | undefined;

function startCrc64(): Hasher {
  table64 ??= makeTable64();
  const table = table64;
  const crc = new Int32Array([-1, -1]);
  return {
    update: (data) => advance64(table, crc, data),
    digest: () => words(~(crc[0] ?? 0), ~(crc[1] ?? 0)),
  };
}

function advance64({ high, low }: Table64, crc: Int32Array, data: Uint8Array): void {
  let h = crc[0] ?? 0;
  let l = crc[1] ?? 0;
  let at = 0;
  const eights = data.length - (data.length % 8);
  const byte = (index: number) => (data[index] ?? 0) | 0;
  for (; at < eights; at += 8) {
    l ^= byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24);
    h ^= byte(at + 4) | (byte(at + 5) << 8) | (byte(at + 6) << 16) | (byte(at + 7) << 24);
    const [i0, i1] = [1792 + (l & 0xff), 1536 + ((l >>> 8) & 0xff)];
    const [i2, i3] = [1280 + ((l >>> 16) & 0xff), 1024 + (l >>> 24)];
    const [i4, i5] = [768 + (h & 0xff), 512 + ((h >>> 8) & 0xff)];
    const [i6, i7] = [256 + ((h >>> 16) & 0xff), h >>> 24];
    h = xor8(high, i0, i1, i2, i3, i4, i5, i6, i7);
    l = xor8(low, i0, i1, i2, i3, i4, i5, i6, i7);
  }
  for (; at < data.length; at += 1) {
    const index = (l ^ byte(at)) & 0xff;
    l = ((l >>> 8) | (h << 24)) ^ (low[index] ?? 0);
    h = (h >>> 8) ^ (high[index] ?? 0);
  }
  crc[0] = h;
  crc[1] = l;
}

function xor8(
  t: Int32Array,
  i0: number,
  i1: number,
  i2: number,
  i3: number,
  i4: number,
  i5: number,
  i6: number,
  i7: number,
): number {
  const first = (t[i0] ?? 0) ^ (t[i1] ?? 0) ^ (t[i2] ?? 0) ^ (t[i3] ?? 0);
  const last = (t[i4] ?? 0) ^ (t[i5] ?? 0) ^ (t[i6] ?? 0) ^ (t[i7] ?? 0);
  return first ^ last;
}
