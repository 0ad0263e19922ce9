import { sha256 } from "../../lib/hash.ts";
import { ServiceError } from "../../lib/service-error.ts";
import { canonicalContext } from "../ciphertext.ts";
import type { Context } from "../keys.ts";
import type { KmsKey } from "../kms-key.ts";
import type { ExternalKeyStores } from "./external-key-stores.ts";
import { joinOuter, outerHead, splitOuter } from "./outer-message.ts";
import { bytesIn, ProxyFailure } from "./proxy.ts";
import { metadataOf, type ProxyLines, type UseAsker } from "./proxy-lines.ts";
import { inUseWords } from "./refusals.ts";

const [ivBytesMin, ivBytesMax, tagBytes, metadataBytesMax] = [12, 16, 16, 20];
/** What a proxy may add to what it encrypts. */
const growthBytesMax = 256;

/** What the proxies of external key stores put around the messages of their keys. */
export class OuterLayer {
  readonly #stores: Pick<ExternalKeyStores, "find" | "state" | "placeOf">;
  readonly #lines: ProxyLines;

  constructor(stores: Pick<ExternalKeyStores, "find" | "state" | "placeOf">, lines: ProxyLines) {
    this.#stores = stores;
    this.#lines = lines;
  }

  /** Lets the proxy encrypt a message that a key has encrypted. Throws KMS's refusals. */
  async encrypt(
    key: KmsKey,
    {
      id,
      message,
      context,
    }: { readonly id: string; readonly message: Buffer; readonly context: Context },
    asker: UseAsker,
  ): Promise<Buffer> {
    const head = outerHead(id);
    const answer = await this.#use(key, "encrypt", asker, {
      plaintext: message.toString("base64"),
      additionalAuthenticatedData: bound(head, context),
    });
    try {
      return joinOuter(head, {
        iv: bytesIn(answer, "initializationVector", ivBytesMin, ivBytesMax),
        tag: bytesIn(answer, "authenticationTag", tagBytes, tagBytes),
        metadata:
          answer["ciphertextMetadata"] === undefined || answer["ciphertextMetadata"] === null
            ? Buffer.alloc(0)
            : bytesIn(answer, "ciphertextMetadata", 0, metadataBytesMax),
        ciphertext: bytesIn(answer, "ciphertext", 1, message.length + growthBytesMax),
      });
    } catch (error) {
      throw inUseWords(error, key.arn);
    }
  }

  /** Undoes `encrypt`; undefined where the proxy says that a byte or the context differs. Throws KMS's refusals. */
  async decrypt(
    key: KmsKey,
    message: Uint8Array,
    context: Context,
    asker: UseAsker,
  ): Promise<Buffer | undefined> {
    const parts = splitOuter(message);
    if (!parts) return undefined;
    const { head, iv, tag, metadata, ciphertext } = parts;
    try {
      const answer = await this.#use(key, "decrypt", asker, {
        ciphertext: ciphertext.toString("base64"),
        initializationVector: iv.toString("base64"),
        authenticationTag: tag.toString("base64"),
        ...(metadata.length > 0 && { ciphertextMetadata: metadata.toString("base64") }),
        additionalAuthenticatedData: bound(head, context),
      });
      return bytesIn(answer, "plaintext", 1, ciphertext.length + growthBytesMax);
    } catch (error) {
      if (error instanceof ProxyFailure && error.fault === "wrong-ciphertext") return undefined;
      throw inUseWords(error, key.arn);
    }
  }

  async #use(
    { account, record, arn }: KmsKey,
    what: "encrypt" | "decrypt",
    asker: UseAsker,
    message: Readonly<Record<string, string>>,
  ): Promise<Readonly<Record<string, unknown>>> {
    const store = this.#stores.find(account, record.customKeyStore ?? "");
    if (!store || this.#stores.state(store).state !== "CONNECTED") {
      throw new ServiceError(
        "KMSInvalidStateException",
        `${arn} is unavailable: its external key store is not connected.`,
      );
    }
    const requestMetadata = { ...metadataOf(asker), kmsKeyArn: arn };
    const body = { requestMetadata, encryptionAlgorithm: "AES_GCM", ...message };
    const path = `keys/${record.externalKey ?? ""}/${what}`;
    try {
      return await this.#lines.ask(account, this.#stores.placeOf(account, store), path, body);
    } catch (error) {
      const isPassed = error instanceof ProxyFailure && error.fault === "wrong-ciphertext";
      throw isPassed ? error : inUseWords(error, arn);
    }
  }
}

/** What the proxy binds: a digest, for an encryption context is nobody else's to read. */
const bound = (head: Buffer, context: Context): string =>
  sha256(Buffer.concat([head, canonicalContext(context)])).toString("base64");
