import type { RootOptions } from "./keys/root-of-trust.ts";
import { TokenFailure } from "./keys/token.ts";

/** Logs in at a token of a PKCS#11 module. */
export const openToken: NonNullable<RootOptions["openToken"]> = async () => {
  throw new TokenFailure("INTERNAL_ERROR", "PKCS#11 modules are not built in this Bondstore yet");
};
