import type { Random } from "../../lib/random.ts";
import { type KeyKind, type KeySpecName, specOf } from "../key-specs.ts";
import { ecc } from "./ecc.ts";
import { edwards } from "./edwards.ts";
import { hmac } from "./hmac.ts";
import type { Form, Kind, MadeMaterial } from "./kind.ts";
import { mlDsa, mlKem } from "./lattice.ts";
import { rsa } from "./rsa.ts";
import { sm2 } from "./sm2.ts";

/** Every kind of key; what symmetric ones do is in `ciphertext.ts`. */
const kinds: Readonly<Record<KeyKind, Kind>> = {
  symmetric: {
    generate: (_spec, random) => ({ bytes: random.bytes(32) }),
    openPrivate: () => ({}),
  },
  hmac,
  rsa,
  ecc,
  edwards,
  sm2,
  "ml-dsa": mlDsa,
  "ml-kem": mlKem,
};

export const kindOfSpec = (spec: KeySpecName): Kind => kinds[specOf(spec).kind];

/** Makes the material of a key of this spec; undefined where this platform cannot. */
export const generateMaterial = async (
  spec: KeySpecName,
  random: Random,
): Promise<MadeMaterial | undefined> => kindOfSpec(spec).generate(spec, random);

/** What FIPS 204 calls µ: a hash of the public key and the message. */
const muBytes = 64;

/** Algorithms whose names do not end in the bits of their digest. */
const otherDigests: Readonly<Record<string, number | undefined>> = {
  SM2DSA: 32,
  ED25519_SHA_512: undefined,
  ML_DSA_SHAKE_256: undefined,
};

/**
 * Bytes of a message that is given in this form; undefined where the algorithm does not take the form (KMS API
 * reference, Sign, MessageType).
 */
export function messageBytes({ algorithm, type }: Form): number | "any" | undefined {
  if (type === "RAW") return algorithm === "ED25519_PH_SHA_512" ? undefined : "any";
  if (type === "EXTERNAL_MU") return algorithm === "ML_DSA_SHAKE_256" ? muBytes : undefined;
  if (algorithm in otherDigests) return otherDigests[algorithm];
  return Number(/_SHA_(\d{3})$/.exec(algorithm)?.[1]) / 8;
}
