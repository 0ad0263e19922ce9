import type { Random } from "../../lib/random.ts";
import { deriveKey, unwrapUnder, wrapUnder } from "../wrapping.ts";
import type { Peer, Role } from "./peer.ts";

/** An answer belongs to one request, by the nonce that this was sealed with. */
const nonceBytes = 12;

const keyOf = ({ id, secret }: Peer) => deriveKey(secret, Buffer.from(id), "messages of peers");
const requestOf = (from: Role) => `request of the ${from}`;
const answerTo = (request: Uint8Array) =>
  `answer to ${Buffer.from(request.subarray(0, nonceBytes)).toString("hex")}`;

const other = (role: Role): Role => (role === "offerer" ? "joiner" : "offerer");

/** A message to a peer, sealed; it cannot be sent back to us as if it were the peer's. */
export const sealRequest = (peer: Peer, message: unknown, random: Random): Buffer =>
  seal(peer, message, requestOf(peer.role), random);

/** What a peer asks; undefined when it is none of the peer's, or not whole. */
export const openRequest = (peer: Peer, sealed: Uint8Array): unknown =>
  open(peer, sealed, requestOf(other(peer.role)));

/** The answer to a request of a peer, sealed. */
export const sealAnswer = (
  peer: Peer,
  message: unknown,
  request: Uint8Array,
  random: Random,
): Buffer => seal(peer, message, answerTo(request), random);

/** What a peer answers to our request; undefined when it is no answer to that. */
export const openAnswer = (peer: Peer, sealed: Uint8Array, request: Uint8Array): unknown =>
  open(peer, sealed, answerTo(request));

const seal = (peer: Peer, message: unknown, bound: string, random: Random): Buffer =>
  wrapUnder(keyOf(peer), Buffer.from(JSON.stringify(message)), bound, random);

function open(peer: Peer, sealed: Uint8Array, bound: string): unknown {
  const text = unwrapUnder(keyOf(peer), sealed, bound);
  try {
    return text && (JSON.parse(text.toString()) as unknown);
  } catch {
    return undefined;
  }
}
