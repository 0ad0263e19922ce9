import { Malformed } from "./bytes.ts";

/** One message: its number, which the answer repeats, and what it says. */
export interface Frame {
  readonly code: number;
  readonly body: Buffer;
}

const headBytes = 12;
const bodyBytesMax = 4 * 1024 * 1024;
/** Options name the module, for nobody's use here. */
const optionsBytesMax = 4096;

/** The first message of a connection: the highest version that the sender speaks; answered by the one in use. */
export const versionMax = 2;

/** Cuts what arrives into frames: number, length of options, length of body (each u32), options, body. */
export class FrameReader {
  #held: Buffer[] = [];
  #heldBytes = 0;
  #wanted = headBytes;

  /** The frames that are complete with this piece. Throws `Malformed` at a length beyond the limits. */
  push(piece: Buffer): Frame[] {
    this.#held.push(piece);
    this.#heldBytes += piece.length;
    const found: Frame[] = [];
    if (this.#heldBytes < this.#wanted) return found;
    let bytes = this.#held.length === 1 ? piece : Buffer.concat(this.#held);
    for (;;) {
      this.#wanted = headBytes;
      if (bytes.length < headBytes) break;
      const options = bytes.readUInt32BE(4);
      const body = bytes.readUInt32BE(8);
      if (options > optionsBytesMax || body > bodyBytesMax) throw new Malformed("too long a frame");
      const end = headBytes + options + body;
      this.#wanted = end;
      if (bytes.length < end) break;
      found.push({ code: bytes.readUInt32BE(0), body: bytes.subarray(headBytes + options, end) });
      bytes = bytes.subarray(end);
    }
    this.#held = bytes.length > 0 ? [bytes] : [];
    this.#heldBytes = bytes.length;
    return found;
  }
}

/** The head of a frame without options. */
export function frameHead(code: number, bodyBytes: number): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(code, 0);
  head.writeUInt32BE(bodyBytes, 8);
  return head;
}
