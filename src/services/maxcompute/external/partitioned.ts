import { assert } from "../../../lib/assert.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import type { Write } from "../../../sql/plan.ts";
import type { PartitionRecord, TableRecord } from "../catalog.ts";
import type { OdpsCall } from "../find-project.ts";
import type { MadeFile } from "../information/relation.ts";
import { partitionPath } from "../relations.ts";
import { partitionPlace, partitionsFound, tablePlace } from "./folders.ts";
import type { Location } from "./location.ts";
import { ExternalObjects } from "./objects.ts";

/**
 * The objects of an external table, or of some partitions of it, as they are now: files that the cell gets for one
 * query, in folders of their partition's values. Without partitions that are told: of all whose folders there are.
 */
export async function filesOf(
  table: TableRecord,
  partitions: readonly PartitionRecord[] | undefined,
  project: ProjectRecord,
  call: OdpsCall,
): Promise<readonly MadeFile[]> {
  const objects = new ExternalObjects(project, call);
  const parts = partitions ?? (await partitionsFound(table, objects));
  const id = call.parts.random.bytes(8).toString("hex");
  const places =
    table.partitionColumns.length === 0
      ? [{ path: "", place: tablePlace(table) }]
      : parts.map((one) => ({
          path: `${partitionPath(table, one.values)}/`,
          place: partitionPlace(table, one),
        }));
  const found = await objects.list(places.map(({ place }) => place));
  return places.flatMap(({ path, place }, at) =>
    (found[at] ?? []).map((object, number) => ({
      name: `x/${id}/${path}${number}`,
      body: () => objects.read(place, object),
    })),
  );
}

/** Where a write may put rows: in partitions that are there, with places of their own, or below the table's place. */
export function placesOf(
  { staticPartition, dynamicPartition }: Write,
  table: TableRecord,
  partitions: readonly PartitionRecord[],
): readonly Location[] {
  const { external } = table;
  assert(external, "an external table says where it lies");
  const told = table.partitionColumns.map(
    ({ name }) => staticPartition.find(({ column }) => column === name)?.value,
  );
  const met = partitions.filter(({ values }) =>
    told.every((value, at) => value === undefined || value === values[at]),
  );
  const own = met.flatMap(({ location }) => (location ? [location] : []));
  const isElsewhere = dynamicPartition.length === 0 && own.length > 0;
  return isElsewhere ? own : [external.location, ...own];
}
