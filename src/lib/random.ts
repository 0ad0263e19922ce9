import { randomFillSync } from "node:crypto";

/** Where randomness comes from; passed in, so that simulations repeat. */
export interface Random {
  /** `size` bytes that nobody can predict, owned by the caller. */
  bytes(size: number): Buffer;
  /** A version 4 UUID (RFC 9562). */
  uuid(): string;
}

/** Bytes drawn at once: one draw a call cost 13 % of a small request. */
const poolSize = 16_384;

function createSystemRandom(): Random {
  const pool = Buffer.alloc(poolSize);
  let used = poolSize;

  function bytes(size: number): Buffer {
    if (size > poolSize / 4) return randomFillSync(Buffer.alloc(size));
    if (used + size > poolSize) {
      randomFillSync(pool);
      used = 0;
    }
    const drawn = Buffer.from(pool.subarray(used, used + size));
    pool.fill(0, used, used + size);
    used += size;
    return drawn;
  }

  function uuid(): string {
    const raw = bytes(16);
    raw[6] = ((raw[6] ?? 0) & 0x0f) | 0x40;
    raw[8] = ((raw[8] ?? 0) & 0x3f) | 0x80;
    const hex = raw.toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  return { bytes, uuid };
}

export const systemRandom: Random = createSystemRandom();
