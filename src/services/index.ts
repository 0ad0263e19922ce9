import type { Service } from "../pipeline/operation.ts";
import { cloudtrail } from "./cloudtrail/service.ts";
import { iam } from "./iam/service.ts";
import { kinesis } from "./kinesis/service.ts";
import type { Engines } from "./kinesisanalyticsv2/outside.ts";
import { kinesisAnalyticsV2 } from "./kinesisanalyticsv2/service.ts";
import { kms } from "./kms/service.ts";
import { s3 } from "./s3/service.ts";
import { sts } from "./sts/service.ts";

/** What services need from outside the layers below them. */
export interface Outside {
  readonly shardLimits: "enforce" | "lift";
  readonly engines: Engines;
}

/** Every service, one line each. */
export const services = ({ shardLimits, engines }: Outside): readonly Service[] => [
  iam,
  sts,
  kms,
  s3,
  kinesis(shardLimits) as Service,
  cloudtrail,
  kinesisAnalyticsV2(engines) as Service,
];
