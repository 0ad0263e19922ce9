import { scrypt } from "node:crypto";
import { equalSecrets } from "../lib/hash.ts";
import type { Random } from "../lib/random.ts";
import { demand } from "./refuse.ts";

/** A PIN as it is kept: enough to tell whether one is right, and slow to guess by. */
export interface PinHash {
  /** Hexadecimal. */
  readonly salt: string;
  readonly hash: string;
}

export const pinBytes = { min: 4, max: 128 };

/** 16 MiB and some 50 ms per guess; who guesses has three anyhow. */
const cost = { N: 16_384, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const hashBytes = 32;

const derive = (pin: Uint8Array, salt: Uint8Array): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(pin, salt, hashBytes, cost, (error, key) => (error ? reject(error) : resolve(key)));
  });

export function checkPinSize(pin: Uint8Array): void {
  const fits = pin.length >= pinBytes.min && pin.length <= pinBytes.max;
  demand(fits, "PIN_LEN_RANGE", `a PIN has ${pinBytes.min} to ${pinBytes.max} bytes`);
}

export async function hashPin(pin: Uint8Array, random: Random): Promise<PinHash> {
  const salt = random.bytes(16);
  return { salt: salt.toString("hex"), hash: (await derive(pin, salt)).toString("hex") };
}

const nobody: PinHash = { salt: "00".repeat(16), hash: "" };

/** Tells whether a PIN is right. Takes as long for a user who does not exist. */
export async function isRightPin(pin: Uint8Array, kept: PinHash = nobody): Promise<boolean> {
  const hash = await derive(pin, Buffer.from(kept.salt, "hex"));
  return equalSecrets(hash, Buffer.from(kept.hash, "hex"));
}

/** Whose PIN is the one without a name. */
const usualUser = "user";
const separator = ":".charCodeAt(0);

/** A user's PIN is `NAME:PASSWORD`, or the password alone of the user `user`. Undefined when the name is none. */
export function readUserPin(
  pin: Uint8Array,
): { readonly user: string; readonly password: Uint8Array } | undefined {
  const at = pin.indexOf(separator);
  if (at < 0) return { user: usualUser, password: pin };
  const user = Buffer.from(pin.subarray(0, at)).toString("latin1");
  return /^[A-Za-z0-9_.-]{1,32}$/.test(user) ? { user, password: pin.subarray(at + 1) } : undefined;
}
