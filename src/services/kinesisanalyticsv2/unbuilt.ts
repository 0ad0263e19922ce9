import type {
  CreateApplicationRequest,
  UpdateApplicationRequest,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { ServiceError } from "../../pipeline/operation.ts";

type Asked = Pick<
  CreateApplicationRequest & UpdateApplicationRequest,
  | "ApplicationConfiguration"
  | "ApplicationConfigurationUpdate"
  | "ApplicationMode"
  | "CloudWatchLoggingOptions"
  | "CloudWatchLoggingOptionUpdates"
>;

/** Refuses what the API knows and this Bondstore does not do yet: nothing is accepted and then left undone. */
export function refuseUnbuilt(asked: { readonly [Member in keyof Asked]?: Asked[Member] }): void {
  const { ApplicationConfiguration: given = {}, ApplicationConfigurationUpdate: update = {} } =
    asked;
  for (const [member, value] of Object.entries({ ...given, ...update })) {
    if (value !== undefined && /^(Sql|Zeppelin|Vpc)/.test(member)) throw unbuilt(member);
  }
  if (
    given.ApplicationSystemRollbackConfiguration?.RollbackEnabled ||
    update.ApplicationSystemRollbackConfigurationUpdate?.RollbackEnabledUpdate
  ) {
    throw unbuilt("ApplicationSystemRollbackConfiguration");
  }
  if (asked.ApplicationMode !== undefined && asked.ApplicationMode !== "STREAMING") {
    throw unbuilt(`ApplicationMode ${asked.ApplicationMode}`);
  }
  const { CloudWatchLoggingOptions = [], CloudWatchLoggingOptionUpdates = [] } = asked;
  if (CloudWatchLoggingOptions.length + CloudWatchLoggingOptionUpdates.length > 0) {
    throw unbuilt("CloudWatchLoggingOptions");
  }
}

const unbuilt = (what: string): ServiceError =>
  new ServiceError("UnsupportedOperationException", `${what} is not built in this Bondstore yet`);
