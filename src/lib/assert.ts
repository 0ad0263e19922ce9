/** A broken invariant: our own mistake, never the caller's. The request ends as InternalFailure. */
export class BrokenInvariant extends Error {
  override readonly name = "BrokenInvariant";
}

/** Stops the request when a fact that other code relies on does not hold. */
export function assert(condition: unknown, why: string): asserts condition {
  if (!condition) throw new BrokenInvariant(why);
}
