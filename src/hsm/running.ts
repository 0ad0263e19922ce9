import { refuse } from "./refuse.ts";

/** Work under way: takes data piece by piece, then ends. */
export interface Running {
  update(data: Uint8Array): Buffer;
  /** What it keeps of what it was given; nothing unless said. */
  readonly heldBytes?: number;
  /** The last output. For what is verified, the signature; no answer but the absence of an error. */
  finish(signature?: Uint8Array): Buffer;
}

export const nothing = Buffer.alloc(0);

/** What is collected before it can be worked on: plaintext that is not authenticated yet is never answered. */
const collectedBytesMax = 4 * 1024 * 1024;

/** Work that needs all of its data at once. */
export function collecting(
  work: (data: Buffer, signature?: Uint8Array) => Buffer,
  bytesMax = collectedBytesMax,
): Running {
  const pieces: Buffer[] = [];
  let size = 0;
  return {
    get heldBytes() {
      return size;
    },
    update(data) {
      size += data.length;
      if (size > bytesMax) refuse("DATA_LEN_RANGE", `more than ${bytesMax} bytes`);
      pieces.push(Buffer.from(data));
      return nothing;
    },
    finish: (signature) => work(Buffer.concat(pieces), signature),
  };
}
