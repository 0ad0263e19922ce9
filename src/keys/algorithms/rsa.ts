import {
  constants,
  generateKeyPair,
  type KeyObject,
  privateEncrypt,
  publicDecrypt,
  publicEncrypt,
  verify,
  webcrypto,
} from "node:crypto";
import { promisify } from "node:util";
import { equalSecrets } from "../../lib/hash.ts";
import { ServiceError } from "../../lib/service-error.ts";
import type { Form, Kind, MadeMaterial } from "./kind.ts";
import { privateKeyOf, publicKeyOf, signLater } from "./openssl.ts";
import { isPss, signPss } from "./pss.ts";

/** Pairs that are made at once, and that may wait: each keeps a thread busy that files are written by, too. */
const [makingMax, waitingMax] = [2, 20];

/** The beginning of DigestInfo, in DER, by hash (RFC 8017, section 9.2, note 1). */
const digestInfo: Readonly<Record<string, Buffer>> = {
  sha256: Buffer.from("3031300d060960864801650304020105000420", "hex"),
  sha384: Buffer.from("3041300d060960864801650304020205000430", "hex"),
  sha512: Buffer.from("3051300d060960864801650304020305000440", "hex"),
};

/** Hashes of OAEP: as OpenSSL and as WebCrypto call them, and their lengths. */
const oaepHashes = {
  RSAES_OAEP_SHA_1: ["sha1", "SHA-1", 20],
  RSAES_OAEP_SHA_256: ["sha256", "SHA-256", 32],
} as const;

/** RSASSA-PKCS1-v1_5, RSASSA-PSS with a salt as long as the hash, and RSAES-OAEP (RFC 8017). */
export const rsa: Kind = {
  generate: (spec) => generateRsa(Number(spec.slice("RSA_".length))),

  openPublic(_spec, spki) {
    const key = publicKeyOf(spki);
    return {
      verify(message, signature, form) {
        // OpenSSL takes a number without its leading zeros, too: one signature would have several forms.
        if (signature.length !== bytesOf(key)) return false;
        if (form.type === "DIGEST") return verifyDigest(key, message, signature, form);
        const { hash, how } = schemeOf(form);
        return verify(hash, message, { key, ...how }, signature);
      },
      encrypt(plain, algorithm) {
        const [oaepHash, , hashBytes] = oaepOf(algorithm);
        // Two hashes and two bytes are OAEP's own (section 7.1.1).
        if (plain.length > bytesOf(key) - 2 * hashBytes - 2) return undefined;
        const padding = constants.RSA_PKCS1_OAEP_PADDING;
        return publicEncrypt({ key, padding, oaepHash }, plain);
      },
    };
  },

  openPrivate(_spec, material, random) {
    const key = privateKeyOf(material);
    /** The same key for WebCrypto, which binds it to a hash. */
    const webKeys = new Map<string, Promise<WebKey>>();
    return {
      async sign(message, form) {
        const { hash, how, salted } = schemeOf(form);
        if (form.type === "RAW") return signLater(hash, message, { key, ...how });
        if (!salted) return privateEncrypt({ key, ...how }, prefixed(hash, message));
        return signPss(key, { hash, digest: message, saltBytes: message.length }, random);
      },
      async decrypt(sealed, algorithm) {
        if (sealed.length !== bytesOf(key)) return undefined;
        const [, hash] = oaepOf(algorithm);
        const webKey = webKeys.get(hash) ?? toWebKey(key, hash);
        webKeys.set(hash, webKey);
        return decryptOaep(await webKey, sealed);
      },
    };
  },
};

let making = 0;
const waiting: (() => void)[] = [];

/** Makes a pair, off the request thread. Throws ThrottlingException when too many wait. */
export async function generateRsa(bits: number): Promise<Required<MadeMaterial>> {
  if (making >= makingMax) {
    if (waiting.length >= waitingMax) {
      throw new ServiceError("ThrottlingException", "Too many RSA key pairs are being made");
    }
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
    });
  } else {
    making += 1;
  }
  try {
    const made = await promisify(generateKeyPair)("rsa", {
      modulusLength: bits,
      publicKeyEncoding: { type: "spki", format: "der" },
      privateKeyEncoding: { type: "pkcs8", format: "der" },
    });
    return { bytes: made.privateKey, publicKey: made.publicKey };
  } finally {
    const next = waiting.shift();
    if (next) next();
    else making -= 1;
  }
}

function schemeOf({ algorithm }: Form) {
  const hash = `sha${algorithm.slice(-3)}`;
  const salted = algorithm.startsWith("RSASSA_PSS_");
  const how = salted
    ? {
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      }
    : { padding: constants.RSA_PKCS1_PADDING };
  return { hash, how, salted };
}

function verifyDigest(
  key: KeyObject,
  digest: Uint8Array,
  signature: Uint8Array,
  form: Form,
): boolean {
  const { hash, how, salted } = schemeOf(form);
  if (salted) return isPss(key, { hash, digest, saltBytes: digest.length }, signature);
  try {
    return equalSecrets(publicDecrypt({ key, ...how }, signature), prefixed(hash, digest));
  } catch {
    return false;
  }
}

const prefixed = (hash: string, digest: Uint8Array): Buffer =>
  Buffer.concat([digestInfo[hash] ?? Buffer.alloc(0), digest]);

type WebKey = webcrypto.CryptoKey;

/** Decrypts off the request thread, which of Node.js's interfaces WebCrypto alone does. */
async function decryptOaep(webKey: WebKey, sealed: Uint8Array): Promise<Buffer | undefined> {
  try {
    return Buffer.from(await webcrypto.subtle.decrypt({ name: "RSA-OAEP" }, webKey, sealed));
  } catch {
    return undefined;
  }
}

async function toWebKey(key: KeyObject, hash: string): Promise<WebKey> {
  const pkcs8 = key.export({ format: "der", type: "pkcs8" });
  const how = { name: "RSA-OAEP", hash };
  const made = await webcrypto.subtle.importKey("pkcs8", pkcs8, how, false, ["decrypt"]);
  pkcs8.fill(0);
  return made;
}

function oaepOf(algorithm: string) {
  const found = oaepHashes[algorithm as keyof typeof oaepHashes];
  if (!found) throw new Error(`no hash of ${algorithm}`);
  return found;
}

const bitsOf = (key: KeyObject): number => key.asymmetricKeyDetails?.modulusLength ?? 0;

/** The specs of KMS have whole bytes. */
const bytesOf = (key: KeyObject): number => bitsOf(key) / 8;
