import type { Random } from "../../lib/random.ts";

/** AWS's own alphabet of these ids. */
const letters = "abcdefghijklmnopqrstuvwxyz234567";
const length = 11;

/** `cluster-4fd2cgyhtfr` and the like. */
export function newId(kind: "cluster" | "hsm" | "backup", random: Random): string {
  const digits = [...random.bytes(length)].map((byte) => letters[byte & 31]);
  return `${kind}-${digits.join("")}`;
}

/** `hsm-0a1b2c3d`, as CloudHSM Classic has them. */
export const newClassicId = (kind: "hsm" | "hapg" | "client", random: Random): string =>
  `${kind}-${random.bytes(4).toString("hex")}`;

/** Id of a network interface. */
export const newEniId = (bytes: number, random: Random): string =>
  `eni-${random.bytes(bytes).toString("hex")}`;
