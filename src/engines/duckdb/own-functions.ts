import { gunzipSync, gzipSync } from "node:zlib";
import { decryptGcm, encryptGcm, keyBytes } from "../../lib/aes-gcm.ts";
import { sha2Hex } from "../../lib/hash.ts";
import { systemRandom } from "../../lib/random.ts";
import { fromGbk, toGbk } from "./gbk.ts";

/** A function of ours that DuckDB calls as one of its own: of binary values, and NULL where one of them is NULL. */
export interface OwnFunction {
  readonly name: string;
  readonly parameters: number;
  /** Whether the same values give another result each time. */
  readonly random?: true;
  /** What it throws ends the statement; TRY around the call makes NULL of it. */
  readonly calculate: (...given: readonly [Uint8Array, Uint8Array, Uint8Array]) => Uint8Array;
}

/** Most bytes that one value may have once it is not compressed any more. */
const valueBytesMax = 64 * 1024 * 1024;

function checkedKey(key: Uint8Array): Uint8Array {
  if (key.length !== keyBytes) throw new Error("a key of AES-GCM-256 has 256 bits");
  return key;
}

/** What MaxCompute calculates and DuckDB has no words for. Errors tell nothing of the values. */
export const ownFunctions: readonly OwnFunction[] = [
  { name: "odps_own_gzip", parameters: 1, calculate: (plain) => gzipSync(plain) },
  {
    ...{ name: "odps_own_gunzip", parameters: 1 },
    calculate: (zipped) => gunzipSync(zipped, { maxOutputLength: valueBytesMax }),
  },
  ...([224, 384, 512] as const).map((bits) => ({
    ...{ name: `odps_own_sha${bits}`, parameters: 1 },
    calculate: (data: Uint8Array) => Buffer.from(sha2Hex(bits, data)),
  })),
  {
    ...{ name: "odps_own_encrypt", parameters: 3, random: true },
    calculate: (plain, key, bound) => encryptGcm(plain, checkedKey(key), bound, systemRandom),
  },
  {
    ...{ name: "odps_own_decrypt", parameters: 3 },
    calculate(sealed, key, bound) {
      const plain = decryptGcm(sealed, checkedKey(key), bound);
      if (!plain) throw new Error("the value was not encrypted under this key");
      return plain;
    },
  },
  ...(["gbk", "gb2312"] as const).flatMap((charset) => [
    {
      ...{ name: `odps_own_to_${charset}`, parameters: 1 },
      calculate: (text: Uint8Array) => toGbk(text, charset),
    },
    {
      ...{ name: `odps_own_from_${charset}`, parameters: 1 },
      calculate: (bytes: Uint8Array) => fromGbk(bytes, charset),
    },
  ]),
];
