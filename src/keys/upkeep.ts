import type { Trail } from "../audit/trail.ts";
import { eachMinute } from "../lib/each-minute.ts";
import { internalEvent } from "./key-events.ts";
import type { KeyPlace } from "./key-record.ts";
import type { KeyStore } from "./key-store.ts";

/** Rotates and deletes keys and ends imports when they are due, writes last uses, and wipes old material from memory. */
export class Upkeep {
  readonly #keys: KeyStore;
  readonly #trail: Trail;
  #endRounds: () => Promise<void> = async () => undefined;

  constructor(keys: KeyStore, trail: Trail) {
    this.#keys = keys;
    this.#trail = trail;
  }

  /** Does what fell due while Bondstore was down, then goes on each minute. */
  async start(): Promise<void> {
    await this.#keys.lastUsage.start();
    await this.#round();
    this.#endRounds = eachMinute(() => this.#round());
  }

  /** Ends it, and wipes the materials in memory. */
  async stop(): Promise<void> {
    await this.#endRounds();
    // On a full disk the last minute's are lost; what is in memory is wiped all the same.
    await this.#keys.lastUsage.write().catch(() => undefined);
    this.#keys.materials.dropAll();
    await this.#keys.customStores.close();
  }

  async #round(): Promise<void> {
    this.#keys.materials.dropOld();
    this.#keys.dataKeys.dropOld();
    let failure: unknown;
    await this.#keys.lastUsage.write().catch((error: unknown) => {
      failure = error;
    });
    for (const place of this.#keys.records.due(this.#keys.clock.now())) {
      // A key that cannot be served keeps no other waiting.
      await this.#serve(place).catch((error: unknown) => {
        failure ??= error;
      });
    }
    if (failure !== undefined) throw failure;
  }

  async #serve(place: KeyPlace): Promise<void> {
    const key = this.#keys.findDue(place);
    if (!key) return;
    const { state, deletion } = key.record;
    if (state === "PendingDeletion" && deletion && deletion.atMs <= this.#keys.clock.now()) {
      await this.#trail.record(internalEvent(this.#keys, "DeleteKey", key));
      await this.#keys.destroy(key);
    } else if (this.#keys.imports.isDue(key)) {
      await this.#trail.record(internalEvent(this.#keys, "DeleteExpiredKeyMaterial", key));
      await this.#keys.imports.expire(key);
    } else {
      await this.#trail.record(internalEvent(this.#keys, "RotateKey", key));
      await this.#keys.rotate(key, "AUTOMATIC");
    }
  }
}
