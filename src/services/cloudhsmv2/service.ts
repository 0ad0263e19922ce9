import type { HsmControl } from "../../hsm/control/open-control.ts";
import type { Service } from "../../pipeline/operation.ts";
import * as backups from "./backups.ts";
import * as clusters from "./clusters.ts";
import * as hsms from "./hsms.ts";
import * as policies from "./resource-policies.ts";
import * as tags from "./tags.ts";

/** AWS CloudHSM: clusters of HSMs. What is in their partitions is managed by PKCS #11. */
export const cloudHsmV2 = (control: HsmControl): Service<HsmControl> => ({
  name: "cloudhsmv2",
  prefix: "cloudhsm",
  eventSource: "cloudhsm.amazonaws.com",
  operations: [
    clusters.createCluster,
    clusters.describeClusters,
    clusters.initializeCluster,
    clusters.modifyCluster,
    clusters.deleteCluster,
    hsms.createHsm,
    hsms.deleteHsm,
    backups.describeBackups,
    backups.deleteBackup,
    backups.restoreBackup,
    backups.modifyBackupAttributes,
    backups.copyBackupToRegion,
    policies.findResourcePolicy,
    policies.putResourcePolicy,
    policies.deleteResourcePolicy,
    tags.tagResource,
    tags.untagResource,
    tags.listTags,
  ],
  async start() {
    await control.upkeep.start();
    return control;
  },
  stop: ({ upkeep }) => upkeep.stop(),
});
