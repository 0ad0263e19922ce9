import { sha256Hex } from "../../lib/hash.ts";
import type { Credentials } from "../directory.ts";
import type { ChunkChain, V4Claim } from "./request.ts";
import { signatureCheck } from "./signing-keys.ts";

const emptyHash = sha256Hex("");

/** Begins the chain at the signature of a request that has been verified. */
export function startChunkChain(credentials: Credentials, claim: V4Claim): ChunkChain {
  const fits = signatureCheck(credentials, claim);
  const head = `${claim.time}\n${claim.scopeText}`;
  let previous = trimPadding(claim.signature);

  function step(kind: string, padded: string, middle: string, hash: string): boolean {
    const signature = trimPadding(padded);
    const text = `${claim.algorithm}-${kind}\n${head}\n${previous}\n${middle}${hash}`;
    if (!fits(signature, text)) return false;
    previous = signature;
    return true;
  }

  return {
    verifyChunk: (signature, hash) => step("PAYLOAD", signature, `${emptyHash}\n`, hash),
    verifyTrailer: (signature, hash) => step("TRAILER", signature, "", hash),
  };
}

/** ECDSA signatures vary in length; in chunks they are padded with asterisks. */
const trimPadding = (signature: string) => signature.replace(/\*+$/, "");
