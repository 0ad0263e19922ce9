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

  /** Where bytes lie that nobody has had; whoever takes them wipes them. */
  function draw(size: number): number {
    if (used + size > poolSize) {
      randomFillSync(pool);
      used = 0;
    }
    used += size;
    return used - size;
  }

  function bytes(size: number): Buffer {
    if (size > poolSize / 4) return randomFillSync(Buffer.alloc(size));
    const at = draw(size);
    const drawn = Buffer.from(pool.subarray(at, at + size));
    pool.fill(0, at, at + size);
    return drawn;
  }

  function uuid(): string {
    const at = draw(16);
    pool[at + 6] = ((pool[at + 6] ?? 0) & 0x0f) | 0x40;
    pool[at + 8] = ((pool[at + 8] ?? 0) & 0x3f) | 0x80;
    const hex = pool.toString("hex", at, at + 16);
    pool.fill(0, at, at + 16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  return { bytes, uuid };
}

export const systemRandom: Random = createSystemRandom();
