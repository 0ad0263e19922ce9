import { type FileHandle, open, rm } from "node:fs/promises";
import { decodeStruct, encodeStruct, type ThriftStruct, type ThriftValue } from "./thrift.ts";

/**
 * Makes one file of Parquet of several that have the same columns and were written alike: the groups of rows of each
 * follow those before, and one footer tells where all of them lie. Nothing is decoded but footers. The file is sent, from
 * its beginning to its end.
 */
export interface ParquetJoin {
  /** Sends what a file has, which is then no more. */
  add(path: string): Promise<void>;
  /** Sends the end. */
  end(): Promise<void>;
}

const magic = Buffer.from("PAR1");
/** After a footer: its length, and the mark. */
const tailBytes = 8;
const copyBytes = 256 * 1024;
/** A group's ordinal has 16 bits. Only encrypted files need it: groups behind the last that it can tell have none. */
const ordinalMax = 32_767;

/** Numbers of fields in Parquet's own description (parquet.thrift). */
const footerFields = { schema: 2, rows: 3, groups: 4 } as const;
const groupFields = { columns: 1, offset: 5, ordinal: 7 } as const;
const columnFields = { offset: 2, data: 3, offsetIndex: 4, columnIndex: 6 } as const;
const placesInColumn: readonly number[] = [
  columnFields.offset,
  columnFields.offsetIndex,
  columnFields.columnIndex,
];
/** Pages of data, index and dictionary, and the bloom filter. */
const placesInData: readonly number[] = [9, 10, 11, 14];

/** Starts a file; what is sent may be kept, each piece has memory of its own. */
export function createParquetJoin(send: (bytes: Buffer) => Promise<void>): ParquetJoin {
  let footer: ThriftStruct | undefined;
  let dataEnd = 0;

  return {
    async add(path) {
      const part = await open(path, "r");
      try {
        const { footer: own, dataBytes } = await readFooter(part);
        // The mark at the beginning is the first one's.
        const from = footer ? magic.length : 0;
        if (footer) joinFooter(footer, own, dataEnd - from);
        else holdWritten(groupsOf(own));
        footer ??= own;
        for (let at = from; at < dataBytes; at += copyBytes) {
          await send(await readAll(part, Math.min(copyBytes, dataBytes - at), at));
        }
        dataEnd += dataBytes - from;
      } finally {
        await part.close();
      }
      await rm(path);
    },
    async end() {
      if (!footer) return;
      const bytes = encodeStruct(footer);
      const tail = Buffer.alloc(tailBytes);
      tail.writeUInt32LE(bytes.length);
      magic.copy(tail, 4);
      await send(Buffer.concat([bytes, tail]));
    },
  };
}

async function readFooter(file: FileHandle): Promise<{ footer: ThriftStruct; dataBytes: number }> {
  const { size } = await file.stat();
  if (size < magic.length + tailBytes) throw new Error("a part is no file of Parquet");
  const tail = await readAll(file, tailBytes, size - tailBytes);
  const length = tail.readUInt32LE();
  const dataBytes = size - tailBytes - length;
  if (!tail.subarray(4).equals(magic) || dataBytes < magic.length) {
    throw new Error("a part is no file of Parquet");
  }
  return { footer: decodeStruct(await readAll(file, length, dataBytes)), dataBytes };
}

async function readAll(file: FileHandle, length: number, position: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw new Error("a part ends too early");
    at += bytesRead;
  }
  return bytes;
}

/** Groups are held as they will stand in the footer: as trees those of a large file would be most of the heap. */
function holdWritten(groups: ThriftValue[]): void {
  for (const [at, group] of groups.entries()) groups[at] = encodeStruct(group as ThriftStruct);
}

/**
 * Takes over the groups of rows of another footer, whose data was moved by so many bytes. Of the first one they are held
 * as they are written.
 */
function joinFooter(footer: ThriftStruct, other: ThriftStruct, movedBytes: number): void {
  if (!schemaOf(footer).equals(schemaOf(other))) throw new Error("a part has other columns");
  const groups = groupsOf(footer);
  for (const group of groupsOf(other) as ThriftStruct[]) {
    move(group, [groupFields.offset], movedBytes);
    number(group, groups.length);
    for (const column of listOf(group, groupFields.columns) as ThriftStruct[]) {
      move(column, placesInColumn, movedBytes);
      const data = column.find(({ id }) => id === columnFields.data)?.value;
      if (!Array.isArray(data)) throw new Error("a column of a part has no description");
      move(data as ThriftStruct, placesInData, movedBytes);
    }
    groups.push(encodeStruct(group));
  }
  const rows = footer.find(({ id }) => id === footerFields.rows);
  const more = other.find(({ id }) => id === footerFields.rows);
  if (typeof rows?.value !== "number" || typeof more?.value !== "number") {
    throw new Error("a part does not tell its rows");
  }
  rows.value += more.value;
}

const schemaOf = (footer: ThriftStruct): Buffer =>
  encodeStruct(footer.filter(({ id }) => id === footerFields.schema));

function number(group: ThriftStruct, ordinal: number): void {
  const at = group.findIndex(({ id }) => id === groupFields.ordinal);
  const field = group[at];
  if (!field) return;
  if (ordinal > ordinalMax) group.splice(at, 1);
  else field.value = ordinal;
}

/** Zero is no place: fields that are no longer in use have it. */
function move(struct: ThriftStruct, ids: readonly number[], movedBytes: number): void {
  for (const field of struct) {
    if (!ids.includes(field.id) || typeof field.value !== "number" || field.value === 0) continue;
    field.value += movedBytes;
  }
}

const groupsOf = (footer: ThriftStruct): ThriftValue[] => listOf(footer, footerFields.groups);

function listOf(struct: ThriftStruct, id: number): ThriftValue[] {
  const found = struct.find((field) => field.id === id)?.value;
  if (found === undefined || typeof found !== "object" || !("items" in found)) {
    throw new Error("a footer lacks a list");
  }
  return found.items;
}
