import { hmacSha256 } from "../lib/hash.ts";
import { ServiceError } from "../lib/service-error.ts";
import { generateMaterial } from "./algorithms/kinds.ts";
import {
  isWrappingAlgorithm,
  unwrapMaterial,
  type WrappingAlgorithm,
  type WrappingKeySpec,
} from "./import-wrapping.ts";
import { importedForm } from "./imported-forms.ts";
import {
  isComplete,
  isExpired,
  isReplica,
  isThere,
  type KeyRecord,
  type KeyVersion,
} from "./key-record.ts";
import { checkState } from "./key-states.ts";
import type { KeyStore } from "./key-store.ts";
import type { KmsKey } from "./kms-key.ts";
import { askElsewhere, isEverywhere } from "./material-places.ts";
import type { MaterialWrapper } from "./materials.ts";

/** How long a wrapping key and its token are good for. */
const parametersValidMs = 24 * 60 * 60_000;

/** What material is wrapped with on its way here, and what brings it in. */
export interface ImportParameters {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
  readonly token: Buffer;
  readonly validToMs: number;
}

/** Material as somebody imports it. */
export interface Import {
  readonly token: Uint8Array;
  readonly wrapped: Uint8Array;
  readonly type?: "NEW_KEY_MATERIAL" | "EXISTING_KEY_MATERIAL";
  /** Id that the material must turn out to have. */
  readonly materialId?: string;
  readonly description?: string;
  /** Absent: it does not expire. */
  readonly validToMs?: number;
}

/** Keys whose materials come from outside. Whoever calls it has been authorized. */
export class ImportedMaterials {
  readonly #keys: KeyStore;
  readonly #wrapper: MaterialWrapper;

  constructor(keys: KeyStore, wrapper: MaterialWrapper) {
    this.#keys = keys;
    this.#wrapper = wrapper;
  }

  /**
   * Makes a wrapping key. Its private half is in the token alone, sealed for this key: nothing is kept here, and when
   * the key is destroyed its tokens open no more. Undefined where this platform cannot.
   */
  async parameters(
    key: KmsKey,
    algorithm: WrappingAlgorithm,
    spec: WrappingKeySpec,
  ): Promise<ImportParameters | undefined> {
    const made = await generateMaterial(spec, this.#keys.random);
    if (!made) return undefined;
    const { bytes, publicKey } = made;
    const validToMs = this.#keys.clock.now() + parametersValidMs;
    const content = Buffer.concat([Buffer.from(`${algorithm} ${validToMs}\n`), bytes]);
    const token = this.#wrapper.wrap(key, tokenName, content);
    for (const secret of [bytes, content]) secret.fill(0);
    return { publicKey: publicKey ?? Buffer.alloc(0), token, validToMs };
  }

  /** Imports material; answers its id. Throws KMS's refusals. */
  async put(key: KmsKey, given: Import): Promise<string> {
    const plain = await this.#unwrap(key, given);
    const form = importedForm(key.record.spec, plain);
    plain.fill(0);
    if (!form) throw notWrapped();
    const id = hmacSha256(key.record.importSecret ?? Buffer.alloc(0), form.bytes).toString("hex");
    try {
      await this.#keys.change(key, (record) => {
        // Again, now that nothing comes between: a key that is on its way out takes nothing more.
        checkState("ImportKeyMaterial", key, record.state);
        checkExpected(record, id, given);
        const versions = this.#withMaterial(key, record, { id, ...form }, given);
        const ready =
          record.state === "PendingImport" && isComplete({ versions }, this.#keys.clock.now());
        return { ...record, versions, ...(ready && { state: "Enabled" }) };
      });
    } finally {
      form.bytes.fill(0);
    }
    return id;
  }

  async #unwrap(key: KmsKey, { token, wrapped }: Import): Promise<Buffer> {
    const content = this.#wrapper.unwrap(key, { ...tokenName, wrapped: token });
    if (!content) {
      throw new ServiceError("InvalidImportTokenException", "The import token is not valid");
    }
    const end = content.indexOf("\n");
    const [algorithm = "", validTo] = content.subarray(0, end).toString().split(" ");
    const privateKey = content.subarray(end + 1);
    if (Number(validTo) <= this.#keys.clock.now()) {
      throw new ServiceError("ExpiredImportTokenException", "The import token has expired");
    }
    const plain = isWrappingAlgorithm(algorithm)
      ? await unwrapMaterial(privateKey, algorithm, wrapped, this.#keys.random)
      : undefined;
    content.fill(0);
    if (!plain) throw notWrapped();
    return plain;
  }

