import type { Credentials } from "../directory.ts";
import { startChunkChain } from "./chunk-chain.ts";
import { refusal } from "./refusals.ts";
import type { PayloadRule, V4Claim } from "./request.ts";

/** Who signed, where somebody did. */
interface Signer {
  readonly claim: V4Claim;
  readonly credentials: Credentials;
  readonly checked: boolean;
}

/** How the hash of a whole body looks in x-amz-content-sha256. */
export const sha256Form = /^[0-9a-f]{64}$/;

/** What x-amz-content-sha256 says about the body. A chain of chunks needs a signature to begin at. */
export function payloadRule(named: string, signer: Signer | undefined): PayloadRule {
  if (sha256Form.test(named)) {
    return { kind: "sha256", hex: named, checked: signer?.checked ?? false };
  }
  if (named === "UNSIGNED-PAYLOAD") return { kind: "unsigned" };
  if (named === "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
    return { kind: "chunks", signed: undefined, trailer: true };
  }
  if (signer) {
    const streaming = `STREAMING-${signer.claim.algorithm}-PAYLOAD`;
    if (named === streaming || named === `${streaming}-TRAILER`) {
      const signed = startChunkChain(signer.credentials, signer.claim);
      return { kind: "chunks", signed, trailer: named !== streaming };
    }
  }
  throw refusal("unknown-payload-hash");
}
