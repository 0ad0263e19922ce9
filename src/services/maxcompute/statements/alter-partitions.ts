import type { Expression, Position } from "../../../sql/tree.ts";
import type {
  AlterMaterializedView,
  AlterTable,
  AlterTableAction,
  PartitionSpec,
} from "../../../sql/tree-alter.ts";
import type { PartitionRecord, TableRecord } from "../catalog.ts";
import { partitionName } from "../catalog.ts";
import { checkValues } from "../external/folders.ts";
import { locationSet } from "../external/set-location.ts";
import type { OdpsCall } from "../find-project.ts";
import { callerName } from "../projects.ts";
import type { FoundTable } from "../tunnel/session.ts";
import { putVersion, sameValues, withFiles } from "../versions.ts";
import { type Doing, notBuilt } from "./execute.ts";
import { constant, partitionValues, semantic } from "./names.ts";

type Change = (partitions: readonly PartitionRecord[]) => readonly PartitionRecord[];

/** What an action does to a table's partitions, to be called inside a transaction; undefined: nothing. */
export function changePartitions(
  action: AlterTableAction,
  found: FoundTable,
  doing: Doing<AlterTable | AlterMaterializedView>,
): (() => void) | undefined {
  const change = changeOf(action, found, doing);
  if (!change) return undefined;
  const { record, store, project } = found;
  const { call } = doing;
  return () => {
    putVersion(store, {
      ...{ projectId: project.id, table: record, clock: call.parts.clock, by: callerName(call) },
      ...{ operation: "ALTER PARTITION", added: [], change },
    });
  };
}

/** Where an action stands and what it is on. */
interface On {
  readonly record: TableRecord;
  readonly at: Position;
  readonly atMs: number;
  readonly call: OdpsCall;
}

type Action<Kind extends AlterTableAction["kind"]> = Extract<AlterTableAction, { kind: Kind }>;

function changeOf(
  action: AlterTableAction,
  { record }: FoundTable,
  { statement, call }: Doing<AlterTable | AlterMaterializedView>,
): Change | undefined {
  const on = { record, at: statement.at, atMs: call.timeMs, call };
  switch (action.kind) {
    case "add-partitions":
      return added(action, on);
    case "drop-partitions":
      return (partitions) => without(partitions, action, on);
    case "rename-partition":
      return renamed(action, on);
    case "enable-lifecycle":
      return action.partition && changeOne(action.partition, on, living);
    case "disable-lifecycle":
      return (
        action.partition &&
        changeOne(action.partition, on, (one) => ({ ...one, lifecycleDisabled: true }))
      );
    case "set-location":
      return action.partition && moved(action.location, action.partition, on);
    case "touch":
      return touched(action, on);
    case "merge-partitions":
      return merged(action, on);
    default:
      return undefined;
  }
}

const living = ({ lifecycleDisabled: _, ...partition }: PartitionRecord): PartitionRecord =>
  partition;

/** Refuses to name partitions that rows make. */
function checkNamed({ record, at }: On): void {
  if (record.partitionColumns.some(({ generated }) => generated)) {
    throw semantic(at, `the partitions of ${record.name} are made of its rows`);
  }
}

function added({ partitions: asked, ifNotExists }: Action<"add-partitions">, on: On): Change {
  const { record, at, atMs, call } = on;
  checkNamed(on);
  const wanted = asked.map(({ spec, location }) => {
    const values = partitionValues(spec, record, at);
    if (record.external) checkValues(record, values);
    else if (location !== undefined) throw notBuilt("LOCATION of a partition");
    return { values, ...(location !== undefined && { location: locationSet(location, call) }) };
  });
  return (partitions) => {
    const fresh = wanted.filter(({ values }) => {
      const isThere = partitions.some((one) => sameValues(one.values, values));
      if (!isThere || ifNotExists) return !isThere;
      throw semantic(at, `partition ${partitionName(record, values)} already exists`);
    });
    return withNew(partitions, fresh, atMs);
  };
}

function without(
  partitions: readonly PartitionRecord[],
  { partitions: wanted, ifExists }: Action<"drop-partitions">,
  { record, at }: On,
): readonly PartitionRecord[] {
  return wanted.reduce((before, conditions) => {
    const left = before.filter(
      ({ values }) => !conditions.every((one) => holds(one, values, record)),
    );
    if (left.length < before.length || ifExists) return left;
    throw semantic(at, "there is no such partition");
  }, partitions);
}

