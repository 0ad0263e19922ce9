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

const digits = Buffer.from("0123456789abcdef");

function createSystemRandom(): Random {
  const pool = Buffer.alloc(poolSize);
  let used = poolSize;
  /** The text of a UUID: put together from pieces it would be a tree of them until somebody reads it. */
  const text = Buffer.from("00000000-0000-0000-0000-000000000000");

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
    const from = draw(16);
    pool[from + 6] = ((pool[from + 6] ?? 0) & 0x0f) | 0x40;
    pool[from + 8] = ((pool[from + 8] ?? 0) & 0x3f) | 0x80;
    let to = 0;
    for (let at = 0; at < 16; at += 1) {
      const byte = pool[from + at] ?? 0;
      pool[from + at] = 0;
      if (at === 4 || at === 6 || at === 8 || at === 10) to += 1;
      text[to] = digits[byte >> 4] ?? 0;
      text[to + 1] = digits[byte & 15] ?? 0;
      to += 2;
    }
    return text.toString("latin1");
  }

  return { bytes, uuid };
}

export const systemRandom: Random = createSystemRandom();
