import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { Store } from "../storage/store.ts";
import {
  inKmsWords,
  nameInUse,
  storeNotFound,
  storeState,
  unavailable,
} from "./custom-store-refusals.ts";
import type { KeyTables } from "./key-tables.ts";
import type { Keyring } from "./keyring.ts";
import type { KmsKey } from "./kms-key.ts";
import { type KeyToken, TokenFailure, type TokenFault, type TokenSource } from "./token.ts";

/** A custom key store as its account's table keeps it. */
export interface CustomKeyStore {
  /** `cks-` and 17 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly clusterId: string;
  /** PEM, as it was given. */
  readonly trustAnchor: string;
  /** Password of `kmsuser`, under the account's root. */
  readonly password: Uint8Array;
  readonly createdAtMs: number;
  /** Whether it is to be connected, also after a restart. */
  readonly wanted: boolean;
  /** Why the token refused the last login: it is not tried again until somebody says so. */
  readonly refused?: TokenFault;
  /** Labels of keys that are gone here and wait to be destroyed in the token. */
  readonly orphans: readonly string[];
}

export type ConnectionState = "CONNECTED" | "CONNECTING" | "FAILED" | "DISCONNECTED";

interface Connection {
  readonly token: Promise<KeyToken>;
  state: ConnectionState;
  fault?: TokenFault;
  open?: KeyToken;
}

const boundPassword = (id: string) => `password of custom key store ${id}`;

/** The custom key stores of all accounts, and their connections to tokens. */
export class CustomKeyStores {
  readonly #store: Store;
  readonly #tables: Pick<KeyTables, "customStores" | "externalStores">;
  readonly #keyring: Keyring;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #tokens: TokenSource;
  readonly #isKey: (account: string, id: string) => boolean;
  /** Labels of secrets whose keys are being made. */
  readonly #making = new Set<string>();
  readonly #connections = new Map<string, Connection>();

  constructor(parts: {
    readonly store: Store;
    readonly tables: Pick<KeyTables, "customStores" | "externalStores">;
    readonly keyring: Keyring;
    readonly clock: Clock;
    readonly random: Random;
    readonly tokens: TokenSource;
    /** Whether there is a key of this id: its secret is in use. */
    readonly isKey: (account: string, id: string) => boolean;
  }) {
    this.#isKey = parts.isKey;
    this.#store = parts.store;
    this.#tables = parts.tables;
    this.#keyring = parts.keyring;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#tokens = parts.tokens;
  }

  find(account: string, id: string): CustomKeyStore | undefined {
    return this.#tables.customStores(account).find([id]);
  }

