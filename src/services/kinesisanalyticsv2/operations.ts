import type {
  DescribeApplicationOperationRequest,
  DescribeApplicationOperationResponse,
  ListApplicationOperationsRequest,
  ListApplicationOperationsResponse,
} from "@aws-sdk/client-kinesis-analytics-v2";
import type { Parts } from "../../pipeline/call.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { type AnalyticsCall, findApplication, recordOf } from "./find-application.ts";
import { type ApplicationRecord, type OperationRecord, operationTable } from "./records.ts";

const keptMax = 100;

/** Notes that an operation has begun; only the latest are kept. */
export async function startOperation(
  account: string,
  record: ApplicationRecord,
  name: string,
  requestId: string,
  { store, clock }: Parts,
): Promise<OperationRecord> {
  const table = operationTable(store.account(account));
  const begun: OperationRecord = {
    id: requestId,
    operation: name,
    status: "IN_PROGRESS",
    startedAtMs: clock.now(),
    versionFrom: name === "UpdateApplication" ? record.version - 1 : record.version,
    versionTo: record.version,
  };
  await store.transaction(() => {
    const old = [...table.range({ prefix: [record.id] })]
      .map(({ value }) => value)
      .sort((left, right) => right.startedAtMs - left.startedAtMs)
      .slice(keptMax - 1);
    for (const { id } of old) table.remove([record.id, id]);
    table.put([record.id, begun.id], begun);
  });
  return begun;
}

export async function finishOperation(
  account: string,
  record: ApplicationRecord,
  begun: OperationRecord,
  failure: string | undefined,
  { store, clock }: Parts,
): Promise<void> {
  const table = operationTable(store.account(account));
  await store.transaction(() =>
    table.put([record.id, begun.id], {
      ...begun,
      status: failure === undefined ? "SUCCESSFUL" : "FAILED",
      endedAtMs: clock.now(),
      ...(failure !== undefined && { failure }),
    }),
  );
}

/** Operations that went on when this Bondstore ended. */
export const unfinishedOperations = (
  account: string,
  record: ApplicationRecord,
  { store }: Parts,
): OperationRecord[] =>
  [...operationTable(store.account(account)).range({ prefix: [record.id] })]
    .map(({ value }) => value)
    .filter(({ status }) => status === "IN_PROGRESS");

const shown = (record: OperationRecord) => ({
  Operation: record.operation,
  OperationStatus: record.status,
  StartTime: new Date(record.startedAtMs),
  EndTime: new Date(record.endedAtMs ?? record.startedAtMs),
});

export const listApplicationOperations = operation("ListApplicationOperations", {
  resolve: ({ ApplicationName }: Checked<ListApplicationOperationsRequest>, call: AnalyticsCall) =>
    findApplication(ApplicationName, call),

  /** The newest first; all that are kept fit one page. */
  handle(application, { Operation, OperationStatus }, call): ListApplicationOperationsResponse {
    const found = [...operationTable(call.store).range({ prefix: [recordOf(application).id] })]
      .map(({ value }) => value)
      .filter(
        ({ operation: name, status }) =>
          (Operation ?? name) === name && (OperationStatus ?? status) === status,
      )
      .sort((left, right) => right.startedAtMs - left.startedAtMs);
    return {
      ApplicationOperationInfoList: found.map((record) => ({
        ...shown(record),
        OperationId: record.id,
      })),
    };
  },
});

export const describeApplicationOperation = operation("DescribeApplicationOperation", {
  resolve: (
    { ApplicationName }: Checked<DescribeApplicationOperationRequest>,
    call: AnalyticsCall,
  ) => findApplication(ApplicationName, call),

  handle(application, { OperationId }, call): DescribeApplicationOperationResponse {
    const { id } = recordOf(application);
    const found = operationTable(call.store).find([id, OperationId ?? ""]);
    if (!found) {
      throw new ServiceError(
        "ResourceNotFoundException",
        `Application ${application.name} has no operation ${OperationId}.`,
      );
    }
    return {
      ApplicationOperationInfoDetails: {
        ...shown(found),
        ApplicationVersionChangeDetails: {
          ApplicationVersionUpdatedFrom: found.versionFrom,
          ApplicationVersionUpdatedTo: found.versionTo,
        },
        ...(found.failure !== undefined && {
          OperationFailureDetails: { ErrorInfo: { ErrorString: found.failure } },
        }),
      },
    };
  },
});
