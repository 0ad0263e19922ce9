import { assert } from "../../lib/assert.ts";
import type { Call } from "../../pipeline/call.ts";
import { ServiceError, type Target } from "../../pipeline/operation.ts";
import type { AccountStore } from "../../storage/store.ts";
import type { Applications } from "./applications.ts";
import { type ApplicationRecord, applicationTable } from "./records.ts";

export type AnalyticsCall = Call<Applications>;

export interface Application extends Target {
  readonly name: string;
  /** Undefined only in a target that is absent. */
  readonly record?: ApplicationRecord;
  readonly store: AccountStore;
}

const type = "AWS::KinesisAnalytics::Application";

export const applicationArn = (call: Call, name: string): string =>
  `arn:aws:kinesisanalytics:${call.region}:${call.account}:application/${name}`;

/** The application of this name in the caller's account. */
export function findApplication(name: string | undefined, call: AnalyticsCall): Application {
  const { store, account } = call;
  const wanted = name ?? "";
  const arn = applicationArn(call, wanted);
  const record = applicationTable(store).find([wanted]);
  const target = { name: wanted, arn, account, type, store };
  if (record) return { ...target, record, tags: record.tags };
  return {
    ...target,
    absent: {
      refusal: new ServiceError(
        "ResourceNotFoundException",
        `The request was rejected because the application ${wanted} does not exist in account ${account}.`,
      ),
    },
  };
}

/** The application of this ARN, which is of the caller's account. */
export function findByArn(arn: string | undefined, call: AnalyticsCall): Application {
  const [, region, account, name] =
    /^arn:aws:kinesisanalytics:([a-z0-9-]+):(\d{12}):application\/([a-zA-Z0-9_.-]{1,128})$/.exec(
      arn ?? "",
    ) ?? [];
  if (name === undefined || region !== call.region || account !== call.account) {
    throw new ServiceError("InvalidArgumentException", `Invalid resource ARN: ${arn ?? ""}`);
  }
  return findApplication(name, call);
}

/** The record of an application that was judged: it is there. */
export function recordOf({ record }: Application): ApplicationRecord {
  assert(record, "an application that is missing is refused before it is handled");
  return record;
}

/** What a list acts on. */
export const everyApplication = (call: AnalyticsCall): Target => ({
  arn: "*",
  account: call.account,
});

export const wrongState = ({ name, status }: ApplicationRecord, doing: string): ServiceError =>
  new ServiceError(
    "ResourceInUseException",
    `Application ${name} cannot be ${doing} while it is ${status}.`,
  );
