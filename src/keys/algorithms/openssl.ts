import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import type { MadeMaterial } from "./kind.ts";

/** A private key from PKCS#8 (DER), without a copy. Throws what OpenSSL throws for other bytes. */
export const privateKeyOf = ({ buffer, byteOffset, length }: Uint8Array): KeyObject =>
  createPrivateKey({
    key: Buffer.from(buffer, byteOffset, length),
    format: "der",
    type: "pkcs8",
  });

/** A public key from SubjectPublicKeyInfo (DER). Throws what OpenSSL throws for other bytes. */
export const publicKeyOf = ({ buffer, byteOffset, length }: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.from(buffer, byteOffset, length), format: "der", type: "spki" });

/** A pair as a material and its public key. */
export const exported = (pair: {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}): Required<MadeMaterial> => ({
  bytes: pair.privateKey.export({ type: "pkcs8", format: "der" }),
  publicKey: pair.publicKey.export({ type: "spki", format: "der" }),
});

/** Signs a message off the request thread. */
export const signLater = (
  hash: string,
  message: Uint8Array,
  key: Parameters<typeof sign>[2],
): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    sign(hash, message, key, (error, signature) => (error ? reject(error) : resolve(signature)));
  });
