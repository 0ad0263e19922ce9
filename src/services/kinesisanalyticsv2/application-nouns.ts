import type {
  CreateApplicationRequest,
  CreateApplicationResponse,
  DeleteApplicationRequest,
  DescribeApplicationRequest,
  DescribeApplicationResponse,
  ListApplicationsRequest,
  ListApplicationsResponse,
  RuntimeEnvironment,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { md5Hex } from "../../lib/hash.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { detailOf } from "./describe.ts";
import { settleEncryption } from "./encryption.ts";
import {
  type AnalyticsCall,
  applicationArn,
  everyApplication,
  findApplication,
  recordOf,
  wrongState,
} from "./find-application.ts";
import { passRole } from "./pass-role.ts";
import { type ApplicationRecord, applicationTable, type Code } from "./records.ts";
import { codeOf, firstRun, flinkSettings, propertyGroups } from "./settings.ts";
import { tagFacts, tagsOf } from "./tag-rules.ts";
import { change } from "./transitions.ts";
import { refuseUnbuilt } from "./unbuilt.ts";

/** The runtime that is installed. */
export const runtimes: readonly string[] = ["FLINK-1_20"];
const applicationsMax = 100;

export const createApplication = operation("CreateApplication", {
  resolve: ({ ApplicationName }: Checked<CreateApplicationRequest>, call: AnalyticsCall) => ({
    arn: applicationArn(call, ApplicationName ?? ""),
    account: call.account,
    type: "AWS::KinesisAnalytics::Application",
  }),
  also: ({ ServiceExecutionRole }, _target, call) => [passRole(ServiceExecutionRole, call)],
  context: ({ Tags }) => tagFacts(Tags),

  async handle({ arn }, input, call): Promise<CreateApplicationResponse> {
    const record = await draft(arn, input, call);
    const table = applicationTable(call.store);
    await call.parts.store.transaction(() => {
      if (table.find([record.name])) {
        throw new ServiceError(
          "ResourceInUseException",
          `Application ${record.name} already exists in account ${call.account}.`,
        );
      }
      if ([...table.range({ limit: applicationsMax })].length >= applicationsMax) {
        throw new ServiceError(
          "LimitExceededException",
          `An account has at most ${applicationsMax} applications.`,
        );
      }
      if (record.code.kind === "zip") call.store.blobs.keep(record.code.blob);
      table.put([record.name], record);
    });
    return { ApplicationDetail: detailOf(record, call.parts.keys) };
  },
});

async function draft(
  arn: string,
  input: Checked<CreateApplicationRequest>,
  call: AnalyticsCall,
): Promise<ApplicationRecord> {
  const given = input.ApplicationConfiguration ?? {};
  checkRuntime(input.RuntimeEnvironment);
  refuseUnbuilt(input);
  checkRole(input.ServiceExecutionRole, call);
  const encryption = given.ApplicationEncryptionConfiguration;
  return {
    id: call.parts.random.uuid(),
    name: input.ApplicationName ?? "",
    arn,
    description: input.ApplicationDescription ?? "",
    runtime: input.RuntimeEnvironment ?? "",
    role: input.ServiceExecutionRole ?? "",
    createdAtMs: call.timeMs,
    updatedAtMs: call.timeMs,
    version: 1,
    token: call.parts.random.uuid(),
    status: "READY",
    code: await keepCode(codeOf(given.ApplicationCodeConfiguration), call),
    flink: flinkSettings(given.FlinkApplicationConfiguration),
    properties: propertyGroups(given.EnvironmentProperties),
    snapshotsEnabled: given.ApplicationSnapshotConfiguration?.SnapshotsEnabled ?? true,
    encryption: await settleEncryption(
      { keyType: encryption?.KeyType, keyId: encryption?.KeyId },
      arn,
      call,
    ),
    run: firstRun,
    tags: tagsOf(input.Tags),
    wanted: "stopped",
  };
}

export function checkRole(role: string | undefined, call: AnalyticsCall): void {
  if (call.parts.directory.findRole(role ?? "")) return;
  throw new ServiceError(
    "InvalidArgumentException",
    `The service execution role ${role} does not exist.`,
  );
}

export function checkRuntime(runtime: RuntimeEnvironment | undefined): void {
  if (runtime !== undefined && runtimes.includes(runtime)) return;
  throw new ServiceError(
    "UnsupportedOperationException",
    `Runtime ${runtime} is not installed in this Bondstore; these are: ${runtimes.join(", ")}`,
  );
}

/** Uploaded code becomes a blob, which the transaction that names it keeps. */
export async function keepCode(
  code: ReturnType<typeof codeOf>,
  call: AnalyticsCall,
): Promise<Code> {
  if (code.kind !== "upload") return code;
  return {
    kind: "zip",
    blob: await call.store.blobs.write(code.bytes),
    md5: md5Hex(code.bytes),
  };
}

export const describeApplication = operation("DescribeApplication", {
  resolve: ({ ApplicationName }: Checked<DescribeApplicationRequest>, call: AnalyticsCall) =>
    findApplication(ApplicationName, call),

  handle: (application, _input, call): DescribeApplicationResponse => ({
    ApplicationDetail: detailOf(recordOf(application), call.parts.keys),
  }),
});

export const listApplications = operation("ListApplications", {
  resolve: (_input: Checked<ListApplicationsRequest>, call: AnalyticsCall) =>
    everyApplication(call),

  handle(_target, { Limit = 50, NextToken }, call): ListApplicationsResponse {
    const found = [
      ...applicationTable(call.store).range({
        limit: Limit + 1,
        ...(NextToken !== undefined && { after: [NextToken] }),
      }),
    ].map(({ value }) => value);
    const shown = found.slice(0, Limit);
    return {
      ApplicationSummaries: shown.map((record) => ({
        ApplicationName: record.name,
        ApplicationARN: record.arn,
        ApplicationStatus: record.status,
        ApplicationVersionId: record.version,
        RuntimeEnvironment: record.runtime as RuntimeEnvironment,
        ApplicationMode: "STREAMING",
      })),
      ...(found.length > Limit && { NextToken: shown.at(-1)?.name }),
    };
  },
});

/** Ends an application, and removes it with its snapshots and all its state. */
export const deleteApplication = operation("DeleteApplication", {
  resolve: ({ ApplicationName }: Checked<DeleteApplicationRequest>, call: AnalyticsCall) =>
    findApplication(ApplicationName, call),

  async handle(application, { CreateTimestamp }, call): Promise<void> {
    const record = recordOf(application);
    const wholeSecond = (ms: number) => Math.floor(ms / 1000);
    if (wholeSecond(CreateTimestamp?.getTime() ?? 0) !== wholeSecond(record.createdAtMs)) {
      throw new ServiceError(
        "InvalidArgumentException",
        "CreateTimestamp is not that of the application; DescribeApplication shows it.",
      );
    }
    const deleting = await change(record, call.store, call.parts, (now) => {
      if (now.status !== "READY" && now.status !== "RUNNING") throw wrongState(now, "deleted");
      return { ...now, status: "DELETING", wanted: "stopped" };
    });
    await call.own.remove(deleting, call);
  },
});
