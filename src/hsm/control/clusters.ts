import type { Trail } from "../../audit/trail.ts";
import type { CertificateAndKey } from "../../identity/certificates/authority.ts";
import type { Keyring } from "../../keys/keyring.ts";
import { assert } from "../../lib/assert.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import type { Store } from "../../storage/store.ts";
import type { Cryptoki } from "../cryptoki.ts";
import type { HsmCluster, Hsms } from "../hsm.ts";
import {
  type BackupRecord,
  type ClusterRecord,
  type ControlTables,
  controlTables,
} from "./records.ts";

/** What the control of HSMs is made of. */
export interface ControlParts {
  readonly hsms: Hsms;
  readonly store: Store;
  readonly keyring: Pick<Keyring, "wrap" | "unwrap">;
  readonly trail: Trail;
  readonly clock: Clock;
  readonly random: Random;
  readonly region: string;
}

/** What the door of a cluster shows to clients, and whom it admits; PEM. */
export interface ClusterTls {
  readonly cert: string;
  readonly key: string;
  /** Authorities of clients' certificates, one after the other. */
  readonly ca: string;
}

/** How clients reach the HSMs of this Bondstore. */
export interface HsmPort {
  /** An IPv4 address. */
  readonly host: string;
  readonly port: number;
  /** Ends the connections to a cluster. */
  shut(clusterId: string): void;
}

/** Why something cannot be done now; each service gives it a code of its own. */
export class NotNow extends Error {
  override readonly name = "NotNow";
}

/**
 * The clusters of HSMs as their owners see them: records of what there is, its certificates, and whether it is open.
 * What is in the partitions is known to `Hsms` alone.
 *
 * INVARIANT: a cluster without HSMs holds no keys, or a backup stands for them; its door is shut.
 */
export class Clusters {
  readonly tables: ControlTables;
  /** Vouches for the HSMs of this installation. */
  readonly authority: CertificateAndKey;
  readonly #parts: ControlParts;
  /** The last piece of work on each cluster that has some. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #port: HsmPort | undefined;

  constructor(parts: ControlParts, authority: CertificateAndKey) {
    this.#parts = parts;
    this.authority = authority;
    this.tables = controlTables(parts.store);
  }

  /** Says how clients reach the HSMs, once they can. */
  opened(port: HsmPort): void {
    this.#port = port;
  }

  /** Undefined where HSMs cannot be reached from outside. */
  get port(): HsmPort | undefined {
    return this.#port;
  }

  find(account: string, id: string): ClusterRecord | undefined {
    return this.tables.clusters(account).find([id]);
  }

  /** All clusters of an account, by id: there are at most `clustersMax`. */
  all(account: string): readonly ClusterRecord[] {
    return [...this.tables.clusters(account).range()].map(({ value }) => value);
  }

  /** All clusters of this Bondstore. */
  *everybodys(): Generator<ClusterRecord> {
    for (const { key, value } of [...this.tables.places.range()]) {
      const cluster = this.find(value.account, String(key[0]));
      if (cluster) yield cluster;
    }
  }

  /** What the partitions of a cluster hold; undefined while it is being made or removed. */
  contents({ account, id }: ClusterRecord): HsmCluster | undefined {
    return this.#parts.hsms.find(account, id);
  }

  holdsKeys(cluster: ClusterRecord): boolean {
    return (
      this.contents(cluster)
        ?.partitions()
        .some(({ objects }) => objects > 0) ?? false
    );
  }

  /** Whether a partition is set up: before that a cluster cannot be used. */
  isActive(cluster: ClusterRecord): boolean {
    const partitions = this.contents(cluster)?.partitions() ?? [];
    return cluster.state === "INITIALIZED" && partitions.length > 0;
  }

  /** The backup that stands for what a cluster without HSMs holds. */
  backupOf({ account, id }: ClusterRecord): BackupRecord | undefined {
    for (const { value } of this.tables.backups(account).range()) {
      if (value.clusterId === id) return value;
    }
    return undefined;
  }

  /** For the door of the cluster that a client names; undefined while it admits nobody. */
  tls(id: string): ClusterTls | undefined {
    const place = this.tables.places.find([id]);
    const cluster = place && this.find(place.account, id);
    if (!cluster || !isOpen(cluster)) return undefined;
    const { account, cert } = cluster;
    const ca = cluster.anchor ?? this.#lunaClients(account);
    const wrapped = this.tables.keys(account).find([id]);
    const key = wrapped && this.#parts.keyring.unwrap(account, wrapped, boundTo(id));
    assert(cert !== undefined && key, "an initialized cluster has its key and certificate");
    return ca === "" ? undefined : { cert, key: key.toString(), ca };
  }

  /** Begins a connection to a cluster for `peer`; undefined while it admits nobody. */
  connect(id: string, peer: string): Cryptoki | undefined {
    const place = this.tables.places.find([id]);
    const cluster = place && this.find(place.account, id);
    return cluster && isOpen(cluster) ? this.contents(cluster)?.connect(peer) : undefined;
  }

  /** Ends every connection to a cluster, by whichever way it came. */
  shut(cluster: ClusterRecord): void {
    this.contents(cluster)?.endConnections();
    this.#port?.shut(cluster.id);
  }

  /** Ends the connections to an account's HSMs of CloudHSM Classic: a client's certificate is another one now. */
  shutClassic(account: string): void {
    for (const cluster of this.all(account)) if (cluster.classic) this.shut(cluster);
  }

  #lunaClients(account: string): string {
    const clients = [...this.tables.lunaClients(account).range()];
    return clients.map(({ value }) => value.certificate).join("\n");
  }

  /** Changes a record, if it is still there: throws `NotNow` otherwise. */
  change(
    account: string,
    id: string,
    how: (now: ClusterRecord) => ClusterRecord,
  ): Promise<ClusterRecord> {
    const table = this.tables.clusters(account);
    return this.#parts.store.transaction(() => {
      const now = table.find([id]);
      if (!now || now.state === "DELETE_IN_PROGRESS") {
        throw new NotNow(`Cluster ${id} is being deleted.`);
      }
      const changed = how(now);
      table.put([id], changed);
      return changed;
    });
  }

  /** Runs what opens, shuts or empties a cluster alone, one after the other. */
  async inTurn<Result>(id: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#turns.get(id) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#turns.set(id, mine);
    try {
      return await mine;
    } finally {
      if (this.#turns.get(id) === mine) this.#turns.delete(id);
    }
  }
}

/** Whether clients may come in. */
const isOpen = ({ state, hsms }: ClusterRecord) => state === "INITIALIZED" && hsms.length > 0;

/** What the wrapped private key of a cluster is bound to. */
export const boundTo = (id: string) => `key of HSM cluster ${id}`;
