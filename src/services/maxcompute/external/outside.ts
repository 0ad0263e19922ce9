import { assert } from "../../../lib/assert.ts";
import type { Carried } from "../../../pipeline/release.ts";
import type { WantedFlow } from "../../../projects/projects.ts";
import type { Selection } from "../../../sql/plan.ts";
import type { OdpsCall } from "../find-project.ts";
import type { MadeFile } from "../information/relation.ts";
import { keepInCell, type Running } from "../statements/in-cell.ts";
import { emitted } from "../statements/query.ts";
import type { ExternalFormat } from "./format.ts";
import type { Location } from "./location.ts";
import { ExternalObjects } from "./objects.ts";

/** Data that lies outside of the warehouse, and its form. */
export interface External {
  readonly location: Location;
  readonly format: ExternalFormat;
}

/** Where what is written to a location goes: into the project of its bucket, or out of all. */
export function placeAt({ bucket, prefix }: Location, call: OdpsCall): WantedFlow["destination"] {
  const holder = call.parts.projects.holding(call.account, { kind: "bucket", name: bucket });
  return holder
    ? { kind: "project", project: holder.name }
    : { kind: "external", location: `s3://${bucket}/${prefix}` };
}

/** The objects of a location as files that the cell gets for one query. */
export async function filesAt(
  { location }: External,
  objects: ExternalObjects,
  { parts }: OdpsCall,
): Promise<readonly MadeFile[]> {
  const id = parts.random.bytes(8).toString("hex");
  const found = await objects.list(location);
  return found.map((object, at) => ({
    name: `x/${id}/${at}`,
    body: () => objects.read(location, object),
  }));
}

/**
 * Writes the rows of a query as one object. It is judged again before the object is written; `overwrite` then removes
 * those that were there before, one by one: a location is no table, and who reads it meanwhile may see both.
 */
export async function writeOutside(
  selection: Selection,
  { location, format }: External,
  running: Running,
  overwrite = false,
): Promise<Carried> {
  const { target, input, call, judgeAgain } = running;
  const objects = new ExternalObjects(target.project, call);
  const before = overwrite ? await objects.list(location) : [];
  const unique = call.parts.random.bytes(4).toString("hex");
  const name = `${input.job.record.id}_${unique}${endings(format)}`;
  const how = { file: `x/${name}`, ...(format.kind === "text" && { text: format }) };
  const query = await emitted(selection, running);
  return keepInCell(query, how, running, async ({ engine }, { files: [kept] }) => {
    assert(kept, "a query leaves one file");
    const { file, rows, bytes } = kept;
    judgeAgain();
    if (rows > 0) await objects.write(location, name, engine.give(file), bytes);
    await engine.remove(file);
    for (const object of before) await objects.remove(location, object);
    return rows > 0 ? { rows, bytes } : { rows: 0, bytes: 0 };
  });
}

const endings = (format: ExternalFormat): string =>
  format.kind === "parquet" ? ".parquet" : format.gzip ? ".csv.gz" : ".csv";
