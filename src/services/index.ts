import type { HsmControl } from "../hsm/control/open-control.ts";
import type { Service } from "../pipeline/operation.ts";
import { cloudHsm } from "./cloudhsm/service.ts";
import { cloudHsmV2 } from "./cloudhsmv2/service.ts";
import { cloudtrail } from "./cloudtrail/service.ts";
import { iam } from "./iam/service.ts";
import { kinesis } from "./kinesis/service.ts";
import type { Engines } from "./kinesisanalyticsv2/outside.ts";
import { kinesisAnalyticsV2 } from "./kinesisanalyticsv2/service.ts";
import { kms } from "./kms/service.ts";
import type { CellsOutside } from "./maxcompute/project-engines.ts";
import { maxCompute } from "./maxcompute/service.ts";
import { s3 } from "./s3/service.ts";
import { sts } from "./sts/service.ts";

/** What services need from outside the layers below them. */
export interface Outside {
  readonly shardLimits: "enforce" | "lift";
  readonly engines: Engines & CellsOutside;
  readonly hsms: HsmControl;
}

/** Every service, one line each. */
export const services = ({ shardLimits, engines, hsms }: Outside): readonly Service[] => [
  iam,
  sts,
  kms,
  s3,
  kinesis(shardLimits) as Service,
  cloudtrail,
  cloudHsmV2(hsms) as Service,
  cloudHsm(hsms) as Service,
  kinesisAnalyticsV2(engines) as Service,
  maxCompute(engines) as Service,
];
