import { isValid, type Vector } from "./vectors.ts";

/** Turns rows of texts into the comma-separated form of MaxCompute's results. */
export interface CsvWriter {
  head(): Buffer;
  write(batch: readonly Vector[]): Iterable<Buffer>;
}

const chunkBytes = 1 << 16;
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** Texts of one column, each with a line's end. */
export const linesWriter: Pick<CsvWriter, "write"> = {
  *write([texts]) {
    if (!texts) return;
    const { bytes, offsets, count } = texts;
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let row = 0; row < count; row += 1) {
      yield Buffer.concat([all.subarray(offsets[row], offsets[row + 1]), lineEnd]);
    }
  },
};

const lineEnd = Buffer.from("\n");

/** Starts a table: names and values are quoted, a missing value is a bare `\N`. */
export function createCsvWriter(names: readonly string[]): CsvWriter {
  return {
    head: () => Buffer.from(`${names.map(quoted).join(",")}\n`),
    *write(batch) {
      const texts = batch.map(({ bytes }) =>
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      );
      let lines = "";
      for (let row = 0; row < (batch[0]?.count ?? 0); row += 1) {
        const cells = batch.map((vector, at) => {
          if (!isValid(vector, row)) return "\\N";
          return quoted(
            texts[at]?.toString("utf8", vector.offsets[row], vector.offsets[row + 1]) ?? "",
          );
        });
        lines += `${cells.join(",")}\n`;
        if (lines.length < chunkBytes) continue;
        yield Buffer.from(lines);
        lines = "";
      }
      if (lines !== "") yield Buffer.from(lines);
    },
  };
}
