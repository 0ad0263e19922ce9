import { createHmac } from "node:crypto";
import type { Kind } from "./kind.ts";

/** Hashes of MAC keys, and how long their material is (KMS Developer Guide, "HMAC key specs"). */
export const hmacs: Readonly<Record<string, readonly [hash: string, bytes: number]>> = {
  HMAC_224: ["sha224", 28],
  HMAC_256: ["sha256", 32],
  HMAC_384: ["sha384", 48],
  HMAC_512: ["sha512", 64],
};

/** HMAC (FIPS 198-1). */
export const hmac: Kind = {
  generate: (spec, random) => ({ bytes: random.bytes(hmacs[spec]?.[1] ?? 0) }),
  openPrivate: (spec, material) => ({
    mac: (message) =>
      createHmac(hmacs[spec]?.[0] ?? "", material)
        .update(message)
        .digest(),
  }),
};
