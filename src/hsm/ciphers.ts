import {
  type CipherGCMTypes,
  constants,
  createCipheriv,
  createDecipheriv,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
} from "node:crypto";
import { CKG, CKM } from "./constants.ts";
import type { MechanismParameter } from "./cryptoki.ts";
import { demand, refuse } from "./refuse.ts";
import { collecting, nothing, type Running } from "./running.ts";

export interface CipherStart {
  readonly encrypts: boolean;
  readonly key: KeyObject;
  readonly parameter: MechanismParameter | undefined;
}

const blockBytes = 16;

const bits = (key: KeyObject): number => (key.symmetricKeySize ?? 0) * 8;
const wrongLength = (encrypts: boolean) =>
  encrypts ? "DATA_LEN_RANGE" : "ENCRYPTED_DATA_LEN_RANGE";

/** AES in a mode of whole blocks (NIST SP 800-38A), padded by PKCS #7 or not. */
export function blocks(mode: "ecb" | "cbc", padded: boolean) {
  return ({ encrypts, key, parameter }: CipherStart): Running => {
    const iv = mode === "ecb" ? null : ivOf(parameter);
    const create = encrypts ? createCipheriv : createDecipheriv;
    const cipher = create(`aes-${bits(key)}-${mode}`, key, iv).setAutoPadding(padded);
    return {
      update: (data) => cipher.update(data),
      finish() {
        try {
          return cipher.final();
        } catch {
          refuse(wrongLength(encrypts), "not whole blocks, or not padded so");
        }
      },
    };
  };
}

function ivOf(parameter: MechanismParameter | undefined): Uint8Array {
  const iv = parameter?.kind === "iv" ? parameter.iv : nothing;
  demand(iv.length === blockBytes, "MECHANISM_PARAM_INVALID", "an IV has 16 bytes");
  return iv;
}

/** AES in counter mode. The counter's part of the block must not overflow: another cipher would go on differently. */
export function counter({ encrypts, key, parameter }: CipherStart): Running {
  const known = parameter?.kind === "ctr" && parameter.block.length === blockBytes;
  demand(known, "MECHANISM_PARAM_INVALID", "a counter block has 16 bytes");
  const { counterBits, block } = parameter;
  const fits = Number.isInteger(counterBits) && counterBits >= 1 && counterBits <= 128;
  demand(fits, "MECHANISM_PARAM_INVALID", "a counter has 1 to 128 bits");
  const span = 1n << BigInt(counterBits);
  const start = BigInt(`0x${Buffer.from(block).toString("hex")}`) % span;
  let left = (span - start) * BigInt(blockBytes);
  const create = encrypts ? createCipheriv : createDecipheriv;
  const cipher = create(`aes-${bits(key)}-ctr`, key, block);
  return {
    update(data) {
      left -= BigInt(data.length);
      demand(left >= 0n, wrongLength(encrypts), "the counter would overflow");
      return cipher.update(data);
    },
    finish: () => cipher.final(),
  };
}

const tagBitsKnown = [96, 104, 112, 120, 128];
const ivBytesMax = 256;

/** AES-GCM (NIST SP 800-38D); the tag follows the ciphertext. Nothing is answered before the tag was checked. */
export function galois({ encrypts, key, parameter }: CipherStart): Running {
  demand(parameter?.kind === "gcm", "MECHANISM_PARAM_INVALID", "GCM has parameters");
  const { iv, aad, tagBits } = parameter;
  const ivFits = iv.length >= 1 && iv.length <= ivBytesMax;
  demand(ivFits, "MECHANISM_PARAM_INVALID", "an IV has 1 to 256 bytes");
  demand(tagBitsKnown.includes(tagBits), "MECHANISM_PARAM_INVALID", "a tag has 96 to 128 bits");
  const authTagLength = tagBits / 8;
  const name = `aes-${bits(key)}-gcm` as CipherGCMTypes;
  if (encrypts) {
    const cipher = createCipheriv(name, key, iv, { authTagLength }).setAAD(aad);
    return {
      update: (data) => cipher.update(data),
      finish: () => Buffer.concat([cipher.final(), cipher.getAuthTag()]),
    };
  }
  return collecting((data) => {
    const end = data.length - authTagLength;
    demand(end >= 0, "ENCRYPTED_DATA_LEN_RANGE", "shorter than its tag");
    const decipher = createDecipheriv(name, key, iv, { authTagLength })
      .setAAD(aad)
      .setAuthTag(data.subarray(end));
    const plain = decipher.update(data.subarray(0, end));
    try {
      decipher.final();
      return plain;
    } catch {
      plain.fill(0);
      refuse("ENCRYPTED_DATA_INVALID", "it does not open");
    }
  });
}

