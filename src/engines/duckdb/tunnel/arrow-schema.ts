import { type DataType, type Field, RecordBatchReader } from "apache-arrow";
import type { Column } from "../../../sql/types.ts";
import { arrowSchema } from "./arrow-types.ts";
import { BrokenStream } from "./broken-stream.ts";

const endOfStream = Buffer.from("ffffffff00000000", "hex");

/** Checks that what a client says of its stream is what the columns are; `bytes` is the description in its message. */
export function checkSchema(bytes: Uint8Array, columns: readonly Column[]): void {
  const told = fieldsOf(bytes);
  const wanted = arrowSchema(columns, "stream").fields;
  if (told.length !== wanted.length) {
    throw new BrokenStream(`the stream has ${told.length} columns, and the table ${wanted.length}`);
  }
  for (const [at, field] of wanted.entries()) {
    const { name = "", type } = told[at] ?? {};
    if (name.toLowerCase() !== field.name) {
      throw new BrokenStream(`column ${at} is \`${field.name}\`, not \`${name.slice(0, 128)}\``);
    }
    if (!type || !isSame(type, field.type)) {
      throw new BrokenStream(
        `column \`${name}\` is ${field.type}, not ${String(type).slice(0, 128)}`,
      );
    }
  }
}

/** Names inside of lists and maps are free, and so is the zone of a point in time. */
const isSame = (told: DataType, wanted: DataType): boolean =>
  textOf(told) === textOf(wanted) && widthsOf(told).every((width) => width === 128);

const textOf = (type: DataType): string =>
  String(type).replaceAll(/(Timestamp<\w+), [^>]*>/g, "$1>");

/** Widths of the decimals in a type, which its text does not tell. */
function widthsOf(type: DataType): readonly number[] {
  const own = "bitWidth" in type && "precision" in type ? [Number(type.bitWidth)] : [];
  return [...own, ...(type.children ?? []).flatMap((child) => widthsOf(child.type))];
}

function fieldsOf(bytes: Uint8Array): readonly Field[] {
  const prefix = Buffer.alloc(8, 0xff);
  prefix.writeInt32LE(bytes.length, 4);
  try {
    const reader = RecordBatchReader.from(Buffer.concat([prefix, bytes, endOfStream]));
    return reader.open().schema.fields;
  } catch {
    throw new BrokenStream("the schema of the Arrow stream is broken");
  }
}