function renamed({ partition, ...action }: Action<"rename-partition">, on: On): Change {
  const { record, at } = on;
  checkNamed(on);
  const to = partitionValues(action.to, record, at);
  const change = changeOne(partition, on, (one) => ({ ...one, values: to }));
  return (partitions) => {
    if (partitions.some(({ values }) => sameValues(values, to))) {
      throw semantic(at, `partition ${partitionName(record, to)} already exists`);
    }
    return change(partitions);
  };
}

function moved(text: string, partition: PartitionSpec, on: On): Change {
  const location = locationSet(text, on.call);
  return changeOne(partition, on, (one) => ({ ...one, location, modifiedAtMs: on.atMs }));
}

/** Of a table that has partitions and names none: nothing. */
function touched({ partition }: Action<"touch">, on: On): Change | undefined {
  const { record, atMs } = on;
  if (partition) return changeOne(partition, on, (one) => ({ ...one, modifiedAtMs: atMs }));
  if (record.partitionColumns.length > 0) return undefined;
  return (partitions) => withFiles(partitions, [], [], { atMs, overwrite: false });
}

/** Partitions without rows beside those that are there, each once. */
export function withNew(
  partitions: readonly PartitionRecord[],
  wanted: readonly Pick<PartitionRecord, "values" | "location">[],
  atMs: number,
): readonly PartitionRecord[] {
  const known = new Set(partitions.map(({ values }) => JSON.stringify(values)));
  const fresh = wanted.filter(({ values }) => {
    const key = JSON.stringify(values);
    return !known.has(key) && known.add(key);
  });
  const times = { createdAtMs: atMs, modifiedAtMs: atMs };
  return [...partitions, ...fresh.map((one) => ({ ...one, files: [], ...times }))];
}

/** The rows of some partitions as those of one, whatever that had before; the others go. */
function merged(
  { partitions: wanted, ifExists, into }: Action<"merge-partitions">,
  on: On,
): Change {
  const { record, at, atMs } = on;
  checkNamed(on);
  if (record.transactional) throw semantic(at, "partitions of a transactional table stay apart");
  const target = partitionValues(into, record, at);
  return (partitions) => {
    const found = wanted.map((conditions) =>
      partitions.filter(({ values }) => conditions.every((one) => holds(one, values, record))),
    );
    if (!ifExists && found.some((some) => some.length === 0)) {
      throw semantic(at, "there is no such partition");
    }
    const sources = [...new Set(found.flat())];
    if (sources.length === 0) return partitions;
    const files = sources.flatMap((one) => one.files);
    const left = partitions.filter(
      (one) => !sources.includes(one) || sameValues(one.values, target),
    );
    return withFiles(left, target, files, { atMs, overwrite: true });
  };
}

/** Changes one partition, which must be there. */
function changeOne(
  spec: PartitionSpec,
  { record, at }: On,
  change: (partition: PartitionRecord) => PartitionRecord,
): Change {
  const values = partitionValues(spec, record, at);
  return (partitions) => {
    if (!partitions.some((one) => sameValues(one.values, values))) {
      throw semantic(at, `there is no partition ${partitionName(record, values)}`);
    }
    return partitions.map((one) => (sameValues(one.values, values) ? change(one) : one));
  };
}

const orders: Readonly<Record<string, (sign: number) => boolean>> = {
  "=": (sign) => sign === 0,
  "<>": (sign) => sign !== 0,
  "<": (sign) => sign < 0,
  "<=": (sign) => sign <= 0,
  ">": (sign) => sign > 0,
  ">=": (sign) => sign >= 0,
};

const numbers = new Set(["tinyint", "smallint", "int", "bigint"]);

/** Whether a comparison of a partition column with a constant holds for a partition. */
function holds(condition: Expression, values: readonly string[], table: TableRecord): boolean {
  if (condition.kind !== "binary" || condition.left.kind !== "name") {
    throw semantic(condition.at, "a comparison of a partition column with a constant is expected");
  }
  const key = condition.left.parts.at(-1)?.key;
  const at = table.partitionColumns.findIndex(({ name }) => name === key);
  const order = orders[condition.operator];
  if (at < 0 || !order) {
    throw semantic(condition.at, `partition column ${key ?? ""} cannot be compared so`);
  }
  const [one, other] = [values[at] ?? "", constant(condition.right)];
  if (numbers.has(table.partitionColumns[at]?.type.kind ?? "")) {
    return order(Number(one) - Number(other));
  }
  return order(one < other ? -1 : one > other ? 1 : 0);
}
