import type {
  CopyBackupToRegionRequest,
  DeleteBackupRequest,
  DeleteBackupResponse,
  DescribeBackupsRequest,
  DescribeBackupsResponse,
  ModifyBackupAttributesRequest,
  ModifyBackupAttributesResponse,
  RestoreBackupRequest,
  RestoreBackupResponse,
} from "@aws-sdk/client-cloudhsm-v2";
import type { BackupRecord } from "../../hsm/control/records.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { describeBackup } from "./describe.ts";
import {
  type BackupTarget,
  backupOf,
  findBackup,
  type HsmCall,
  inAccount,
  invalid,
  notBuilt,
  notFound,
} from "./find.ts";
import { type Filters, filtered, pageOf } from "./page.ts";
import { tagFacts } from "./tag-rules.ts";

const dayMs = 86_400_000;
/** From DeleteBackup on, the time in which RestoreBackup keeps it: AWS's. */
const waitingDays = 7;

const filters: Filters<BackupRecord> = {
  backupIds: ({ id }) => id,
  clusterIds: ({ clusterId }) => clusterId,
  // No backup here is a copy of another.
  sourceBackupIds: () => undefined,
  states: ({ deleteAtMs }) => (deleteAtMs === undefined ? "READY" : "PENDING_DELETION"),
  neverExpires: ({ neverExpires }) => String(neverExpires),
};

/** Lists what clusters without HSMs still hold, the newest first unless asked otherwise. */
export const describeBackups = operation("DescribeBackups", {
  resolve: (
    input: Checked<DescribeBackupsRequest> & { readonly Shared?: boolean },
    call: HsmCall,
  ) => inAccount(input, call),

  handle(_account, input, call): DescribeBackupsResponse {
    const { Filters, MaxResults = 50, NextToken, SortAscending = false, Shared } = input;
    if (Shared) throw notBuilt("Shared");
    const own = [...call.own.clusters.tables.backups(call.account).range()]
      .map(({ value }) => value)
      .sort((left, right) => left.createdAtMs - right.createdAtMs);
    const found = filtered(SortAscending ? own : own.reverse(), Filters, filters);
    const { items, ...next } = pageOf(found, MaxResults, NextToken);
    return { Backups: items.map((backup) => describeBackup(backup, call)), ...next };
  },
});

/** Has what a backup stands for zeroized after seven days. */
export const deleteBackup = operation("DeleteBackup", {
  resolve: ({ BackupId }: Checked<DeleteBackupRequest>, call: HsmCall) =>
    findBackup(BackupId, call),

  async handle(target, _input, call): Promise<DeleteBackupResponse> {
    const changed = await changeBackup(target, call, (now) => {
      if (now.deleteAtMs !== undefined) throw invalid(`Backup ${now.id} is PENDING_DELETION.`);
      return { ...now, deleteAtMs: call.timeMs + waitingDays * dayMs };
    });
    return { Backup: describeBackup(changed, call) };
  },

  responseElements: ({ Backup }) => ({
    backup: {
      backupId: Backup?.BackupId ?? null,
      backupState: Backup?.BackupState ?? null,
      deleteTimestamp: Backup?.DeleteTimestamp?.toISOString() ?? null,
    },
  }),
});

/** Takes DeleteBackup back. */
export const restoreBackup = operation("RestoreBackup", {
  resolve: ({ BackupId }: Checked<RestoreBackupRequest>, call: HsmCall) =>
    findBackup(BackupId, call),

  async handle(target, _input, call): Promise<RestoreBackupResponse> {
    const changed = await changeBackup(target, call, ({ deleteAtMs, ...now }) => {
      if (deleteAtMs === undefined) throw invalid(`Backup ${now.id} is not PENDING_DELETION.`);
      return now;
    });
    return { Backup: describeBackup(changed, call) };
  },
});

export const modifyBackupAttributes = operation("ModifyBackupAttributes", {
  resolve: ({ BackupId }: Checked<ModifyBackupAttributesRequest>, call: HsmCall) =>
    findBackup(BackupId, call),

  async handle(target, { NeverExpires }, call): Promise<ModifyBackupAttributesResponse> {
    const changed = await changeBackup(target, call, (now) => ({
      ...now,
      neverExpires: NeverExpires,
    }));
    return { Backup: describeBackup(changed, call) };
  },
});

/** There is one region: a copy could go nowhere. */
export const copyBackupToRegion = operation("CopyBackupToRegion", {
  resolve: ({ BackupId }: Checked<CopyBackupToRegionRequest>, call: HsmCall) =>
    findBackup(BackupId, call),
  context: ({ TagList }) => tagFacts(TagList),

  handle(): never {
    throw notBuilt("CopyBackupToRegion");
  },
});

/** Changes the very backup that was judged, unless it has gone or is being zeroized. */
export function changeBackup(
  target: BackupTarget,
  call: HsmCall,
  how: (now: BackupRecord) => BackupRecord,
): Promise<BackupRecord> {
  const { id, clusterId } = backupOf(target);
  const { clusters } = call.own;
  const table = clusters.tables.backups(call.account);
  return clusters.inTurn(clusterId, () =>
    call.parts.store.transaction(() => {
      const now = table.find([id]);
      if (!now) throw notFound(`Backup ${id}`);
      const changed = how(now);
      table.put([id], changed);
      return changed;
    }),
  );
}
