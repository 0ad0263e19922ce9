import type { Service } from "../../pipeline/operation.ts";
import * as functions from "./functions/operations.ts";
import * as instances from "./jobs/instances.ts";
import { runStatement } from "./jobs/run-statement.ts";
import type { CellsOutside } from "./project-engines.ts";
import * as projects from "./projects.ts";
import * as resources from "./resources/read.ts";
import * as resourceWrites from "./resources/write.ts";
import { signBearerToken } from "./security/bearer-tokens.ts";
import { permissions } from "./security/permissions.ts";
import { runSecurityQuery } from "./security/query.ts";
import * as security from "./security/security.ts";
import * as clusterFiles from "./spark/cluster-files.ts";
import { runSparkJob } from "./spark/run-job.ts";
import * as tables from "./tables.ts";
import * as downloads from "./tunnel/downloads.ts";
import * as preview from "./tunnel/preview.ts";
import * as storageReads from "./tunnel/storage-reads.ts";
import * as storageWrites from "./tunnel/storage-writes.ts";
import * as streams from "./tunnel/streams.ts";
import * as uploads from "./tunnel/uploads.ts";
import * as upserts from "./tunnel/upserts.ts";
import * as volumeObjects from "./volumes/objects.ts";
import * as volumePartitions from "./volumes/partitions.ts";
import * as volumeTunnel from "./volumes/tunnel.ts";
import * as volumes from "./volumes/volumes.ts";
import { startWarehouse, stopWarehouse, type Warehouse } from "./warehouse.ts";

/** A warehouse for MaxCompute's clients. */
export const maxCompute = (outside: CellsOutside): Service<Warehouse> => ({
  name: "maxcompute",
  prefix: "odps",
  eventSource: "maxcompute.aliyuncs.com",
  permissions,
  operations: [
    projects.getProject,
    projects.updateProject,
    projects.listProjects,
    projects.getTenant,
    projects.getTunnelEndpoint,
    projects.getLogviewHost,
    projects.putClientLogs,
    tables.listTables,
    tables.getTable,
    tables.listPartitions,
    tables.getPartition,
    tables.listSchemas,
    functions.listFunctions,
    functions.createFunction,
    functions.getFunction,
    functions.updateFunction,
    functions.updateFunctionOwner,
    functions.deleteFunction,
    resources.listResources,
    resources.getResource,
    resources.readResource,
    resourceWrites.createResource,
    resourceWrites.updateResource,
    resourceWrites.deleteResource,
    volumes.listVolumes,
    volumes.createVolume,
    volumes.getVolume,
    volumes.deleteVolume,
    volumePartitions.listVolumePartitions,
    volumePartitions.getVolumePartition,
    volumePartitions.listVolumeFiles,
    volumePartitions.deleteVolumePartition,
    volumeTunnel.createVolumeUpload,
    volumeTunnel.putVolumeFile,
    volumeTunnel.getVolumeUpload,
    volumeTunnel.commitVolumeUpload,
    volumeTunnel.createVolumeDownload,
    volumeTunnel.getVolumeDownload,
    volumeTunnel.readVolumeDownload,
    volumeObjects.getVolumeObject,
    volumeObjects.listVolumeObjects,
    volumeObjects.createVolumeDirectory,
    volumeObjects.updateVolumeObject,
    volumeObjects.deleteVolumeObject,
    volumeObjects.readVolumeObject,
    volumeObjects.writeVolumeObject,
    volumeObjects.commitVolumeObject,
    preview.previewTable,
    preview.previewTableArrow,
    downloads.createTableDownload,
    downloads.getTableDownload,
    downloads.readTableDownload,
    downloads.createInstanceDownload,
    downloads.getInstanceDownload,
    downloads.readInstanceDownload,
    storageReads.createReadSession,
    storageReads.getReadSession,
    storageReads.readSessionRows,
    storageWrites.createWriteSession,
    storageWrites.getWriteSession,
    storageWrites.putWriteBlock,
    storageWrites.commitWriteSession,
    uploads.createTableUpload,
    uploads.putTableBlock,
    uploads.getTableUpload,
    uploads.commitTableUpload,
    streams.createTableStream,
    streams.getTableStream,
    streams.putStreamBlock,
    streams.endTableStream,
    upserts.createTableUpsert,
    upserts.getTableUpsert,
    upserts.putUpsertBlock,
    upserts.commitTableUpsert,
    upserts.abortTableUpsert,
    instances.createInstance,
    instances.getInstance,
    instances.getInstanceTasks,
    instances.getInstanceResult,
    instances.getInstanceSource,
    instances.getInstanceProgress,
    instances.getInstanceSummary,
    instances.getInstanceDetail,
    instances.getInstanceQueueing,
    instances.getInstanceInfo,
    instances.getInstanceQuota,
    instances.getInstanceLog,
    instances.stopInstance,
    instances.listInstances,
    runStatement,
    runSparkJob,
    clusterFiles.readClusterFile,
    clusterFiles.putClusterPart,
    clusterFiles.commitClusterParts,
    signBearerToken,
    runSecurityQuery,
    security.getSecurityConfiguration,
    security.putSecurityConfiguration,
    security.getProjectPolicy,
    security.putProjectPolicy,
    security.getRolePolicy,
    security.putRolePolicyOperation,
    security.listUsers,
    security.getUser,
    security.listUserRoles,
    security.listRoles,
    security.listRoleUsers,
  ],
  start: (parts) => startWarehouse(parts, outside),
  stop: stopWarehouse,
});
