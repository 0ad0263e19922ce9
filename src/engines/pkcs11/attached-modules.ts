import { newId } from "../../hsm/control/ids.ts";
import { slotOf } from "../../hsm/token.ts";
import { openKeyToken } from "../../hsm/token-source.ts";
import type { TokenSource } from "../../keys/token.ts";
import type { Random } from "../../lib/random.ts";
import { ServiceError } from "../../lib/service-error.ts";
import type { Store } from "../../storage/store.ts";
import { type Module, startModule } from "./module.ts";

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
   * is logged in at it is so for its whole process. Throws `InvalidParameter` where the module does not run or has no
   * such token, and `AlreadyExists`.
   */
  async attach(attached: AttachedModule): Promise<string> {
    await this.#tryOut(attached);
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

  /** All that is attached, by id. */
  *all(): Iterable<AttachedModule & { readonly id: string }> {
    for (const { key, value } of this.#table.range()) yield { id: String(key[0]), ...value };
  }

  /** Takes a token back. `check` is asked inside the transaction, and may throw a refusal. */
  async detach(id: string, check: (attached: AttachedModule) => void): Promise<void> {
    await this.#store.transaction(() => {
      const attached = this.#table.find([id]);
      if (!attached) throw new ServiceError("NotFound", `no token is attached as ${id}`);
      check(attached);
      this.#table.remove([id]);
    });
    await this.#running.get(id)?.close();
    this.#running.delete(id);
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
    const started = this.#start(modulePath);
    this.#running.set(id, started);
    return started;
  }

  #start(modulePath: string): Module {
    return startModule({ modulePath, env: this.#env, p11Kit: "p11-kit", timeoutMs: callMs });
  }

  async #tryOut({ module: modulePath, token: label }: AttachedModule): Promise<void> {
    const module = this.#start(modulePath);
    try {
      await slotOf(await module.connect(), { label });
    } catch (error) {
      throw new ServiceError("InvalidParameter", `the token cannot be used: ${messageOf(error)}`);
    } finally {
      await module.close();
    }
  }

  get #table() {
    return this.#store.system.table<AttachedModule>("hsm-modules");
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

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
