import type {
  CreateApplicationSnapshotRequest,
  CreateApplicationSnapshotResponse,
  DeleteApplicationSnapshotRequest,
  DescribeApplicationSnapshotRequest,
  DescribeApplicationSnapshotResponse,
  ListApplicationSnapshotsRequest,
  ListApplicationSnapshotsResponse,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { snapshotDetail } from "./describe.ts";
import {
  type AnalyticsCall,
  type Application,
  findApplication,
  recordOf,
} from "./find-application.ts";
import { type SnapshotRecord, snapshotTable } from "./records.ts";
import { newSnapshot } from "./take-snapshot.ts";

const snapshotsMax = 1000;

/** Begins a snapshot of a running application; it is READY once Flink has written it. */
export const createApplicationSnapshot = operation("CreateApplicationSnapshot", {
  resolve: ({ ApplicationName }: Checked<CreateApplicationSnapshotRequest>, call: AnalyticsCall) =>
    findApplication(ApplicationName, call),

  async handle(
    application,
    { SnapshotName = "" },
    call,
  ): Promise<CreateApplicationSnapshotResponse> {
    const record = recordOf(application);
    if (!record.snapshotsEnabled) {
      throw new ServiceError(
        "InvalidApplicationConfigurationException",
        `Snapshots are disabled for application ${record.name}.`,
      );
    }
    if (record.status !== "RUNNING") {
      throw new ServiceError(
        "InvalidRequestException",
        `Application ${record.name} must be RUNNING to take a snapshot; it is ${record.status}.`,
      );
    }
    const table = snapshotTable(call.store);
    const snapshot = newSnapshot(SnapshotName, record, call.timeMs);
    await call.parts.store.transaction(() => {
      if (table.find([record.id, SnapshotName])) {
        throw new ServiceError(
          "ResourceInUseException",
          `Snapshot ${SnapshotName} of application ${record.name} already exists.`,
        );
      }
      const known = [...table.range({ prefix: [record.id], limit: snapshotsMax })];
      if (known.length >= snapshotsMax) {
        throw new ServiceError(
          "LimitExceededException",
          `An application has at most ${snapshotsMax} snapshots.`,
        );
      }
      table.put([record.id, SnapshotName], snapshot);
    });
    call.own.of(record, call).snapshot(snapshot);
    return {};
  },
});

export const describeApplicationSnapshot = operation("DescribeApplicationSnapshot", {
  resolve: (
    { ApplicationName }: Checked<DescribeApplicationSnapshotRequest>,
    call: AnalyticsCall,
  ) => findApplication(ApplicationName, call),

  handle: (application, { SnapshotName }, call): DescribeApplicationSnapshotResponse => ({
    SnapshotDetails: snapshotDetail(findSnapshot(application, SnapshotName, call)),
  }),
});

export const listApplicationSnapshots = operation("ListApplicationSnapshots", {
  resolve: ({ ApplicationName }: Checked<ListApplicationSnapshotsRequest>, call: AnalyticsCall) =>
    findApplication(ApplicationName, call),

  /** The newest first. */
  handle(application, { Limit = 50, NextToken }, call): ListApplicationSnapshotsResponse {
    const { id } = recordOf(application);
    const all = [...snapshotTable(call.store).range({ prefix: [id] })]
      .map(({ value }) => value)
      .sort((left, right) => right.createdAtMs - left.createdAtMs);
    const start = NextToken === undefined ? 0 : all.findIndex(({ name }) => name === NextToken) + 1;
    const shown = all.slice(start, start + Limit);
    return {
      SnapshotSummaries: shown.map(snapshotDetail),
      ...(start + Limit < all.length && { NextToken: shown.at(-1)?.name }),
    };
  },
});

/** Removes a snapshot with its files. */
export const deleteApplicationSnapshot = operation("DeleteApplicationSnapshot", {
  resolve: ({ ApplicationName }: Checked<DeleteApplicationSnapshotRequest>, call: AnalyticsCall) =>
    findApplication(ApplicationName, call),

  async handle(application, { SnapshotName, SnapshotCreationTimestamp }, call): Promise<void> {
    const record = recordOf(application);
    const snapshot = findSnapshot(application, SnapshotName, call);
    const wholeSecond = (ms: number) => Math.floor(ms / 1000);
    const given = SnapshotCreationTimestamp?.getTime() ?? 0;
    if (wholeSecond(given) !== wholeSecond(snapshot.createdAtMs)) {
      throw new ServiceError(
        "InvalidArgumentException",
        "SnapshotCreationTimestamp is not that of the snapshot; DescribeApplicationSnapshot shows it.",
      );
    }
    if (snapshot.status === "CREATING") {
      throw new ServiceError(
        "ResourceInUseException",
        `Snapshot ${snapshot.name} is still being created.`,
      );
    }
    await call.own.of(record, call).state.clearSnapshot(snapshot.name);
    const table = snapshotTable(call.store);
    await call.parts.store.transaction(() => table.remove([record.id, snapshot.name]));
  },
});

function findSnapshot(
  application: Application,
  name: string | undefined,
  call: AnalyticsCall,
): SnapshotRecord {
  const { id } = recordOf(application);
  const found = snapshotTable(call.store).find([id, name ?? ""]);
  if (found) return found;
  throw new ServiceError(
    "ResourceNotFoundException",
    `Application ${application.name} has no snapshot ${name ?? ""}.`,
  );
}
