import { ml_dsa44, ml_dsa65, ml_dsa87 } from "@noble/post-quantum/ml-dsa.js";
import { ml_kem512, ml_kem768, ml_kem1024 } from "@noble/post-quantum/ml-kem.js";
import { bits, objectId, sequence } from "../../lib/der.ts";
import type { Kind, MadeMaterial } from "./kind.ts";

/** ML-DSA by key spec, with its object identifier (RFC 9881). */
const signers: Readonly<Record<string, readonly [scheme: typeof ml_dsa44, oid: string]>> = {
  ML_DSA_44: [ml_dsa44, "2.16.840.1.101.3.4.3.17"],
  ML_DSA_65: [ml_dsa65, "2.16.840.1.101.3.4.3.18"],
  ML_DSA_87: [ml_dsa87, "2.16.840.1.101.3.4.3.19"],
};

/** ML-KEM by key spec, with its object identifier (RFC 9935). */
const encapsulators: Readonly<Record<string, readonly [scheme: typeof ml_kem512, oid: string]>> = {
  ML_KEM_512: [ml_kem512, "2.16.840.1.101.3.4.4.1"],
  ML_KEM_768: [ml_kem768, "2.16.840.1.101.3.4.4.2"],
  ML_KEM_1024: [ml_kem1024, "2.16.840.1.101.3.4.4.3"],
};

const [signingSeedBytes, encapsulatingSeedBytes, entropyBytes] = [32, 64, 32];

/** What both kinds of scheme do. */
interface Scheme {
  keygen(seed: Uint8Array): { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array };
}

/** ML-DSA (FIPS 204), hedged, with an empty context. The material is the seed. */
export const mlDsa: Kind = {
  generate: (spec, random) => made(signers, spec, random.bytes(signingSeedBytes)),

  remake: (spec, material) =>
    material.length === signingSeedBytes ? made(signers, spec, Buffer.from(material)) : undefined,

  openPublic(spec, spki) {
    const [scheme, oid] = rowOf(signers, spec);
    const publicKey = rawOf(spki, oid, scheme.lengths.publicKey);
    return {
      verify(message, signature, { type }) {
        if (signature.length !== scheme.lengths.signature) return false;
        return type === "EXTERNAL_MU"
          ? scheme.internal.verify(signature, message, publicKey, { externalMu: true })
          : scheme.verify(signature, message, publicKey);
      },
    };
  },

  openPrivate(spec, material, random) {
    const [scheme] = rowOf(signers, spec);
    const { secretKey } = scheme.keygen(material);
    return {
      async sign(message, { type }) {
        const extraEntropy = random.bytes(entropyBytes);
        const signature =
          type === "EXTERNAL_MU"
            ? scheme.internal.sign(message, secretKey, { externalMu: true, extraEntropy })
            : scheme.sign(message, secretKey, { extraEntropy });
        return Buffer.from(signature);
      },
      wipe: () => void secretKey.fill(0),
    };
  },
};

/** ML-KEM (FIPS 203). The material is the seed, d and z. */
export const mlKem: Kind = {
  generate: (spec, random) => made(encapsulators, spec, random.bytes(encapsulatingSeedBytes)),

  remake: (spec, material) =>
    material.length === encapsulatingSeedBytes
      ? made(encapsulators, spec, Buffer.from(material))
      : undefined,

  openPublic(spec, spki, random) {
    const [scheme, oid] = rowOf(encapsulators, spec);
    const publicKey = rawOf(spki, oid, scheme.lengths.publicKey);
    return {
      encapsulate() {
        const made = scheme.encapsulate(publicKey, random.bytes(entropyBytes));
        return { secret: Buffer.from(made.sharedSecret), sealed: Buffer.from(made.cipherText) };
      },
    };
  },

  openPrivate(spec, material) {
    const [scheme] = rowOf(encapsulators, spec);
    const { secretKey } = scheme.keygen(material);
    return {
      // Bytes of the right length that nobody encapsulated open to something, too (FIPS 203, section 6.3).
      decapsulate: (sealed) =>
        sealed.length === scheme.lengths.cipherText
          ? Buffer.from(scheme.decapsulate(sealed, secretKey))
          : undefined,
      wipe: () => void secretKey.fill(0),
    };
  },
};

/** The key of a seed. */
function made(
  rows: Readonly<Record<string, readonly [scheme: Scheme, oid: string]>>,
  spec: string,
  bytes: Buffer,
): MadeMaterial {
  const [scheme, oid] = rowOf(rows, spec);
  const { publicKey, secretKey } = scheme.keygen(bytes);
  secretKey.fill(0);
  return { bytes, publicKey: spkiOf(oid, publicKey) };
}

function rowOf<Row>(rows: Readonly<Record<string, Row>>, spec: string): Row {
  const row = rows[spec];
  if (!row) throw new Error(`no scheme of ${spec}`);
  return row;
}

/** SubjectPublicKeyInfo of a raw public key. */
const spkiOf = (oid: string, raw: Uint8Array): Buffer =>
  sequence(sequence(objectId(oid)), bits(raw));

/** Undoes `spkiOf`. Throws for the key of another spec. */
function rawOf(spki: Uint8Array, oid: string, size: number | undefined): Uint8Array {
  const algorithm = sequence(objectId(oid));
  // Long form of two bytes for the sequence and for the bits, then the bits' unused count.
  const raw = spki.subarray(4 + algorithm.length + 5);
  if (raw.length !== size || !spkiOf(oid, raw).equals(spki))
    throw new Error(`no public key of ${oid}`);
  return raw;
}
