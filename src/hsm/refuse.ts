import { CKR } from "./constants.ts";
import { CryptokiError } from "./cryptoki.ts";

/** Refuses what a function of PKCS#11 was asked for, by the name of its answer. */
export function refuse(code: keyof typeof CKR, why: string): never {
  throw new CryptokiError(CKR[code], why);
}

/** Refuses unless a condition holds. */
export function demand(condition: unknown, code: keyof typeof CKR, why: string): asserts condition {
  if (!condition) refuse(code, why);
}
