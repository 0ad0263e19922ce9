import type { Service } from "../pipeline/operation.ts";
import { cloudtrail } from "./cloudtrail/service.ts";
import { iam } from "./iam/service.ts";
import { kinesis } from "./kinesis/service.ts";
import { kms } from "./kms/service.ts";
import { s3 } from "./s3/service.ts";
import { sts } from "./sts/service.ts";

/** What services need from outside the layers below them. */
export interface Outside {
  readonly shardLimits: "enforce" | "lift";
}

/** Every service, one line each. */
export const services = ({ shardLimits }: Outside): readonly Service[] => [
  iam,
  sts,
  kms,
  s3,
  kinesis(shardLimits) as Service,
  cloudtrail,
];
