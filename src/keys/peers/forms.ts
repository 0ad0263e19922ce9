import { ServiceError } from "../../lib/service-error.ts";

/*
 * Readers of what another installation has sent. Nothing of it counts before its form was checked; each throws
 * `ValidationException` and says which member is not as it should be.
 */

/** What a message holds, by name. */
export type Members = Readonly<Record<string, unknown>>;

const malformed = (name: string) =>
  new ServiceError("ValidationException", `the peer's message has no valid \`${name}\``);

export function membersOf(value: unknown, name: string): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed(name);
  return value as Members;
}

export function textIn(members: Members, name: string, form: RegExp): string {
  const value = members[name];
  if (typeof value !== "string" || !form.test(value)) throw malformed(name);
  return value;
}

/** A whole number that is not negative. */
export function numberIn(
  members: Members,
  name: string,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  const value = members[name];
  if (!Number.isSafeInteger(value) || Number(value) < 0 || Number(value) > max) {
    throw malformed(name);
  }
  return Number(value);
}

/** The last time that a Date can be of, in milliseconds. */
const lastMs = 8.64e15;

export const timeIn = (members: Members, name: string): number => numberIn(members, name, lastMs);

export function listIn(members: Members, name: string, max: number): readonly unknown[] {
  const value = members[name];
  if (!Array.isArray(value) || value.length > max) throw malformed(name);
  return value;
}

/** Different texts of one form. */
export function textsIn(
  members: Members,
  name: string,
  form: RegExp,
  max: number,
): readonly string[] {
  const texts = listIn(members, name, max).map((text) => textIn({ [name]: text }, name, form));
  if (new Set(texts).size < texts.length) throw malformed(name);
  return texts;
}

/** One of a few words. */
export function wordIn<Word extends string>(
  members: Members,
  name: string,
  words: readonly Word[],
): Word {
  const value = words.find((word) => word === members[name]);
  if (value === undefined) throw malformed(name);
  return value;
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Bytes in base64, within a length. */
export function bytesIn(members: Members, name: string, max: number, min = 0): Buffer {
  const bytes = Buffer.from(textIn(members, name, base64), "base64");
  if (bytes.length > max || bytes.length < min) throw malformed(name);
  return bytes;
}

/** What is there or not. */
export const ifThere = <Value>(
  members: Members,
  name: string,
  read: (members: Members, name: string) => Value,
): Value | undefined => (members[name] === undefined ? undefined : read(members, name));
