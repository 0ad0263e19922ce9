import { newEvent } from "../../audit/event.ts";
import { eachMinute } from "../../lib/each-minute.ts";
import type { Clusters, ControlParts } from "./clusters.ts";
import type { ClusterLife } from "./life.ts";
import type { BackupRecord, ClusterRecord } from "./records.ts";

/** Finishes what a crash cut off, and zeroizes what backups stood for when it is due. */
export class ControlUpkeep {
  readonly #clusters: Clusters;
  readonly #life: ClusterLife;
  readonly #parts: ControlParts;
  #endRounds: () => Promise<void> = async () => undefined;

  constructor(clusters: Clusters, life: ClusterLife, parts: ControlParts) {
    this.#clusters = clusters;
    this.#life = life;
    this.#parts = parts;
  }

  /** Does what is left of an earlier process, and what fell due; then goes on each minute. */
  async start(): Promise<void> {
    // One tenant's cluster that cannot be served keeps nobody from being served: the next round tries again.
    await this.#each((cluster) => this.#finish(cluster)).catch(() => undefined);
    await this.round().catch(() => undefined);
    this.#endRounds = eachMinute(() => this.round());
  }

  stop(): Promise<void> {
    return this.#endRounds();
  }

  /** Zeroizes all that is due now. */
  round(): Promise<void> {
    return this.#each((cluster) => this.#zeroizeIfDue(cluster));
  }

  /** A cluster that cannot be served keeps no other waiting. */
  async #each(serve: (cluster: ClusterRecord) => Promise<void>): Promise<void> {
    let failure: unknown;
    for (const cluster of this.#clusters.everybodys()) {
      await serve(cluster).catch((error: unknown) => {
        failure ??= error;
      });
    }
    if (failure !== undefined) throw failure;
  }

  async #finish(cluster: ClusterRecord): Promise<void> {
    if (cluster.state === "CREATE_IN_PROGRESS") await this.#life.finishMaking(cluster);
    else if (cluster.state === "DELETE_IN_PROGRESS") await this.#life.finishRemoving(cluster);
    else await this.#life.settle(cluster);
  }

  async #zeroizeIfDue(cluster: ClusterRecord): Promise<void> {
    await this.#clusters.inTurn(cluster.id, async () => {
      const backup = this.#clusters.backupOf(cluster);
      if (backup?.deleteAtMs === undefined || backup.deleteAtMs > this.#parts.clock.now()) return;
      await this.#parts.trail.record(this.#event(cluster.account, backup));
      await this.#life.zeroize(cluster);
      const table = this.#clusters.tables.backups(cluster.account);
      await this.#parts.store.transaction(() => table.remove([backup.id]));
    });
  }

  #event(accountId: string, { id }: BackupRecord) {
    const { random, region } = this.#parts;
    const ARN = `arn:aws:cloudhsm:${region}:${accountId}:backup/${id}`;
    return newEvent(this.#parts, {
      userIdentity: { accountId, invokedBy: "AWS Internal" },
      eventSource: "cloudhsm.amazonaws.com",
      eventName: "DeleteBackup",
      sourceIPAddress: "AWS Internal",
      userAgent: "AWS Internal",
      requestID: random.uuid(),
      readOnly: false,
      resources: [{ accountId, type: "AWS::CloudHSM::Backup", ARN }],
      eventType: "AwsServiceEvent",
      recipientAccountId: accountId,
    });
  }
}
