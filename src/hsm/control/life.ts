import { issueHsmServerCertificate, makeClusterKey } from "./certificates.ts";
import { boundTo, type Clusters, type ControlParts, NotNow } from "./clusters.ts";
import { newId } from "./ids.ts";
import type { BackupRecord, ClassicRecord, ClusterRecord, HsmRecord } from "./records.ts";

/** What a new cluster is to be. */
export type ClusterSpec = Pick<
  ClusterRecord,
  "account" | "hsmType" | "mode" | "networkType" | "retentionDays" | "subnets" | "tags"
>;

/** Clusters of one account, of both kinds. */
export const clustersMax = 32;
/** AWS's quota. */
export const hsmsMax = 28;

/** How clusters come, are opened and shut, and go. Each step that a crash cuts off is finished at the next start. */
export class ClusterLife {
  readonly #clusters: Clusters;
  readonly #parts: ControlParts;

  constructor(clusters: Clusters, parts: ControlParts) {
    this.#clusters = clusters;
    this.#parts = parts;
  }

  /** Makes a cluster with its key and certificates. Answers its record as it was before it was ready. */
  create(spec: ClusterSpec): Promise<ClusterRecord> {
    return this.#make(newId("cluster", this.#parts.random), spec, () => ({ hsms: [] }));
  }

