import type { Serialized } from "./sdk.ts";

/** A small generator of its own (mulberry32): the same seed, the same numbers. */
export function createDice(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  };
  return { below, pick };
}

export type Dice = ReturnType<typeof createDice>;

/** Pieces that readers stumble over. */
const pieces: readonly string[] = [
  "null",
  "true",
  "-1",
  "1e999",
  "9007199254740993",
  "99999999999999999999999999",
  "0.1",
  "NaN",
  '""',
  "{}",
  "[]",
  "[".repeat(200),
  '{"a":'.repeat(200),
  "<a>".repeat(200),
  "\u0000",
  "\ud7ff\u{10ffff}",
  '"\\ud800"',
  "__proto__",
  '"constructor":{"prototype":{}}',
  "../../../../etc/passwd",
  "%00",
  "%",
  "&",
  "=",
  "<!DOCTYPE a [<!ENTITY b 'c'>]>",
  "&b;",
  "<![CDATA[",
  "]]>",
  ".member.1.",
  ".member.99999999.",
  "a".repeat(5_000),
  "*".repeat(100),
  "arn:aws:iam::aws:policy/x",
  "\r\n",
  "\\",
  "'",
];

/** One request with a few things wrong in it, by chance. */
export function mutate(request: Serialized, dice: Dice): Serialized {
  let mutated = request;
  for (let turn = dice.below(3); turn >= 0; turn -= 1) mutated = mutateOnce(mutated, dice);
  return mutated;
}

function mutateOnce(request: Serialized, dice: Dice): Serialized {
  const { body } = request;
  const at = dice.below(body.length + 1);
  const end = Math.min(body.length, at + 1 + dice.below(12));
  const splice = (middle: Uint8Array) =>
    Buffer.concat([body.subarray(0, at), middle, body.subarray(end)]);
  switch (dice.below(body.length > 0 ? 12 : 3)) {
    case 0:
      return { ...request, query: { ...request.query, [dice.pick(names)]: dice.pick(pieces) } };
    case 1:
      return {
        ...request,
        headers: { ...request.headers, [dice.pick(headerNames)]: printable(dice.pick(pieces)) },
      };
    case 2:
      return { ...request, path: `${request.path}${encodeURIComponent(dice.pick(pieces))}` };
    case 3:
      return { ...request, body: body.subarray(0, at) };
    case 4:
      return { ...request, body: splice(Buffer.from([dice.below(256)])) };
    case 5:
      return { ...request, body: splice(Buffer.from(dice.pick(pieces))) };
    case 6:
      return { ...request, body: Buffer.concat([body, body.subarray(at)]) };
    case 7:
      return { ...request, body: splice(Buffer.alloc(0)) };
    default:
      return { ...request, body: swapValue(body, dice) };
  }
}

/** Puts something else in the place of one value, so that what is around it still reads well. */
function swapValue(body: Buffer, dice: Dice): Buffer {
  const text = body.toString("latin1");
  const values = [...text.matchAll(/(?<=":)("[^"]*"|\d+|true|false)|(?<==)[^&]+|(?<=>)[^<]+/g)];
  if (values.length === 0) return body;
  const { index, 0: value } = dice.pick(values);
  const other = Buffer.from(dice.pick(pieces)).toString("latin1");
  const quoted = value.startsWith('"') && dice.below(2) === 0 ? JSON.stringify(other) : other;
  const changed = text.slice(0, index) + quoted + text.slice(index + value.length);
  return Buffer.from(changed, "latin1");
}

const names = ["Action", "versionId", "list-type", "max-keys", "prefix", "acl", "uploads", "x-id"];

const headerNames = [
  "content-type",
  "x-amz-target",
  "x-amz-acl",
  "x-amz-copy-source",
  "x-amz-server-side-encryption",
  "x-amz-checksum-crc32",
  "x-amz-meta-a",
  "range",
  "if-match",
  "x-amz-decoded-content-length",
];

const printable = (text: string) => text.replace(/[^\x20-\x7e]/g, "?").slice(0, 2_000);
