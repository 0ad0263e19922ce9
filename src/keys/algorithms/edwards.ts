import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { ed25519ph } from "@noble/curves/ed25519.js";
import { exported } from "./ecc.ts";
import type { Kind } from "./kind.ts";

const isPrehashed = (algorithm: string) => algorithm === "ED25519_PH_SHA_512";

/**
 * Ed25519 and Ed25519ph (RFC 8032). What KMS calls the digest of Ed25519ph is hashed once more, as its API reference
 * says of Sign.
 */
export const edwards: Kind = {
  generate: () => exported(generateKeyPairSync("ed25519")),

  openPublic(_spec, spki) {
    const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
    return {
      verify(message, signature, { algorithm }) {
        if (!isPrehashed(algorithm)) return verify(null, message, key, signature);
        try {
          return ed25519ph.verify(signature, message, partOf(key, "x"), { zip215: false });
        } catch {
          return false;
        }
      },
    };
  },

  openPrivate(_spec, material) {
    const key = createPrivateKey({ key: Buffer.from(material), format: "der", type: "pkcs8" });
    return {
      async sign(message, { algorithm }) {
        if (!isPrehashed(algorithm)) return sign(null, message, key);
        const seed = partOf(key, "d");
        const signature = Buffer.from(ed25519ph.sign(message, seed));
        seed.fill(0);
        return signature;
      },
    };
  },
};

const partOf = (key: KeyObject, part: "d" | "x"): Buffer =>
  Buffer.from(key.export({ format: "jwk" })[part] ?? "", "base64url");