/** Hashes by mechanism, with the mask generating function over the same one. */
export const hashes: ReadonlyMap<
  number,
  { readonly name: string; readonly mgf: number; readonly bytes: number }
> = new Map([
  [CKM.SHA_1, { name: "sha1", mgf: CKG.MGF1_SHA1, bytes: 20 }],
  [CKM.SHA224, { name: "sha224", mgf: CKG.MGF1_SHA224, bytes: 28 }],
  [CKM.SHA256, { name: "sha256", mgf: CKG.MGF1_SHA256, bytes: 32 }],
  [CKM.SHA384, { name: "sha384", mgf: CKG.MGF1_SHA384, bytes: 48 }],
  [CKM.SHA512, { name: "sha512", mgf: CKG.MGF1_SHA512, bytes: 64 }],
]);

/** RSAES-OAEP (RFC 8017, 7.1), with one hash for label and mask. Whatever is wrong is told by one error. */
export function oaep({ encrypts, key, parameter }: CipherStart): Running {
  demand(parameter?.kind === "oaep", "MECHANISM_PARAM_INVALID", "OAEP has parameters");
  const hash = hashes.get(parameter.hash);
  demand(hash?.mgf === parameter.mgf, "MECHANISM_PARAM_INVALID", "one hash for label and mask");
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const options = { key, padding, oaepHash: hash.name, oaepLabel: parameter.label };
  const size = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
  return collecting((data) => {
    try {
      return encrypts ? publicEncrypt(options, data) : privateDecrypt(options, data);
    } catch {
      refuse(encrypts ? "DATA_LEN_RANGE" : "ENCRYPTED_DATA_INVALID", "it does not fit");
    }
  }, size);
}

/** AES key wrap (RFC 3394) and its padded form (RFC 5649): names and initial values of node:crypto. */
const keyWraps = {
  plain: { suffix: "wrap", iv: Buffer.alloc(8, 0xa6) },
  padded: { suffix: "wrap-pad", iv: Buffer.from("a65959a6", "hex") },
};

export function wrapBytes(form: keyof typeof keyWraps, key: KeyObject, plain: Buffer): Buffer {
  const { suffix, iv } = keyWraps[form];
  const whole = form === "padded" || (plain.length >= 16 && plain.length % 8 === 0);
  demand(whole, "KEY_SIZE_RANGE", "the key does not fit unpadded key wrap");
  const cipher = createCipheriv(`id-aes${bits(key)}-${suffix}`, key, iv);
  return Buffer.concat([cipher.update(plain), cipher.final()]);
}

export function unwrapBytes(form: keyof typeof keyWraps, key: KeyObject, wrapped: Buffer): Buffer {
  const { suffix, iv } = keyWraps[form];
  const whole = wrapped.length >= (form === "padded" ? 16 : 24) && wrapped.length % 8 === 0;
  demand(whole, "WRAPPED_KEY_LEN_RANGE", "no wrapped key has this length");
  try {
    const cipher = createDecipheriv(`id-aes${bits(key)}-${suffix}`, key, iv);
    return Buffer.concat([cipher.update(wrapped), cipher.final()]);
  } catch {
    refuse("WRAPPED_KEY_INVALID", "it does not open");
  }
}
