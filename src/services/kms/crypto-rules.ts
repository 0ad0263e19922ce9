import type { KeyReference } from "../../keys/find-key.ts";
import { isSymmetric, notBuilt } from "./metadata.ts";

/** Answers for Nitro enclaves are encrypted to the enclave; there are none here. */
export function checkPossible(input: { readonly Recipient?: unknown }): void {
  if (input.Recipient !== undefined) throw notBuilt("Recipient");
}

/** The material that does the work, for the trail; asymmetric and HMAC keys have but one. */
export function materialFact(
  reference: KeyReference | undefined,
  versionId?: string,
): Record<string, string> | undefined {
  if (!reference?.key || !isSymmetric(reference.key.record)) return undefined;
  const id = versionId ?? reference.key.record.versions.findLast(({ pending }) => !pending)?.id;
  return id === undefined ? undefined : { keyMaterialId: id };
}
