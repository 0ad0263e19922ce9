import { type Module, startModule } from "./engines/pkcs11/module.ts";
import { newId } from "./hsm/control/ids.ts";
import { openKeyToken } from "./hsm/token-source.ts";
import type { TokenSource } from "./keys/token.ts";
import type { Random } from "./lib/random.ts";
import { ServiceError } from "./lib/service-error.ts";
import type { Store } from "./storage/store.ts";

/** A token of another maker's PKCS#11 module, which the operator gives to one account for its custom key stores. */
export interface AttachedModule {
  readonly account: string;
  /** Path of the module. */
  readonly module: string;
  /** Label of the token. */
  readonly token: string;
}

const callMs = 30_000;
/** Nobody but the module knows how many devices stand behind it: it is its operator's to have enough. */
const enoughHsms = 2;

/** Tokens that were attached, as clusters: by an id of their own. Their modules run while they are used. */
export class AttachedModules implements TokenSource {
  readonly #store: Store;
  readonly #random: Random;
  readonly #env: Readonly<Record<string, string>>;
  readonly #running = new Map<string, Module>();

  constructor(store: Store, random: Random, env: Readonly<Record<string, string>>) {
    this.#store = store;
    this.#random = random;
    this.#env = env;
  }

  /**
   * Gives a token to an account; answers the id by which CreateCustomKeyStore names it. A token is of one account: who
   * is logged in at it is so for its whole process.
   */
  async attach(attached: AttachedModule): Promise<string> {
    const id = newId("cluster", this.#random);
    await this.#store.transaction(() => {
      for (const { value } of this.#table.range()) {
        if (value.module === attached.module && value.token === attached.token) {
          throw new ServiceError("AlreadyExists", `the token is attached to ${value.account}`);
        }
      }
      this.#table.put([id], attached);
    });
    return id;
  }

  find(account: string, clusterId: string): ReturnType<TokenSource["find"]> {
    const attached = this.#table.find([clusterId]);
    if (attached?.account !== account) return undefined;
    return {
      active: true,
      hsms: enoughHsms,
      trustAnchor: undefined,
      open: (pin) =>
        openKeyToken(
          () => this.#module(clusterId, attached).connect(),
          { label: attached.token },
          pin,
          this.#random,
        ),
    };
  }

  async close(): Promise<void> {
    for (const module of this.#running.values()) await module.close();
    this.#running.clear();
  }

  /** A process for each token: no tenant's login is in that of another. */
  #module(id: string, { module: modulePath }: AttachedModule): Module {
    const known = this.#running.get(id);
    if (known) return known;
    const started = startModule({
      modulePath,
      env: this.#env,
      p11Kit: "p11-kit",
      timeoutMs: callMs,
    });
    this.#running.set(id, started);
    return started;
  }

  get #table() {
    return this.#store.system.table<AttachedModule>("hsm-modules");
  }
}

/** Several sources as one. */
export const allOf = (...sources: readonly TokenSource[]): TokenSource => ({
  find(account, clusterId) {
    for (const source of sources) {
      const found = source.find(account, clusterId);
      if (found) return found;
    }
    return undefined;
  },
});
