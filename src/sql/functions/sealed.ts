import type { Typed } from "../conversion.ts";
import { isText } from "../type-rules.ts";
import type { Building, FunctionRow } from "./row.ts";

/** A value's bytes. */
export const bytesOf = (value: Typed | undefined): string =>
  value && isText(value.type) ? `encode(${value.sql})` : (value?.sql ?? "NULL");

/** SYM_ENCRYPT and SYM_DECRYPT (value, key, method, what it is bound to). */
const sealed =
  (name: string) =>
  ([value, key, method, bound]: readonly Typed[], building: Building): string => {
    if (method && !/^AES-GCM-256$/i.test(String(method.literal)))
      building.refuse(`'${String(method.literal)}' is no method of encryption; AES-GCM-256 is`);
    return `${name}(${bytesOf(value)}, ${key?.sql}, ${bound ? bytesOf(bound) : "encode('')"})`;
  };

const encrypt = sealed("odps_own_encrypt");

/** Compression and encryption, which the engine has from us. */
export const sealedFunctions: readonly FunctionRow[] = [
  ["compress(string) -> binary", "odps_own_gzip(encode($1))"],
  ["compress(binary) -> binary", "odps_own_gzip($1)"],
  ["decompress(binary) -> binary", "odps_own_gunzip($1)"],
  ["sym_encrypt(string, binary, literal string?, string?) -> binary", encrypt],
  ["sym_encrypt(binary, binary, literal string?, string?) -> binary", encrypt],
  ["sym_decrypt(binary, binary, literal string?, string?) -> binary", sealed("odps_own_decrypt")],
];
