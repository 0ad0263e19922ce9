import type { Access } from "../access/authorize.ts";
import { serviceName } from "../access/user-identity.ts";
import type { Json, Trail, TrailEvent } from "../audit/trail.ts";
import { assert } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { Sealer, Store } from "../storage/store.ts";
import { type Attempt, askerOf, showsContext, trial } from "./attempt.ts";
import { versionOf } from "./ciphertext.ts";
import type { XksTransport } from "./external/xks-transport.ts";
import { findKey, type KeyReference, notFound } from "./find-key.ts";
import { type Judgement, judgeUse, uses } from "./judge-use.ts";
import { KeyRegions } from "./key-regions.ts";
import type { KeyStore } from "./key-store.ts";
import type { Keyring } from "./keyring.ts";
import type { Context, DataKey, Described, KeyAction, Keys, KeyUse } from "./keys.ts";
import type { KmsKey } from "./kms-key.ts";
import type { PeerParts } from "./peers/elsewhere.ts";
import { createSealer, sealerId } from "./sealer.ts";
import { findOrMakeServiceKey } from "./service-keys.ts";
import { SharedDataKeys } from "./shared-data-keys.ts";
import type { TokenSource } from "./token.ts";
import { eventsOf } from "./use-events.ts";
import {
  checkSymmetric,
  checkUsable,
  decryptUnder,
  dryRun,
  encryptUnder,
  invalidCiphertext,
  newestVersion,
  type Used,
} from "./use-key.ts";
import type { Vault } from "./vault.ts";
import { VolumeKeys } from "./volume-keys.ts";

/** What the key service is made of. */
export interface KeyServiceParts extends PeerParts {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly vault: Vault;
  readonly access: Access;
  readonly trail: Trail;
  readonly clock: Clock;
  readonly random: Random;
  /** The home Region, and those besides. */
  readonly region: string;
  readonly furtherRegions: readonly string[];
  /** HSMs that custom key stores may be kept in. */
  readonly tokens: TokenSource;
  /** Reaches the proxies of external key stores. */
  readonly proxies: XksTransport;
}

const dataKeyBytes = 32;

/** Keys for the other services of this Bondstore, and the store of keys for the key service itself. */
export class KeyService implements Keys {
  /** For `services/kms`, whose uses the pipeline has judged. No other service may ask for it. */
  readonly regions: KeyRegions;
  /** The keys that services use: those of the home Region. */
  readonly store: KeyStore;
  readonly volumes: VolumeKeys;
  readonly watch: Keys["watch"] = (changed) => this.#shared.watch(changed);
  readonly #parts: KeyServiceParts;
  readonly #shared: SharedDataKeys;

  constructor(parts: KeyServiceParts) {
    this.#parts = parts;
    this.#shared = new SharedDataKeys(parts.clock);
    const regions = { home: parts.region, further: parts.furtherRegions };
    this.regions = new KeyRegions(parts, this.#shared, regions);
    this.store = this.regions.at(parts.region);
    this.volumes = new VolumeKeys({
      ...parts,
      keys: this.store,
      recorded: (find, attempt, act) => this.#recorded(find, attempt, act),
      keyOf: (wrapped) => this.#keyOf(wrapped),
    });
  }

  async dataKey(keyId: string, context: Context, use: KeyUse): Promise<DataKey> {
    await findOrMakeServiceKey(this.store, keyId, use);
    const { random } = this.#parts;
    const plain = random.bytes(dataKeyBytes);
    const parameters = { keySpec: "AES_256" };
    const { key, bytes } = await this.#recorded(
      () => findKey(this.store, keyId, use.account),
      { action: "GenerateDataKey", context, use, parameters },
      (found) => encryptUnder(this.store, found, plain, context, askerOf("GenerateDataKey", use)),
    );
    return {
      sealer: createSealer(sealerId(bytes), plain, { manyOpenings: random }),
      wrapped: bytes,
      keyArn: key.arn,
    };
  }

