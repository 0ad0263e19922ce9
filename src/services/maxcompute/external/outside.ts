import { outOfFile } from "../../../engines/duckdb/duckdb-types.ts";
import { fileText } from "../../../engines/duckdb/files.ts";
import type { KeepQuestion, KeptFile } from "../../../engines/duckdb/questions.ts";
import { assert } from "../../../lib/assert.ts";
import { type Carried, ServiceError } from "../../../pipeline/operation.ts";
import type { WantedFlow } from "../../../projects/projects.ts";
import type { Selection } from "../../../sql/plan.ts";
import { quoteName } from "../../../sql/quote.ts";
import type { Column } from "../../../sql/types.ts";
import type { OdpsCall } from "../find-project.ts";
import type { ProjectEngine } from "../project-engine.ts";
import { keepInCell, type Running } from "../statements/in-cell.ts";
import { emitted, toldValues } from "../statements/query.ts";
import { timezoneOf } from "../tunnel/session.ts";
import { checkTypes, type ExternalFormat } from "./format.ts";
import { type Location, locationText, type SetLocation, type StoredLocation } from "./location.ts";
import { ExternalObjects } from "./objects.ts";

/** Data that lies outside of the warehouse, and its form. */
export interface External {
  readonly location: StoredLocation;
  readonly format: ExternalFormat;
}

/** Where what is written to a location goes: into the project of its bucket, or out of all. */
export function placeAt(location: Location, call: OdpsCall): WantedFlow["destination"] {
  const holder = call.parts.projects.holding(call.account, {
    kind: "bucket",
    name: location.bucket,
  });
  return holder
    ? { kind: "project", project: holder.name }
    : { kind: "external", location: locationText(location) };
}

/** How the rows of a query are put outside. */
interface Outgoing {
  readonly format: ExternalFormat;
  /** The last columns of the query, whose values say into which place a row goes. */
  readonly partitionBy: readonly string[];
  /** The place of the rows with such values. Throws to refuse. */
  readonly placeOf: (values: readonly string[]) => SetLocation;
  /** Whether the objects go that were in a place before. */
  readonly overwrite: boolean;
}

/** What was put outside, and the values of the places. */
interface PutOutside extends Required<Pick<Carried, "rows" | "bytes">> {
  readonly values: readonly (readonly string[])[];
}

/**
 * Writes the rows of a query as objects, into each place one. It is judged again before the first is written. What was
 * there before is removed then, one by one: a location is no table, and who reads it meanwhile may see both.
 */
export async function writeOutside(
  selection: Selection,
  { format, partitionBy, placeOf, overwrite }: Outgoing,
  running: Running,
): Promise<PutOutside> {
  const { target, input, call, judgeAgain } = running;
  checkWritable(format);
  checkTypes(format, columnsOf(selection, partitionBy));
  const objects = new ExternalObjects(target.project, call);
  const unique = call.parts.random.bytes(4).toString("hex");
  const name = `${input.job.record.id}_${unique}`;
  const isParted = partitionBy.length > 0;
  const ending = endings(format);
  const text = textOf(format);
  const how = isParted
    ? { file: `x/${name}`, partitionBy, leaves: true }
    : { file: `x/${name}${ending}`, leaves: true, ...text };
  const query = await emitted(selection, running);
  return keepInCell(query, how, running, async (cell, { files }) => {
    const left = files.map((file, at) => {
      const values = toldValues(file, partitionBy);
      const own = isParted ? `${name}_${at}${ending}` : `${name}${ending}`;
      return { file, values, own, place: placeOf(values) };
    });
    const before = overwrite ? await objects.list(left.map(({ place }) => place)) : [];
    judgeAgain();
    let [rows, bytes] = [0, 0];
    for (const { file, own, place } of left) {
      const as = isParted && text.text ? { file: `x/t/${own}`, ...text } : undefined;
      const out = as
        ? await asText(file, as, columnsOf(selection, partitionBy), cell, running)
        : file;
      try {
        if (file.rows > 0) {
          await objects.write(place, own, cell.engine.give(out.file), out.bytes);
          rows += file.rows;
          bytes += out.bytes;
        }
      } finally {
        await cell.engine.remove(out.file);
      }
    }
    const removed = new Set<string>();
    for (const [at, { place }] of left.entries()) {
      for (const object of before[at] ?? []) {
        const key = `${place.bucket}/${object.key}`;
        if (!removed.has(key)) await objects.remove(place, object);
        removed.add(key);
      }
    }
    return { rows, bytes, values: left.map(({ values }) => values) };
  });
}

/** How a form is written that is text. */
const textOf = (format: ExternalFormat): Pick<KeepQuestion, "text"> => {
  if (format.kind === "parquet") return {};
  return { text: format.kind === "json" ? format.kind : format };
};

/** Objects are written without header lines: who reads them by this form would lose their first rows. */
function checkWritable(format: ExternalFormat): void {
  if (format.kind !== "text" || format.headerLines === 0) return;
  throw new ServiceError(
    "ODPS-0130071",
    "ODPS-0130071: Semantic analysis exception - objects with odps.text.option.header.lines.count are read and not written: write by a form without it",
  );
}

/** The columns of a query that files keep where others say into which a row goes. */
const columnsOf = ({ columns }: Selection, partitionBy: readonly string[]): readonly Column[] =>
  columns.slice(0, columns.length - partitionBy.length);

/** Rows that were parted, which a query leaves as Parquet, as lines of text. */
async function asText(
  { file }: KeptFile,
  how: Pick<KeepQuestion, "file" | "text">,
  columns: readonly Column[],
  { engine }: ProjectEngine,
  { input, target }: Running,
): Promise<KeptFile> {
  const list = columns.map(({ name, type }) => {
    const column = quoteName(name);
    return `${outOfFile(column, type)} AS ${column}`;
  });
  const { files } = await engine.keep({
    ...{ id: input.job.record.id, settings: { timezone: timezoneOf(target.catalog) } },
    ...{ sql: `SELECT ${list.join(", ")} FROM read_parquet(${fileText(file)})`, ...how },
  });
  await engine.remove(file);
  const [written] = files;
  assert(written, "a query leaves one file");
  return written;
}

const endings = (format: ExternalFormat): string =>
  format.kind !== "text" ? `.${format.kind}` : format.gzip ? ".csv.gz" : ".csv";
