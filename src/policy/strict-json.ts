/** Deepest nesting read: a policy needs six levels. */
const depthMax = 12;

/**
 * Reads JSON as `JSON.parse` does, but answers undefined where a member is named twice or the text nests too deep:
 * of two `Condition` members the last would win silently, and the policy would say more than its author reads.
 */
export function readStrictJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isUnambiguous(text) ? value : undefined;
}

/** Expects text that is JSON. */
function isUnambiguous(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  let nameComes = false;
  for (let at = 0; at < text.length; at += 1) {
    const mark = text[at];
    if (mark === '"') {
      const end = endOfString(text, at);
      const names = open.at(-1);
      if (nameComes && names) {
        const name = String(JSON.parse(text.slice(at, end + 1)));
        if (names.has(name)) return false;
        names.add(name);
        nameComes = false;
      }
      at = end;
    } else if (mark === "{" || mark === "[") {
      open.push(mark === "{" ? new Set() : undefined);
      nameComes = mark === "{";
      if (open.length > depthMax) return false;
    } else if (mark === "}" || mark === "]") {
      open.pop();
      nameComes = false;
    } else if (mark === ",") {
      nameComes = open.at(-1) !== undefined;
    }
  }
  return true;
}

/** Index of the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}