  async openDataKey(wrapped: Uint8Array, context: Context, use: KeyUse): Promise<Sealer> {
    return (await this.#open(wrapped, context, use)).sealer;
  }

  async #open(
    wrapped: Uint8Array,
    context: Context,
    use: KeyUse,
  ): Promise<{ readonly sealer: Sealer; readonly key: KmsKey }> {
    const parameters = { encryptionAlgorithm: "SYMMETRIC_DEFAULT" };
    const { bytes, key } = await this.#recorded(
      () => this.#keyOf(wrapped),
      { action: "Decrypt", context, use, parameters },
      (found) => decryptUnder(this.store, found, wrapped, context, askerOf("Decrypt", use)),
    );
    if (bytes.length !== dataKeyBytes) throw invalidCiphertext();
    const sealer = createSealer(sealerId(wrapped), bytes, { manyOpenings: this.#parts.random });
    return { sealer, key };
  }

  async sharedDataKey(keyId: string, context: Context, use: KeyUse): Promise<DataKey> {
    const reference = findKey(this.store, keyId, use.account);
    const kept = reference.key && this.#shared.sealing(reference.arn, context, use);
    if (kept && this.#mayUse("GenerateDataKey", reference, context, use)) return kept;
    const made = await this.dataKey(keyId, context, use);
    return this.#shared.keepSealing(made, context, use);
  }

  async openSharedDataKey(wrapped: Uint8Array, context: Context, use: KeyUse): Promise<Sealer> {
    const kept = this.#shared.opened(wrapped, context);
    const reference = kept && findKey(this.store, kept.keyArn, use.account);
    if (kept && reference && this.#mayUse("Decrypt", reference, context, use)) return kept.sealer;
    const { key, sealer } = await this.#open(wrapped, context, use);
    this.#shared.keepOpened({ sealer, wrapped: Buffer.from(wrapped), keyArn: key.arn }, context);
    return sealer;
  }

  /**
   * Whether `use` may act under the key now, for a data key that is in memory: without an event. Who may not takes the
   * long way, where the refusal is worded and recorded.
   */
  #mayUse(
    action: "Decrypt" | "GenerateDataKey",
    reference: KeyReference,
    context: Context,
    use: KeyUse,
  ): boolean {
    return (
      reference.key?.record.state === "Enabled" &&
      this.store.isReachable(reference.key) &&
      judgeUse(reference, { action, context, use }, this.#parts).refusal === undefined
    );
  }

  newestMaterial(keyArn: string): string | undefined {
    const { key } = findKey(this.store, keyArn, "");
    return key && newestVersion(key).id;
  }

  async describe(keyId: string, use: KeyUse): Promise<Described> {
    await findOrMakeServiceKey(this.store, keyId, use);
    const { key } = await this.#recorded(
      () => findKey(this.store, keyId, use.account),
      { action: "DescribeKey", context: {}, use },
      () => ({ bytes: Buffer.alloc(0), materialId: "" }),
    );
    return { arn: key.arn, keySpec: key.record.spec };
  }

  async tryOut(
    keyArn: string,
    actions: readonly KeyAction[],
    context: Context,
    use: KeyUse,
    grantee = serviceName(use.via),
  ): Promise<void> {
    for (const action of actions) {
      if (action === "DescribeKey") {
        await this.describe(keyArn, use);
        continue;
      }
      const attempt = {
        ...trial(action, context, use, grantee),
        ...{ action, context, use, dryRun: true },
      };
      try {
        await this.#recorded(
          () => findKey(this.store, keyArn, use.account),
          attempt,
          (key) => {
            checkUsable(key);
            checkSymmetric(key, action);
            return { bytes: Buffer.alloc(0), materialId: newestVersion(key).id };
          },
        );
      } catch (error) {
        const passed = error instanceof ServiceError && error.code === dryRun().code;
        if (!passed) throw error;
      }
    }
  }

  /** Finds, judges, uses and records, in this order; a refusal at any step is recorded too. */
  async #recorded(
    find: () => KeyReference,
    attempt: Attempt,
    act: (key: KmsKey) => Used | Promise<Used>,
  ): Promise<Used & { readonly key: KmsKey }> {
    let reference: KeyReference | undefined;
    let judgement: Judgement | undefined;
    let used: Used | undefined;
    let refusal: ServiceError | undefined;
    try {
      reference = find();
      judgement = judgeUse(reference, attempt, this.#parts);
      if (judgement.refusal) throw judgement.refusal;
      if (!reference.key) throw notFound(reference);
      if (attempt.action in uses) this.store.quotas.takeUse(reference.key);
      used = await act(reference.key);
      if (attempt.dryRun) throw dryRun();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      refusal = error;
    }
    const events = eventsOf(
      {
        use: attempt.use,
        eventName: attempt.action,
        requestParameters: {
          ...(showsContext(attempt) && { encryptionContext: attempt.context }),
          ...(reference && { keyId: reference.arn }),
          ...attempt.parameters,
          ...(attempt.dryRun && { dryRun: true }),
        },
        ...(reference?.key && { key: reference.key }),
        ...(used && attempt.action !== "DescribeKey" && { materialId: used.materialId }),
        ...(used?.shown && { responseElements: used.shown }),
        ...(refusal && { refusal }),
        decision: judgement ? ({ demands: judgement.demands } as unknown as Json) : null,
      },
      this.#parts,
    );
    await Promise.all(events.map((event) => this.#parts.trail.record(event)));
    if (refusal) throw refusal;
    if (reference?.key && attempt.action in uses) this.#note(reference.key, attempt, events);
    assert(used && reference?.key, "a use ends with a result or a refusal");
    return { ...used, key: reference.key };
  }

  #note(key: KmsKey, { action: operation, use }: Attempt, events: readonly TrailEvent[]): void {
    // The last is the one of the account of the key.
    const eventId = events.at(-1)?.eventID ?? "";
    const atMs = this.#parts.clock.now();
    const { requestId } = use;
    this.store.lastUsage.note(key, { operation, atMs, requestId, eventId });
  }

  #keyOf(ciphertext: Uint8Array): KeyReference {
    const version = versionOf(ciphertext);
    const place = version === undefined ? undefined : this.store.findVersion(version);
    const key = place && this.store.find(place.account, place.keyId);
    if (!key) throw invalidCiphertext();
    return { account: key.account, arn: key.arn, key };
  }
}
