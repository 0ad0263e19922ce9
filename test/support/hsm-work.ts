import assert from "node:assert/strict";
import { createPublicKey, type KeyObject } from "node:crypto";
import { CKA } from "../../src/hsm/constants.ts";
import type { Mechanism, Work } from "../../src/hsm/cryptoki.ts";
import type { UserBench } from "./hsm.ts";

/** What is signed and encrypted. */
export const data = Buffer.from("four windows of June, and one of July ".repeat(9));

/** Work in pieces of uneven lengths. */
export function work(
  { token, session }: UserBench,
  kind: Work,
  mechanism: Mechanism,
  key: number | undefined,
  input: Buffer,
  signature?: Buffer,
): Buffer {
  token.begin(session, kind, mechanism, key);
  const pieces: Buffer[] = [];
  for (let at = 0; at < input.length; at += 37) {
    pieces.push(Buffer.from(token.update(session, kind, input.subarray(at, at + 37))));
  }
  return Buffer.concat([...pieces, token.finish(session, kind, signature)]);
}

/** The public key of an object, as it is shown. */
export const publicKeyOf = ({ token, session }: UserBench, handle: number): KeyObject => {
  const [info] = token.attributes(session, handle, [CKA.PUBLIC_KEY_INFO]);
  assert.ok(info instanceof Uint8Array);
  return createPublicKey({ key: Buffer.from(info), format: "der", type: "spki" });
};
