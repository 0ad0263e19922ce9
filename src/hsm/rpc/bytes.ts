/** What came over a connection is not p11-kit's protocol. The connection ends; nothing is answered. */
export class Malformed extends Error {
  override readonly name = "Malformed";
}

/** CK_UNAVAILABLE_INFORMATION: all bits of a CK_ULONG set. */
export const unavailable = -1;

const two32 = 2 ** 32;
const noBytes = 0xffffffff;

/** Reads numbers (big endian) and bytes from one message; throws `Malformed` where it ends too early. */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#step(1));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#step(4));
  }

  /** A CK_ULONG. `unavailable` where all bits are set; what no number holds exactly becomes the greatest that one does. */
  ulong(): number {
    const high = this.uint32();
    const low = this.uint32();
    if (high === noBytes && low === noBytes) return unavailable;
    return Math.min(high * two32 + low, Number.MAX_SAFE_INTEGER);
  }

  /** Bytes after their length; undefined for a NULL pointer. They lie in the message: copy what is kept. */
  bytes(): Buffer | undefined {
    const length = this.uint32();
    if (length === noBytes) return undefined;
    const start = this.#step(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A number of things of at least `bytesEach` each, so that a count cannot make us set aside more than was sent. */
  count(bytesEach: number): number {
    const count = this.uint32();
    if (count * bytesEach > this.left) throw new Malformed("a list is longer than its message");
    return count;
  }

  #step(size: number): number {
    const start = this.#at;
    if (size > this.#bytes.length - start) throw new Malformed("a message ends too early");
    this.#at = start + size;
    return start;
  }
}

/** Writes a message; grows as needed. */
export class Writer {
  #bytes: Buffer;
  #at = 0;

  constructor(room = 256) {
    this.#bytes = Buffer.allocUnsafe(room);
  }

  get length(): number {
    return this.#at;
  }

  byte(value: number): void {
    const start = this.#step(1);
    this.#bytes.writeUInt8(value, start);
  }

  uint32(value: number): void {
    const start = this.#step(4);
    this.#bytes.writeUInt32BE(value, start);
  }

  ulong(value: number): void {
    const whole = value === unavailable;
    this.uint32(whole ? noBytes : Math.floor(value / two32));
    this.uint32(whole ? noBytes : value % two32);
  }

  bytes(value: Uint8Array | undefined): void {
    this.uint32(value?.length ?? noBytes);
    if (value) this.raw(value);
  }

  raw(value: Uint8Array): void {
    const start = this.#step(value.length);
    this.#bytes.set(value, start);
  }

  /** Puts a number in a place that was written before. */
  patchUint32(at: number, value: number): void {
    this.#bytes.writeUInt32BE(value, at);
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  #step(size: number): number {
    const start = this.#at;
    const end = start + size;
    if (end > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(end, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, start);
      this.#bytes = grown;
    }
    this.#at = end;
    return start;
  }
}
