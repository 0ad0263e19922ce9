/** What a client sent is no stream of the tunnel, or not all of one. */
export class BrokenStream extends Error {
  override readonly name = "BrokenStream";
}
