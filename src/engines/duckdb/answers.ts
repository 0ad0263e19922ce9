import { memberOf } from "../../lib/record.ts";
import type { Column } from "../../sql/types.ts";
import { EngineRefusal } from "../kept/ask.ts";
import { checkFile } from "./files.ts";
import { type Kept, type KeptFile, readColumns } from "./questions.ts";

/**
 * A query may have taken over what runs in the cell: of its answers nothing is believed but their shape, and a name of
 * a file only below what was asked for.
 */
const columnsMax = 10_000;
const filesMax = 10_000;

const broken = (what: string): never => {
  throw new EngineRefusal(`the engine's answer is not understood: ${what}`);
};

const count = (value: unknown): number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0
    ? value
    : broken("a number is expected");

const text = (value: unknown): string =>
  typeof value === "string" ? value : broken("a text is expected");

function list<Item>(value: unknown, max: number, read: (item: unknown) => Item): readonly Item[] {
  if (!Array.isArray(value) || value.length > max) return broken("a list is expected");
  return value.map(read);
}

/** Reads the columns of an answer. */
export const columnsOf = (answer: unknown): readonly Column[] =>
  readColumns(
    list(memberOf(answer, "columns"), columnsMax, (column) => ({
      name: text(memberOf(column, "name")),
      type: text(memberOf(column, "type")),
      nullable: true,
    })),
  );

/** Reads what a query has left below `file`. */
export function keptOf(answer: unknown, file: string, values: number): Kept {
  const files = list(memberOf(answer, "files"), filesMax, (each): KeptFile => {
    const name = checkFile(text(memberOf(each, "file")));
    if (name !== file && !(values > 0 && name.startsWith(`${file}/`))) broken("another file");
    const found = list(memberOf(each, "values"), values, (value) =>
      value === null ? null : text(value),
    );
    if (found.length !== values) broken("values of a partition are missing");
    return {
      file: name,
      rows: count(memberOf(each, "rows")),
      bytes: count(memberOf(each, "bytes")),
      values: found,
    };
  });
  return {
    columns: columnsOf(answer),
    files,
    rows: count(memberOf(answer, "rows")),
    bytes: count(memberOf(answer, "bytes")),
  };
}

/** Reads how many rows a stream had. */
export const rowsOf = (told: string | undefined): number => count(Number(told ?? Number.NaN));