  /** Those of an account by id, after one of them. */
  *all(account: string, after?: string): Iterable<CustomKeyStore> {
    const range = after === undefined ? {} : { after: [after] };
    for (const { value } of this.#tables.customStores(account).range(range)) yield value;
  }

  cluster(account: string, clusterId: string): ReturnType<TokenSource["find"]> {
    return this.#tokens.find(account, clusterId);
  }

  async create(
    account: string,
    given: Pick<CustomKeyStore, "name" | "clusterId" | "trustAnchor"> & {
      readonly password: string;
    },
  ): Promise<CustomKeyStore> {
    const id = `cks-${this.#random.bytes(9).toString("hex").slice(1)}`;
    const made: CustomKeyStore = {
      ...given,
      id,
      password: this.wrapPassword(account, id, given.password),
      createdAtMs: this.#clock.now(),
      wanted: false,
      orphans: [],
    };
    await this.#store.transaction(() => {
      this.#checkUnique(account, made);
      this.#tables.customStores(account).put([id], made);
    });
    return made;
  }

  wrapPassword(account: string, id: string, password: string): Buffer {
    return this.#keyring.wrap(account, Buffer.from(password), boundPassword(id));
  }

  /** Changes a store; `how` sees it inside the transaction, and may throw a refusal. */
  async change(
    account: string,
    id: string,
    how: (now: CustomKeyStore) => CustomKeyStore,
  ): Promise<void> {
    await this.#store.transaction(() => {
      const now = this.find(account, id);
      if (!now) throw storeNotFound(id);
      const changed = how(now);
      this.#checkUnique(account, changed);
      this.#tables.customStores(account).put([id], changed);
    });
  }

  /** Removes a store. `check` is asked inside the transaction, and may throw a refusal. */
  async remove(account: string, id: string, check: (now: CustomKeyStore) => void): Promise<void> {
    await this.#store.transaction(() => {
      const now = this.find(account, id);
      if (!now) throw storeNotFound(id);
      check(now);
      this.#tables.customStores(account).remove([id]);
    });
  }

  /**
   * Begins to connect a store that is disconnected; `state` tells what came of it. Of several calls at once one
   * connects: each login may cost one of three.
   */
  async connect(account: string, id: string): Promise<void> {
    await this.change(account, id, ({ refused: _, ...now }) => {
      if (now.wanted) throw storeState(id, "DISCONNECTED");
      return { ...now, wanted: true };
    });
    this.#begin(account, id);
  }

  async disconnect(account: string, id: string): Promise<void> {
    await this.change(account, id, ({ refused: _, ...now }) => ({ ...now, wanted: false }));
    await this.#end(id);
  }

  state({ id, wanted, refused }: CustomKeyStore): { state: ConnectionState; fault?: TokenFault } {
    const { state, fault } = this.#connections.get(id) ?? {};
    if (!wanted) return { state: "DISCONNECTED" };
    if (refused !== undefined) return { state: "FAILED", fault: refused };
    // After a restart it connects when it is needed first.
    if (state === undefined) return { state: "CONNECTED" };
    return { state, ...(fault && { fault }) };
  }

  /** Whether the token of a key can be asked now, or when it is needed. */
  isReachable({ account, record }: KmsKey): boolean {
    const store = this.find(account, record.customKeyStore ?? "");
    return store !== undefined && this.state(store).state === "CONNECTED";
  }

  /** The connected token of a store. Throws KMS's refusal where there is none. */
  async token(account: string, id: string): Promise<KeyToken> {
    const store = this.find(account, id);
    if (!store) throw storeNotFound(id);
    if (this.state(store).state !== "CONNECTED") throw storeState(id, "CONNECTED");
    const { token } = this.#connections.get(id) ?? this.#begin(account, id);
    try {
      return await token;
    } catch (error) {
      throw inKmsWords(error);
    }
  }

  /** Derives by the key's secret in its token. Throws KMS's refusals. */
  async derive({ account, record, arn }: KmsKey, block: Uint8Array): Promise<Buffer> {
    const id = record.customKeyStore ?? "";
    const known = this.#connections.get(id)?.open;
    try {
      return await (known ?? (await this.token(account, id))).hmac(record.id, block);
    } catch (error) {
      if (error instanceof TokenFailure && error.fault === "NETWORK_ERRORS") await this.#end(id);
      throw error instanceof TokenFailure ? unavailable(arn, error) : error;
    }
  }

  /** Destroys what waits for it in the token of a store, if it can be reached now. */
  async clearOrphans(account: string, id: string): Promise<void> {
    const store = this.find(account, id);
    if (!store || store.orphans.length === 0 || this.state(store).state !== "CONNECTED") return;
    const token = await this.token(account, id);
    const orphans = store.orphans.filter((label) => !this.#making.has(label));
    for (const label of orphans) {
      if (!this.#isKey(account, label)) await token.destroyKey(label);
    }
    const gone = new Set(orphans);
    await this.change(account, id, (now) => ({
      ...now,
      orphans: now.orphans.filter((label) => !gone.has(label)),
    }));
  }

  /**
   * Makes a secret in the token of a store, for a key that does not exist yet. Until it does, the secret is an orphan:
   * a crash between the two leaves none behind. `then` makes the key; meanwhile nobody clears the secret away.
   */
  async makeSecret<Made>(
    account: string,
    id: string,
    label: string,
    then: () => Promise<Made>,
  ): Promise<Made> {
    const token = await this.token(account, id);
    this.#making.add(label);
    try {
      await this.change(account, id, (now) => ({ ...now, orphans: [...now.orphans, label] }));
      await token.makeKey(label);
      return await then();
    } catch (error) {
      throw inKmsWords(error);
    } finally {
      this.#making.delete(label);
    }
  }

  /** Notes that a key's secret is to be destroyed in its token; inside a transaction. */
  orphan({ account, record }: KmsKey): void {
    const store = this.find(account, record.customKeyStore ?? "");
    if (!store) return;
    const orphans = [...new Set([...store.orphans, record.id])];
    this.#tables.customStores(account).put([store.id], { ...store, orphans });
  }

  async close(): Promise<void> {
    for (const id of [...this.#connections.keys()]) await this.#end(id);
  }

  #begin(account: string, id: string): Connection {
    const store = this.find(account, id);
    if (!store) throw storeNotFound(id);
    const known = this.#connections.get(id);
    if (known) return known;
    const connection: Connection = { token: this.#open(account, store), state: "CONNECTING" };
    this.#connections.set(id, connection);
    connection.token.then(
      (token) => {
        connection.open = token;
        connection.state = "CONNECTED";
        // What could not be destroyed while nobody was connected. It waits for the next connection if it fails.
        void this.clearOrphans(account, id).catch(() => undefined);
      },
      (error: unknown) => {
        connection.state = "FAILED";
        connection.fault = error instanceof TokenFailure ? error.fault : "INTERNAL_ERROR";
      },
    );
    return connection;
  }

  async #open(account: string, store: CustomKeyStore): Promise<KeyToken> {
    const cluster = this.#tokens.find(account, store.clusterId);
    if (!cluster) throw new TokenFailure("CLUSTER_NOT_FOUND", "there is no such cluster");
    if (!cluster.active || cluster.hsms < 1) {
      throw new TokenFailure("INSUFFICIENT_CLOUDHSM_HSMS", "the cluster has no active HSM");
    }
    const password = this.#keyring.unwrap(account, store.password, boundPassword(store.id));
    if (!password) throw new TokenFailure("INTERNAL_ERROR", "the password does not open");
    try {
      return await cluster.open(password.toString());
    } catch (error) {
      // Each try may cost one of three logins, also after a restart: only a network's fault is tried again by itself.
      const fault = error instanceof TokenFailure ? error.fault : "INTERNAL_ERROR";
      if (fault !== "NETWORK_ERRORS") {
        await this.change(account, store.id, (now) => ({ ...now, refused: fault }));
      }
      throw error;
    }
  }

  async #end(id: string): Promise<void> {
    const connection = this.#connections.get(id);
    this.#connections.delete(id);
    await connection?.token.then((token) => token.close()).catch(() => undefined);
  }

  #checkUnique(account: string, wanted: CustomKeyStore): void {
    for (const { value } of this.#tables.externalStores(account).range({})) {
      if (value.name === wanted.name) throw nameInUse(wanted.name);
    }
    for (const { id, name, clusterId } of this.all(account)) {
      if (id === wanted.id) continue;
      if (name === wanted.name) throw nameInUse(name);
      if (clusterId === wanted.clusterId) {
        throw new ServiceError(
          "CloudHsmClusterInUseException",
          `The cluster ${clusterId} is used by another custom key store`,
        );
      }
    }
  }
}
