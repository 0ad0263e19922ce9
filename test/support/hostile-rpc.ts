import { CKA, CKG, CKK, CKM, CKO } from "../../src/hsm/constants.ts";
import type { Mechanism } from "../../src/hsm/cryptoki.ts";
import { Writer } from "../../src/hsm/rpc/bytes.ts";
import { type CallName, calls } from "../../src/hsm/rpc/calls.ts";
import { writeMessage } from "../../src/hsm/rpc/messages.ts";
import type { Dice } from "./mutate.ts";

/** What C_Initialize begins with. */
export const greeting = Buffer.from("PRIVATE-GNOME-KEYRING-PKCS11-PROTOCOL-V-1");

const iv = Buffer.alloc(16, 1);
/** One mechanism of each kind of parameter. */
export const mechanisms: readonly Mechanism[] = [
  { type: CKM.SHA256_HMAC },
  { type: CKM.AES_KEY_WRAP_PAD },
  { type: CKM.AES_CBC, parameter: { kind: "iv", iv } },
  { type: CKM.AES_CTR, parameter: { kind: "ctr", counterBits: 128, block: iv } },
  { type: CKM.AES_GCM, parameter: { kind: "gcm", iv, aad: Buffer.from("a"), tagBits: 128 } },
  {
    type: CKM.RSA_PKCS_PSS,
    parameter: { kind: "pss", hash: CKM.SHA256, mgf: CKG.MGF1_SHA256, saltBytes: 32 },
  },
  {
    type: CKM.RSA_PKCS_OAEP,
    parameter: { kind: "oaep", hash: CKM.SHA_1, mgf: CKG.MGF1_SHA1, label: Buffer.alloc(0) },
  },
  {
    type: CKM.ECDH1_DERIVE,
    parameter: { kind: "ecdh", kdf: 1, sharedData: Buffer.alloc(0), publicData: iv },
  },
];

/** A message of every call but some, with small values. */
export function samples(
  version: number,
  mechanism: Mechanism | undefined,
  ...without: readonly CallName[]
): Buffer[] {
  const values = {
    u: 1,
    y: 1,
    ay: Buffer.from("data"),
    fy: 64,
    au: [1],
    fu: 8,
    aA: [
      { type: CKA.LABEL, value: Buffer.from("l") },
      { type: CKA.TOKEN, value: true },
      { type: CKA.CLASS, value: CKO.SECRET_KEY },
      { type: CKA.KEY_TYPE, value: CKK.AES },
      { type: CKA.VALUE_LEN, value: 32 },
      { type: CKA.ALLOWED_MECHANISMS, value: Buffer.of(0x81, 0x10, 0, 0, 0, 0, 0, 0) },
    ],
    fA: [{ type: CKA.VALUE, room: 100 }],
    M: mechanism,
    s: Buffer.alloc(32),
    z: Buffer.from("label"),
    v: [2, 40],
    P: undefined,
  };
  const wanted = calls.slice(1).filter(({ name }) => !without.includes(name));
  return wanted.map(({ name, request }) => {
    const writer = new Writer();
    const chosen = request.map((part) => values[part]);
    if (name === "C_Initialize") chosen[0] = greeting;
    writeMessage(writer, name, "request", chosen, version);
    return Buffer.from(writer.finish());
  });
}

/** The same bytes, wrong in a few places. */
export function spoil(bytes: Buffer, dice: Dice): Buffer {
  let spoilt = Buffer.from(bytes);
  for (let turn = dice.below(3); turn >= 0; turn -= 1) {
    const at = dice.below(spoilt.length + 1);
    const end = Math.min(spoilt.length, at + dice.below(9));
    const pieces = [[], [0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff], [0], [dice.below(256)]];
    const middle = Buffer.from(dice.pick(pieces));
    spoilt = Buffer.concat([spoilt.subarray(0, at), middle, spoilt.subarray(end)]);
  }
  return spoilt;
}
