import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import { ServiceError } from "../../lib/service-error.ts";
import type { Store } from "../../storage/store.ts";
import { hasKeys, nameInUse, storeNotFound, storeState } from "../custom-store-refusals.ts";
import type { KeyTables } from "../key-tables.ts";
import type { Keyring } from "../keyring.ts";
import type { KmsKey } from "../kms-key.ts";
import type { ExternalKeyStore, GivenStore } from "./external-key-store.ts";
import { OuterLayer } from "./outer-layer.ts";
import { ProxyFailure, type ProxyPlace } from "./proxy.ts";
import { ProxyLines, type UseAsker } from "./proxy-lines.ts";
import { connectionFault, inCreationWords, type XksConnectionFault } from "./refusals.ts";
import type { XksTransport } from "./xks-transport.ts";

const boundSecret = (id: string) => `credential of external key store ${id}`;

interface Parts {
  readonly store: Store;
  readonly tables: Pick<KeyTables, "externalStores" | "customStores">;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly random: Random;
  readonly region: string;
  readonly proxies: XksTransport;
  /** Whether there is a key of this id. */
  readonly isKey: (account: string, id: string) => boolean;
}

/** The external key stores of all accounts in a Region: a proxy of the owner's encrypts what their keys encrypt again. */
export class ExternalKeyStores {
  readonly #parts: Parts;
  /** Ids of keys that are being made. */
  readonly #making = new Set<string>();
  readonly #lines: ProxyLines;
  /** What the proxies encrypt. */
  readonly outer: OuterLayer;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#lines = new ProxyLines(parts);
    this.outer = new OuterLayer(this, this.#lines);
  }

  find(account: string, id: string): ExternalKeyStore | undefined {
    return this.#parts.tables.externalStores(account).find([id]);
  }

  /** Those of an account by id, after one of them. */
  *all(account: string, after?: string): Iterable<ExternalKeyStore> {
    const range = after === undefined ? {} : { after: [after] };
    for (const { value } of this.#parts.tables.externalStores(account).range(range)) yield value;
  }

  /** Makes a store once its proxy has answered. Throws KMS's refusals. */
  async create(account: string, given: GivenStore): Promise<ExternalKeyStore> {
    const id = `cks-${this.#parts.random.bytes(9).toString("hex").slice(1)}`;
    const { secret, ...said } = given;
    const wrapped = this.#wrap(account, id, secret);
    const createdAtMs = this.#parts.clock.now();
    const made = { ...said, id, secret: wrapped, createdAtMs, wanted: false, keys: {} };
    this.#checkUnique(account, made);
    await this.tryOut(account, given);
    await this.#parts.store.transaction(() => this.#put(account, made));
    return made;
  }

  /** Asks a proxy how it is. Throws `ProxyFailure`. */
  tryOut(account: string, place: ProxyPlace): Promise<void> {
    return this.#lines.tryOut(account, place);
  }

  /** Where the proxy of a store is, with what it would be changed to. */
  placeOf(account: string, store: ExternalKeyStore, changes: Partial<ProxyPlace> = {}): ProxyPlace {
    const secret = this.#parts.keyring.unwrap(account, store.secret, boundSecret(store.id));
    if (!secret) throw new ServiceError("KMSInternalException", "The credential does not open");
    const { endpoint, path, accessKeyId } = store;
    return { endpoint, path, accessKeyId, secret: secret.toString(), ...changes };
  }

  /** Changes name, place or credential; `check` sees the store inside the transaction, and may throw a refusal. */
  async change(
    account: string,
    id: string,
    { secret, ...changes }: Partial<GivenStore>,
    check: (now: ExternalKeyStore) => void,
  ): Promise<void> {
    const wrapped = secret === undefined ? {} : { secret: this.#wrap(account, id, secret) };
    await this.#update(account, id, (now) => {
      check(now);
      return { ...now, ...changes, ...wrapped };
    });
  }

  /** Removes a store that no key is being made in. `check` is asked inside the transaction, and may throw a refusal. */
  async remove(account: string, id: string, check: (now: ExternalKeyStore) => void): Promise<void> {
    await this.#parts.store.transaction(() => {
      const now = this.find(account, id);
      if (!now) throw storeNotFound(id);
      check(now);
      if (Object.values(now.keys).some((keyId) => this.#making.has(keyId))) throw hasKeys(id);
      this.#parts.tables.externalStores(account).remove([id]);
    });
  }