  /** Makes an HSM of CloudHSM Classic: a cluster of one, whose certificate this installation signs. */
  createClassic(
    id: string,
    spec: ClusterSpec,
    hsm: HsmRecord,
    classic: ClassicRecord,
  ): Promise<ClusterRecord> {
    return this.#make(id, spec, ({ certificates }) => ({
      cert: issueHsmServerCertificate(this.#parts, this.#clusters.authority, certificates),
      hsms: [hsm],
      classic,
    }));
  }

  async #make(
    id: string,
    spec: ClusterSpec,
    more: (
      made: Pick<ClusterRecord, "certificates">,
    ) => Pick<ClusterRecord, "hsms" | "cert" | "classic">,
  ): Promise<ClusterRecord> {
    const { clock, store, keyring } = this.#parts;
    const { tables, authority } = this.#clusters;
    const { key, certificates } = makeClusterKey(this.#parts, authority, id);
    const { account } = spec;
    const made: ClusterRecord = {
      ...spec,
      id,
      createdAtMs: clock.now(),
      state: "CREATE_IN_PROGRESS",
      certificates,
      ...more({ certificates }),
    };
    const wrapped = keyring.wrap(account, Buffer.from(key), boundTo(id));
    await store.transaction(() => {
      const known = this.#clusters.all(account);
      if (known.length >= clustersMax) {
        throw new NotNow(`An account has at most ${clustersMax} clusters.`);
      }
      if (tables.places.find([id])) throw new NotNow("This id is taken: try again.");
      tables.clusters(account).put([id], made);
      tables.keys(account).put([id], wrapped);
      tables.places.put([id], { account });
    });
    await this.finishMaking(made);
    return made;
  }

  async finishMaking(cluster: ClusterRecord): Promise<void> {
    const { account, id } = cluster;
    if (!this.#clusters.contents(cluster)) await this.#parts.hsms.create(account, id);
    await this.#clusters.change(account, id, (now) => ({
      ...now,
      state: now.classic ? "INITIALIZED" : "UNINITIALIZED",
    }));
  }

  /** Adds an HSM. The first one opens again what a backup stands for, which is a backup no more. */
  addHsm(account: string, id: string, hsm: (now: ClusterRecord) => HsmRecord) {
    const { tables } = this.#clusters;
    return this.#clusters.inTurn(id, () =>
      this.#clusters.change(account, id, (now) => {
        if (now.hsms.length >= hsmsMax) {
          throw new NotNow(`A cluster has at most ${hsmsMax} HSMs.`);
        }
        const backup = this.#clusters.backupOf(now);
        if (backup?.deleteAtMs !== undefined) {
          throw new NotNow(
            `What cluster ${id} holds is about to be zeroized: RestoreBackup of ${backup.id} keeps it.`,
          );
        }
        if (backup) tables.backups(account).remove([backup.id]);
        return { ...now, hsms: [...now.hsms, hsm(now)] };
      }),
    );
  }

  /** Takes an HSM away. With the last one the door shuts: keys become a backup; where there are none, all is zeroized. */
  removeHsm(account: string, id: string, hsmId: string): Promise<void> {
    return this.#clusters.inTurn(id, async () => {
      const cluster = await this.#clusters.change(account, id, (now) => {
        const hsms = now.hsms.filter((hsm) => hsm.id !== hsmId);
        if (hsms.length === now.hsms.length) throw new NotNow(`HSM ${hsmId} is being deleted.`);
        return { ...now, hsms };
      });
      if (cluster.hsms.length === 0) this.#clusters.shut(cluster);
      await this.settle(cluster);
    });
  }

  /** Holds the invariant of `Clusters` for one that has lost its last HSM. */
  async settle(cluster: ClusterRecord): Promise<void> {
    if (cluster.hsms.length > 0 || this.#clusters.backupOf(cluster)) return;
    if (!this.#clusters.holdsKeys(cluster)) {
      await this.zeroize(cluster);
      return;
    }
    const { random, clock, store } = this.#parts;
    const { account, id: clusterId, hsmType, mode } = cluster;
    const id = newId("backup", random);
    const createdAtMs = clock.now();
    const backup = { id, clusterId, createdAtMs, hsmType, mode, neverExpires: false, tags: {} };
    await store.transaction(() => this.#clusters.tables.backups(account).put([id], backup));
  }

  /**
   * Removes a cluster. Throws `NotNow` while HSMs are there, or what it holds is not zeroized, and says what to do.
   */
  remove(account: string, id: string): Promise<ClusterRecord> {
    return this.#clusters.inTurn(id, async () => {
      const leaving = await this.#clusters.change(account, id, (now) => {
        const backup = this.#clusters.backupOf(now);
        if (backup) throw new NotNow(zeroizeFirst(id, backup));
        if (now.hsms.length > 0 && !now.classic) throw new NotNow(hsmsFirst(id));
        if (this.#clusters.holdsKeys(now)) throw new NotNow(emptyFirst(id));
        return { ...now, state: "DELETE_IN_PROGRESS" };
      });
      this.#clusters.shut(leaving);
      await this.finishRemoving(leaving);
      return leaving;
    });
  }

  async finishRemoving(cluster: ClusterRecord): Promise<void> {
    const { account, id } = cluster;
    const { tables } = this.#clusters;
    if (this.#clusters.contents(cluster)) {
      await this.zeroize(cluster);
      await this.#parts.hsms.remove(account, id);
    }
    await this.#parts.store.transaction(() => {
      tables.clusters(account).remove([id]);
      tables.keys(account).remove([id]);
      tables.places.remove([id]);
    });
  }

  /** Destroys what is left in a cluster: partitions first, then the log that says so. The trail keeps both. */
  async zeroize(cluster: ClusterRecord): Promise<void> {
    const contents = this.#clusters.contents(cluster);
    if (!contents) return;
    if (contents.partitions().length > 0) await contents.zeroize("its owner asked for it");
    await contents.clearLog();
  }
}

const hsmsFirst = (id: string) =>
  `Cluster ${id} has HSMs: DeleteHsm removes them. It can be deleted once they are gone and its partitions, keys and log are zeroized.`;

const emptyFirst = (id: string) =>
  `The partitions of ${id} hold keys: C_InitToken (PKCS #11) empties a partition. It can be deleted once all are empty.`;

const zeroizeFirst = (id: string, { id: backup, deleteAtMs }: BackupRecord) =>
  deleteAtMs === undefined
    ? `Cluster ${id} is not zeroized: its partitions, keys and log are kept as ${backup}. DeleteBackup has them zeroized after seven days; or CreateHsm, empty the partitions with C_InitToken (PKCS #11), and DeleteHsm.`
    : `Cluster ${id} is not zeroized yet: its partitions, keys and log, kept as ${backup}, will be at ${new Date(deleteAtMs).toISOString()}.`;
