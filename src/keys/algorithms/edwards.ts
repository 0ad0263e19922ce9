import { generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { ed25519ph } from "@noble/curves/ed25519.js";
import type { Kind } from "./kind.ts";
import { exported, privateKeyOf, publicKeyOf } from "./openssl.ts";

const isPrehashed = (algorithm: string) => algorithm === "ED25519_PH_SHA_512";

/**
 * Ed25519 and Ed25519ph (RFC 8032). What KMS calls the digest of Ed25519ph is hashed once more, as its API reference
 * says of Sign.
 */
export const edwards: Kind = {
  generate: () => exported(generateKeyPairSync("ed25519")),

  openPublic(_spec, spki) {
    const key = publicKeyOf(spki);
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
    const key = privateKeyOf(material);
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
