import type { OutsidePlace } from "../../../sql/tree.ts";
import type { Column } from "../../../sql/types.ts";
import type { TableRecord } from "../catalog.ts";
import type { OdpsCall } from "../find-project.ts";
import { callerName } from "../projects.ts";
import { checkReadable, readFormat } from "./format.ts";
import { locationText } from "./location.ts";
import { locationSet } from "./set-location.ts";

type Shape = Pick<TableRecord, "columns" | "partitionColumns">;

/** What LOAD reads, as an external table of such columns would have it: the caller's, of one statement, kept nowhere. */
export function locationRecord(
  place: OutsidePlace,
  { columns, partitionColumns }: Shape,
  call: OdpsCall,
): TableRecord {
  const external = { location: locationSet(place.location, call), format: readFormat(place) };
  const plain = ({ name, type }: Column): Column => ({ name, type, nullable: true });
  const shape = { columns: columns.map(plain), partitionColumns: partitionColumns.map(plain) };
  checkReadable(external.format, shape.columns);
  return {
    ...{ id: call.parts.random.uuid(), kind: "external", schema: "", external, ...shape },
    ...{ name: locationText(external.location), comment: "", owner: callerName(call) },
    ...{ createdAtMs: call.timeMs, definedAtMs: call.timeMs, version: 0 },
    ...{ transactional: false, primaryKey: [], properties: {} },
  };
}