  /** Connects a store that is disconnected: `state` tells what came of it. */
  async connect(account: string, id: string): Promise<void> {
    await this.#update(account, id, (now) => {
      if (now.wanted) throw storeState(id, "DISCONNECTED");
      return { ...now, wanted: true };
    });
    const store = this.find(account, id);
    if (!store) throw storeNotFound(id);
    try {
      await this.tryOut(account, this.placeOf(account, store));
    } catch (error) {
      if (!(error instanceof ProxyFailure)) throw error;
      const fault = connectionFault(error);
      await this.#update(account, id, (now) => (now.wanted ? { ...now, fault } : now));
    }
  }

  async disconnect(account: string, id: string): Promise<void> {
    await this.#update(account, id, ({ fault: _, ...now }) => ({ ...now, wanted: false }));
  }

  state({ wanted, fault }: ExternalKeyStore): {
    state: "CONNECTED" | "FAILED" | "DISCONNECTED";
    fault?: XksConnectionFault;
  } {
    if (!wanted) return { state: "DISCONNECTED" };
    return fault === undefined ? { state: "CONNECTED" } : { state: "FAILED", fault };
  }

  /** Whether the proxy of a key may be asked. */
  isReachable({ account, record }: KmsKey): boolean {
    const store = this.find(account, record.customKeyStore ?? "");
    return store !== undefined && this.state(store).state === "CONNECTED";
  }

  /**
   * Makes a KMS key with an external key that is there, enabled and for this. In a store, one external key is
   * of one KMS key: a second one would decrypt under other policies what the first encrypted. Throws KMS's refusals.
   */
  async makeKey<Made>(
    account: string,
    id: string,
    wanted: { readonly externalId: string; readonly asker: UseAsker },
    make: (keyId: string) => Promise<Made>,
  ): Promise<Made> {
    const store = this.find(account, id);
    if (!store) throw storeNotFound(id);
    this.#checkConnected(store);
    const keyId = this.#parts.random.uuid();
    this.#making.add(keyId);
    try {
      await this.#lines.checkKey(account, this.placeOf(account, store), wanted);
      await this.#update(account, id, (now) => {
        this.#checkConnected(now);
        return this.#reserved(account, now, wanted.externalId, keyId);
      });
      return await make(keyId);
    } catch (error) {
      throw inCreationWords(error);
    } finally {
      this.#making.delete(keyId);
    }
  }

  #checkConnected(store: ExternalKeyStore): void {
    if (this.state(store).state !== "CONNECTED") throw storeState(store.id, "CONNECTED");
  }

  #reserved(
    account: string,
    store: ExternalKeyStore,
    externalId: string,
    keyId: string,
  ): ExternalKeyStore {
    const { isKey } = this.#parts;
    const held = Object.entries(store.keys).filter(
      ([, id]) => this.#making.has(id) || isKey(account, id),
    );
    if (held.some(([name]) => name === externalId)) {
      throw new ServiceError(
        "XksKeyAlreadyInUseException",
        `The external key ${externalId} is already used by a KMS key of this external key store.`,
      );
    }
    return { ...store, keys: Object.fromEntries([...held, [externalId, keyId]]) };
  }

  async #update(
    account: string,
    id: string,
    how: (now: ExternalKeyStore) => ExternalKeyStore,
  ): Promise<void> {
    await this.#parts.store.transaction(() => {
      const now = this.find(account, id);
      if (!now) throw storeNotFound(id);
      this.#put(account, how(now));
    });
  }

  #put(account: string, store: ExternalKeyStore): void {
    this.#checkUnique(account, store);
    this.#parts.tables.externalStores(account).put([store.id], store);
  }

  #wrap(account: string, id: string, secret: string): Buffer {
    return this.#parts.keyring.wrap(account, Buffer.from(secret), boundSecret(id));
  }

  #checkUnique(account: string, wanted: ExternalKeyStore): void {
    const { customStores } = this.#parts.tables;
    const others = [...this.all(account)].filter(({ id }) => id !== wanted.id);
    const named = [...others, ...[...customStores(account).range({})].map(({ value }) => value)];
    if (named.some(({ name }) => name === wanted.name)) throw nameInUse(wanted.name);
    const { endpoint, path } = wanted;
    if (others.some((other) => hostOf(other) === hostOf(wanted) && other.path === path)) {
      throw new ServiceError(
        "XksProxyUriInUseException",
        `The proxy URI ${endpoint}${path} is used by another external key store`,
      );
    }
  }
}

/** However it is written: in capitals, or with the dot of the root. */
const hostOf = ({ endpoint }: ExternalKeyStore): string =>
  new URL(endpoint).hostname.replace(/\.$/, "");
