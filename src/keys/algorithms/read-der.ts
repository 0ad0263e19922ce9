import { octets, sequence, unsigned } from "../../lib/der.ts";

/** A value and what follows it; undefined where the bytes begin with none. */
type Read<Value> = (bytes: Uint8Array) => readonly [value: Value, rest: Uint8Array] | undefined;

type ValuesOf<Members extends readonly Read<unknown>[]> = {
  readonly [At in keyof Members]: Members[At] extends Read<infer Value> ? Value : never;
};

/** The members of a sequence that is all the bytes; undefined for anything else, and for what is not in DER. */
export function readSequence<const Members extends readonly Read<unknown>[]>(
  bytes: Uint8Array,
  members: Members,
): ValuesOf<Members> | undefined {
  const outer = contentOf(bytes, 0x30);
  if (!outer || outer[1].length > 0) return undefined;
  let [rest] = outer;
  if (!sequence(rest).equals(bytes)) return undefined;
  const values: unknown[] = [];
  for (const read of members) {
    const found = read(rest);
    if (!found) return undefined;
    values.push(found[0]);
    rest = found[1];
  }
  return rest.length === 0 ? (values as unknown as ValuesOf<Members>) : undefined;
}

/** A number that is not negative. */
export const readInteger: Read<bigint> = (bytes) => {
  const [content, rest] = contentOf(bytes, 0x02) ?? [];
  if (!content?.length || !rest || !unsigned(content).equals(before(bytes, rest))) return undefined;
  return [BigInt(`0x${Buffer.from(content).toString("hex")}`), rest];
};

export const readOctets: Read<Uint8Array> = (bytes) => {
  const [content, rest] = contentOf(bytes, 0x04) ?? [];
  if (!content || !rest || !octets(content).equals(before(bytes, rest))) return undefined;
  return [content, rest];
};

const before = (bytes: Uint8Array, rest: Uint8Array) =>
  bytes.subarray(0, bytes.length - rest.length);

/** What stands under a tag, and what follows. Whether its length is written as DER wants is for the caller to see. */
function contentOf(
  bytes: Uint8Array,
  tag: number,
): readonly [content: Uint8Array, rest: Uint8Array] | undefined {
  const [first, second = 0x80] = bytes;
  const more = second < 0x80 ? 0 : second - 0x80;
  if (first !== tag || more > 2 || (more === 0 && second >= 0x80)) return undefined;
  const at = 2 + more;
  const size =
    more === 0 ? second : Number(`0x${Buffer.from(bytes.subarray(2, at)).toString("hex")}`);
  if (!(at + size <= bytes.length)) return undefined;
  return [bytes.subarray(at, at + size), bytes.subarray(at + size)];
}
