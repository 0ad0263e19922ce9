import type { ChecksumAlgorithm } from "./checksum.ts";

/** A checksum of bytes that were read, and how many they were. */
export interface Piece {
  readonly checksum: Uint8Array;
  readonly sizeBytes: number;
}

/** Reflected polynomials by width; CRCs alone can be joined. */
const polynomials: Partial<Record<ChecksumAlgorithm, readonly [width: bigint, bits: bigint]>> = {
  CRC32: [32n, 0xedb88320n],
  CRC32C: [32n, 0x82f63b78n],
  CRC64NVME: [64n, 0x9a6c9329ac4bc9b5n],
};

/** The CRC of several pieces one after the other, without reading them again; undefined for hashes. */
export function joinChecksums(
  algorithm: ChecksumAlgorithm,
  pieces: readonly Piece[],
): Buffer | undefined {
  const field = polynomials[algorithm];
  if (!field) return undefined;
  const [width, polynomial] = field;
  const one = 1n << (width - 1n);

  /** Product of two polynomials, modulo the third; the highest bit is x to the power of 0. */
  function multiply(left: bigint, right: bigint): bigint {
    let product = 0n;
    let shifted = right;
    for (let bit = one; bit > 0n; bit >>= 1n) {
      if (left & bit) product ^= shifted;
      shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
    }
    return product;
  }

  // Parts of an upload have one length, all but the last.
  const powers = new Map<number, bigint>();
  function powerOf(sizeBytes: number): bigint {
    const known = powers.get(sizeBytes);
    if (known !== undefined) return known;
    let power = one;
    let square = one >> 1n;
    for (let left = BigInt(sizeBytes) * 8n; left > 0n; left >>= 1n) {
      if (left & 1n) power = multiply(power, square);
      square = multiply(square, square);
    }
    powers.set(sizeBytes, power);
    return power;
  }

  let joined = 0n;
  for (const { checksum, sizeBytes } of pieces) {
    joined = multiply(joined, powerOf(sizeBytes)) ^ read(checksum);
  }
  return Buffer.from(joined.toString(16).padStart(Number(width) / 4, "0"), "hex");
}

const read = (checksum: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(checksum).toString("hex") || "0"}`);