  /** The versions of a key with this material among them. Inside a transaction. */
  #withMaterial(
    key: KmsKey,
    { id: keyId, versions }: KeyRecord,
    form: { readonly id: string; readonly bytes: Buffer; readonly publicKey?: Buffer },
    { validToMs, description }: Import,
  ): readonly KeyVersion[] {
    const known = versions.find(({ id }) => id === form.id);
    const words = description ?? known?.imported?.description;
    const imported = {
      ...(words !== undefined && { description: words }),
      ...(validToMs !== undefined && { validToMs }),
    };
    const replace = (by: KeyVersion) => versions.map((one) => (one.id === form.id ? by : one));
    // It is there already: what its secret in the vault seals is not touched, only its end is another.
    if (known && isThere(known, this.#keys.clock.now())) {
      return replace({ ...known, imported });
    }
    const made = this.#keys.newVersion(key.account, keyId, {
      ...form,
      bytes: Buffer.from(form.bytes),
      imported,
    });
    if (known) return replace({ ...made, ...known, imported, wrapped: made.wrapped ?? form.bytes });
    return [...versions, { ...made, ...(versions.length > 0 && { pending: true }) }];
  }

  /** Deletes imported material: the current one, unless another is named. Answers its id. */
  async delete(key: KmsKey, materialId?: string): Promise<string | undefined> {
    const version = key.record.versions.findLast(({ id, pending }) =>
      materialId === undefined ? !pending : id === materialId,
    );
    if (!version && materialId !== undefined) {
      throw new ServiceError(
        "NotFoundException",
        `Key material ${materialId} is not associated with ${key.arn}`,
      );
    }
    if (!version) return undefined;
    const now = this.#keys.clock.now();
    const isFollowing = (record: KeyRecord) => isReplica(record, this.#keys.region);
    // Its end is now. From here on a crash makes no difference: whoever starts next finds that it is due.
    await this.#keys.change(key, (record) => ({
      ...record,
      versions: record.versions
        // Named only: imported for a rotation in what was the primary then.
        .filter(
          (one) => one.id !== version.id || one.wrapped || !one.pending || isFollowing(record),
        )
        .map((one) =>
          one.id === version.id && one.wrapped
            ? { ...one, imported: { ...one.imported, validToMs: now } }
            : one,
        ),
    }));
    await this.expire(key);
    return version.id;
  }

  /** Begins to encrypt with what was imported for it. Throws KMS's refusal when there is nothing. */
  async rotate(key: KmsKey, check: (record: KeyRecord) => void): Promise<void> {
    const now = this.#keys.clock.now();
    const nextOf = (record: KeyRecord): KeyVersion => {
      check(record);
      const next = record.versions.at(-1);
      if (next?.pending && isThere(next, now)) return next;
      throw new ServiceError(
        "KMSInvalidStateException",
        `${key.arn} has no key material that is pending rotation.`,
      );
    };
    const { id } = nextOf(key.record);
    const { regions } = this.#keys;
    await regions.elsewhere.deliverAbout(key.account, key.record);
    const said = await askElsewhere(regions, key, id);
    if (said.unknown) throw said.unknown;
    await this.#keys.change(key, (record) => {
      const next = nextOf(record);
      if (!isEverywhere(regions, key.account, record, next.id, said)) {
        throw new ServiceError(
          "KMSInvalidStateException",
          `${key.arn} has key material that is not imported into every replica key yet.`,
        );
      }
      // Taken away by a replica elsewhere from now on, it is as if that came after: it waits for it there.
      const { pending: _, ...version } = next;
      const current: KeyVersion = { ...version, rotation: "ON_DEMAND", createdAtMs: now };
      return { ...record, versions: [...record.versions.slice(0, -1), current] };
    });
  }

  isDue({ record }: KmsKey): boolean {
    return record.versions.some((version) => isExpired(version, this.#keys.clock.now()));
  }

  /** Destroys what has reached its end; the key waits for an import, if it has ever encrypted with that. */
  async expire(key: KmsKey): Promise<void> {
    const replica = isReplica(key.record, this.#keys.region);
    await this.#keys.change(key, (record) => {
      const now = this.#keys.clock.now();
      // In here, so that no import comes between the look and the end.
      this.#wrapper.destroy(
        key,
        record.versions.filter((version) => isExpired(version, now)),
      );
      return {
        ...record,
        versions: record.versions
          // A replica keeps the name: which materials there are is its primary's to say.
          .filter((version) => !(version.pending && isExpired(version, now) && !replica))
          .map((version) => (isExpired(version, now) ? withoutMaterial(version) : version)),
      };
    });
  }
}

const tokenName = { id: "import token" };

/** The description stays, for the next import of the same. */
function withoutMaterial({ wrapped: _, imported, ...version }: KeyVersion): KeyVersion {
  const { description } = imported ?? {};
  return { ...version, imported: { ...(description !== undefined && { description }) } };
}

/** Whether a key takes this material now: the first, one that it had, or one for its next rotation. */
function checkExpected({ versions }: KeyRecord, id: string, { type, materialId }: Import): void {
  const known = versions.some((version) => version.id === id);
  const wanted = type ?? (versions.length === 0 ? "NEW_KEY_MATERIAL" : "EXISTING_KEY_MATERIAL");
  if (materialId !== undefined && materialId !== id) {
    throw incorrectMaterial(`is not the key material ${materialId}`);
  }
  if (wanted === "NEW_KEY_MATERIAL" && known) {
    throw incorrectMaterial("was imported before, and new key material was expected");
  }
  if (wanted === "EXISTING_KEY_MATERIAL" && !known) {
    throw incorrectMaterial("is not the key material that was imported before");
  }
  if (!known && versions.some(({ pending }) => pending)) {
    throw new ServiceError(
      "KMSInvalidStateException",
      "The key has key material that is pending rotation already",
    );
  }
}

/** One refusal for all that may be wrong with the bytes, so that nobody learns by trying. */
const notWrapped = () =>
  new ServiceError(
    "InvalidCiphertextException",
    "The key material does not unwrap by the wrapping key and algorithm of the import token, or is not of the key spec",
  );

const incorrectMaterial = (why: string) =>
  new ServiceError("IncorrectKeyMaterialException", `The key material in the request ${why}.`);
