/*
 * A block of lines in a file that belongs to somebody else: what is between the two marks is ours, nothing else is
 * touched, and taking the block out gives the file back as it was, byte for byte.
 */
const begin = (name: string): string => `# >>> bondstore profile ${name}`;
const end = (name: string): string => `# <<< bondstore profile ${name}`;
/** Said in the mark when a newline had to be put before it. */
const glued = " (after a newline)";
/** Said in the mark when there was no file. */
const founded = " (in a new file)";

interface Place {
  readonly before: string;
  readonly lines: readonly string[];
  readonly after: string;
  readonly glued: boolean;
  readonly founded: boolean;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function findPlace(text: string, name: string): Place | undefined {
  const mark = `(${escaped(glued)}|${escaped(founded)}|)`;
  const form = `^${escaped(begin(name))}${mark}\\n([\\s\\S]*?)^${escaped(end(name))}\\n?`;
  const found = new RegExp(form, "m").exec(text);
  if (!found) return undefined;
  const [whole, how, inner = ""] = found;
  return {
    before: text.slice(0, found.index),
    lines: inner.split("\n").slice(0, -1),
    after: text.slice(found.index + whole.length),
    glued: how === glued,
    founded: how === founded,
  };
}

/** The lines of the block; undefined where there is none. */
export const findBlock = (text: string | undefined, name: string): readonly string[] | undefined =>
  text === undefined ? undefined : findPlace(text, name)?.lines;

/** The file with the block, which replaces an older one where that is. */
export function putBlock(text: string | undefined, name: string, lines: readonly string[]): string {
  const known = text === undefined ? undefined : findPlace(text, name);
  const how = known
    ? { before: known.before, after: known.after, mark: markOf(known) }
    : { before: text ?? "", after: "", mark: text === undefined ? founded : "" };
  const needsNewline = !known && how.before !== "" && !how.before.endsWith("\n");
  const mark = needsNewline ? glued : how.mark;
  const block = [`${begin(name)}${mark}`, ...lines, end(name), ""].join("\n");
  return `${how.before}${needsNewline ? "\n" : ""}${block}${how.after}`;
}

const markOf = (place: Place): string => (place.founded ? founded : place.glued ? glued : "");

/** The file without the block: unchanged where there is none, undefined where the block had made it. */
export function takeBlock(text: string, name: string): string | undefined {
  const place = findPlace(text, name);
  if (!place) return text;
  const before = place.glued ? place.before.slice(0, -1) : place.before;
  const rest = before + place.after;
  return place.founded && rest === "" ? undefined : rest;
}

/** Whether somebody else's lines define a section of this title. */
export function hasSection(text: string | undefined, name: string, title: string): boolean {
  const others = text === undefined ? "" : (takeBlock(text, name) ?? "");
  return new RegExp(`^\\s*\\[\\s*${escaped(title)}\\s*\\]`, "m").test(others);
}

/** A setting of the block's section. */
export function settingOf(lines: readonly string[] | undefined, name: string): string | undefined {
  const form = new RegExp(`^${escaped(name)}\\s*=\\s*(.*)$`);
  for (const line of lines ?? []) {
    const [, value] = form.exec(line) ?? [];
    if (value !== undefined) return value;
  }
  return undefined;
}
