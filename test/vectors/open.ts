import type { PublicKey } from "../../src/keys/algorithms/kind.ts";
import { kindOfSpec } from "../../src/keys/algorithms/kinds.ts";
import type { KeySpecName } from "../../src/keys/key-specs.ts";
import { type Random, systemRandom } from "../../src/lib/random.ts";

/** Randomness that is known: what is made of it, too. */
export const given = (bytes: Buffer): Random => ({
  ...systemRandom,
  bytes: () => Buffer.from(bytes),
});

/** A public key as a key of this spec has it; undefined for what is none. */
export function openPublic(
  spec: KeySpecName,
  spki: Buffer,
  random = systemRandom,
): PublicKey | undefined {
  try {
    return kindOfSpec(spec).openPublic?.(spec, spki, random);
  } catch {
    return undefined;
  }
}
