import { sha256 } from "../lib/hash.ts";
import type { Random } from "../lib/random.ts";

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Prefixes that say what an id names, as IAM documents them. */
export type IdPrefix = "AIDA" | "AROA" | "AGPA" | "ANPA" | "ANVA" | "AKIA" | "ASIA";

/** `count` characters of base 32, each from five unpredictable bits. */
const characters = (random: Random, count: number): string =>
  Array.from(random.bytes(count), (byte) => base32.charAt(byte & 31)).join("");

/** The unique id of a user, role, group or policy: 21 characters, never given twice. */
export const uniqueId = (prefix: IdPrefix, random: Random): string =>
  prefix + characters(random, 17);

/** An access key id: 20 characters. */
export const accessKeyId = (prefix: "AKIA" | "ASIA", random: Random): string =>
  prefix + characters(random, 16);

/** A secret access key: 40 characters, 240 unpredictable bits. */
export const secretKey = (random: Random): string => random.bytes(30).toString("base64");

/** A session token: it says nothing by itself, all that it stands for is in the directory. */
export const sessionToken = (random: Random): string =>
  `FwoGZXIvYXdzE${random.bytes(96).toString("base64")}`;

/** Twelve digits, the first not a zero. */
export function accountId(random: Random): string {
  for (;;) {
    // 40 bits reach 1.0995e12; what is past 9e11 would favour some ids and is drawn again.
    const drawn = random.bytes(5).readUIntBE(0, 5);
    if (drawn < 900_000_000_000) return String(drawn + 100_000_000_000);
  }
}

/** The same id for the same name in every installation: for what is built in. */
export const fixedId = (prefix: IdPrefix, name: string): string =>
  prefix + Array.from(sha256(name).subarray(0, 17), (byte) => base32.charAt(byte & 31)).join("");
