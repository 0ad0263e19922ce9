import { crc32 } from "node:zlib";
import { assert } from "../lib/assert.ts";
import { sealerIdBytesMax } from "./envelope.ts";
import type { LogRecord, Sealer } from "./store.ts";

/*
 * A block on disk: a header in clear and one sealed payload.
 *
 * header   0 magic · 4 flags · 5 bytes of the sealer's name · 6 sealed bytes · 10 records · 14 first offset ·
 *          20 time · 28 the sealer's name, then a CRC-32 of all that
 * payload  the length of each record, then the records
 */
const magic = 0x314b4c42;
const fixedBytes = 28;
const crcBytes = 4;
const ownSealerFlag = 1;

/** Longest header. */
export const headerBytesMax = fixedBytes + sealerIdBytesMax + crcBytes;

/** Largest payload; the limit of one append. */
export const payloadBytesMax = 2 ** 30;

/** What the header of a block says. */
export interface BlockHeader {
  readonly firstOffset: number;
  readonly count: number;
  readonly timeMs: number;
  readonly sealerId: string;
  /** Sealed with a sealer of the caller, not with the account's data key. */
  readonly ownSealer: boolean;
  readonly headerBytes: number;
  readonly sealedBytes: number;
}

/** Reads a header; `incomplete` when the bytes end too early, undefined when these are no header's. */
export function readHeader(bytes: Buffer, at: number): BlockHeader | "incomplete" | undefined {
  const left = bytes.length - at;
  if (left >= 4 && bytes.readUInt32LE(at) !== magic) return undefined;
  if (left < fixedBytes) return "incomplete";
  const idBytes = bytes.readUInt8(at + 5);
  const crcAt = at + fixedBytes + idBytes;
  if (bytes.length < crcAt + crcBytes) return "incomplete";
  if (bytes.readUInt32LE(crcAt) !== crc32(bytes.subarray(at, crcAt))) return undefined;
  return {
    firstOffset: bytes.readUIntLE(at + 14, 6),
    count: bytes.readUInt32LE(at + 10),
    timeMs: bytes.readDoubleLE(at + 20),
    sealerId: bytes.toString("utf8", at + fixedBytes, crcAt),
    ownSealer: (bytes.readUInt8(at + 4) & ownSealerFlag) !== 0,
    headerBytes: crcAt + crcBytes - at,
    sealedBytes: bytes.readUInt32LE(at + 6),
  };
}

function writeHeader(header: BlockHeader): Buffer {
  const bytes = Buffer.alloc(header.headerBytes);
  const crcAt = header.headerBytes - crcBytes;
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt8(header.ownSealer ? ownSealerFlag : 0, 4);
  bytes.writeUInt8(crcAt - fixedBytes, 5);
  bytes.writeUInt32LE(header.sealedBytes, 6);
  bytes.writeUInt32LE(header.count, 10);
  bytes.writeUIntLE(header.firstOffset, 14, 6);
  bytes.writeDoubleLE(header.timeMs, 20);
  bytes.write(header.sealerId, fixedBytes);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, crcAt)), crcAt);
  return bytes;
}

/** What a payload is bound to: its log and its place there. How long it is sealed, the tag itself proves. */
export const boundOf = (log: string, header: BlockHeader): Buffer =>
  Buffer.concat([Buffer.from(`${log}\x00`), writeHeader({ ...header, sealedBytes: 0 })]);

/** Seals records as a block. */
export function sealBlock(
  log: string,
  firstOffset: number,
  timeMs: number,
  payload: Uint8Array,
  count: number,
  sealer: { readonly sealer: Sealer; readonly own: boolean },
): { readonly header: BlockHeader; readonly parts: readonly Buffer[] } {
  const { id } = sealer.sealer;
  const idBytes = Buffer.byteLength(id);
  assert(idBytes <= sealerIdBytesMax, "the name of a data key fits");
  const draft: BlockHeader = {
    firstOffset,
    count,
    timeMs,
    sealerId: id,
    ownSealer: sealer.own,
    headerBytes: fixedBytes + idBytes + crcBytes,
    sealedBytes: 0,
  };
  const pieces = sealer.sealer.sealPieces(payload, boundOf(log, draft));
  const sealedBytes = pieces.reduce((sum, { length }) => sum + length, 0);
  const header = { ...draft, sealedBytes };
  return { header, parts: [writeHeader(header), ...pieces] };
}

/** Records as one payload. */
export function packRecords(records: readonly Uint8Array[]): Buffer {
  let size = records.length * 4;
  for (const record of records) size += record.length;
  assert(size <= payloadBytesMax, "an append is at most 1 GiB");
  const payload = Buffer.allocUnsafe(size);
  let at = records.length * 4;
  for (const [index, record] of records.entries()) {
    payload.writeUInt32LE(record.length, index * 4);
    payload.set(record, at);
    at += record.length;
  }
  return payload;
}

/** The records of a payload from an offset on, until `take` says no. */
export function unpackRecords(
  payload: Buffer,
  header: BlockHeader,
  fromOffset: number,
  take: (record: LogRecord) => boolean,
): void {
  let at = header.count * 4;
  for (let index = 0; index < header.count; index += 1) {
    const end = at + payload.readUInt32LE(index * 4);
    const offset = header.firstOffset + index;
    if (offset >= fromOffset) {
      const data = payload.subarray(at, end);
      if (!take({ offset, timeMs: header.timeMs, data })) return;
    }
    at = end;
  }
}
