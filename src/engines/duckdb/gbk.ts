/** GB 2312, and GBK, which has its characters and more, in the same two bytes. */
export type Chinese = "gbk" | "gb2312";

const unknown = 0x3f;

/** Whether two bytes are of the part that a charset has. */
const isIn = (charset: Chinese, high: number, low: number): boolean =>
  charset === "gbk" || (high >= 0xa1 && high <= 0xf7 && low >= 0xa1);

let codes: ReadonlyMap<number, number> | undefined;

/** The two bytes of each character, as one number; read from the decoder once it is asked for. */
function codesOf(): ReadonlyMap<number, number> {
  if (codes) return codes;
  const found = new Map<number, number>();
  const decoder = new TextDecoder("gbk");
  for (let high = 0x81; high <= 0xfe; high += 1) {
    for (let low = 0x40; low <= 0xfe; low += 1) {
      if (low === 0x7f) continue;
      const text = decoder.decode(Uint8Array.of(high, low));
      const code = text.codePointAt(0) ?? 0;
      // What no character stands for is read as a mark, or as the private use area.
      const isOne = text.length === 1 && code !== 0xfffd && (code < 0xe000 || code > 0xf8ff);
      if (isOne && !found.has(code)) found.set(code, high * 256 + low);
    }
  }
  codes = found;
  return found;
}

/** Writes a text that is in UTF-8; a question mark stands for what the charset has not. */
export function toGbk(text: Uint8Array, charset: Chinese): Uint8Array {
  const bytes: number[] = [];
  for (const character of new TextDecoder().decode(text)) {
    const point = character.codePointAt(0) ?? unknown;
    const code = point < 0x80 ? undefined : codesOf().get(point);
    if (point < 0x80) bytes.push(point);
    else if (code === undefined || !isIn(charset, code >> 8, code & 255)) bytes.push(unknown);
    else bytes.push(code >> 8, code & 255);
  }
  return Uint8Array.from(bytes);
}

/** Reads a text, and writes it in UTF-8. Throws at bytes that are none of the charset. */
export function fromGbk(bytes: Uint8Array, charset: Chinese): Uint8Array {
  for (let at = 0; at < bytes.length; at += 1) {
    const high = bytes[at] ?? 0;
    if (high < 0x80) continue;
    at += 1;
    // What lies around the first bytes of two is read as signs of others' charsets.
    if (high < 0x81 || high > 0xfe) throw new Error("the bytes are no text of GBK");
    if (!isIn(charset, high, bytes[at] ?? 0)) throw new Error("the bytes are no text of GB2312");
  }
  return Buffer.from(new TextDecoder("gbk", { fatal: true }).decode(bytes));
}
