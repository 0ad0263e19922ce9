/** An address as 16-bit groups: two for IPv4, eight for IPv6. */
type Groups = readonly number[];

/** Addresses whose first bits are these. */
export interface IpRange {
  readonly groups: Groups;
  readonly bits: number;
}

/** Reads an IPv4 or IPv6 address. An IPv4 address mapped into IPv6 is that IPv4 address. */
export function parseIp(text: string): Groups | undefined {
  if (text.length > 45) return undefined;
  if (!text.includes(":")) return parseIpv4(text);
  const groups = parseIpv6(text);
  if (groups?.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
    return groups.slice(6);
  return groups;
}

function parseIpv4(text: string): Groups | undefined {
  const bytes = text.split(".");
  if (bytes.length !== 4 || !bytes.every((byte) => /^(?:0|[1-9]\d{0,2})$/.test(byte)))
    return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number);
  if (Math.max(a, b, c, d) > 255) return undefined;
  return [a * 256 + b, c * 256 + d];
}

function parseIpv6(text: string): Groups | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => parseGroups(half));
  if (!head || (halves.length === 2 && !tail)) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (missing < 1) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])];
}

function parseGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const words = text.split(":");
  const groups: number[] = [];
  for (const [index, word] of words.entries()) {
    if (word.includes(".") && index === words.length - 1) {
      const embedded = parseIpv4(word);
      if (!embedded) return undefined;
      groups.push(...embedded);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(word)) {
      groups.push(Number.parseInt(word, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}

/** Reads an address or a range in CIDR notation. */
export function parseIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf("/");
  const groups = parseIp(slash === -1 ? text : text.slice(0, slash));
  if (!groups) return undefined;
  const width = groups.length * 16;
  if (slash === -1) return { groups, bits: width };
  const suffix = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(suffix)) return undefined;
  const mapped = width === 32 && text.includes(":");
  const bits = Number(suffix) - (mapped ? 96 : 0);
  return bits >= 0 && bits <= width ? { groups, bits } : undefined;
}

/** Whether the address lies in the range; never across the two versions of IP. */
export function isInRange(address: Groups, range: IpRange): boolean {
  if (address.length !== range.groups.length) return false;
  let left = range.bits;
  for (let at = 0; left > 0; at += 1, left -= 16) {
    const mask = left >= 16 ? 0xffff : (0xffff << (16 - left)) & 0xffff;
    if (((address[at] ?? 0) & mask) !== ((range.groups[at] ?? 0) & mask)) return false;
  }
  return true;
}
