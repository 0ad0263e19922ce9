import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What a look finds; undefined where the thing is gone, as files of a server that runs may be between two looks. */
function unlessGone<Found>(look: () => Found): Found | undefined {
  try {
    return look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Paths of all files below a directory. */
export function filesBelow(directory: string): readonly string[] {
  const entries = unlessGone(() => readdirSync(directory, { withFileTypes: true })) ?? [];
  const below = (entry: Dirent): readonly string[] => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  };
  return entries.flatMap(below);
}

/** All files below a directory, each with its bytes. */
export function* contentsBelow(
  directory: string,
): Generator<{ readonly path: string; readonly bytes: Buffer }> {
  for (const path of filesBelow(directory)) {
    const bytes = unlessGone(() => readFileSync(path));
    if (bytes) yield { path, bytes };
  }
}

/** Files below a directory that hold one of the texts, plain, in base64 or in hex; and how much was read. */
export function scanFor(
  directory: string,
  texts: readonly string[],
): { readonly found: readonly string[]; readonly scannedBytes: number } {
  const forms = texts.flatMap((text) => {
    const bytes = Buffer.from(text);
    return [
      bytes,
      Buffer.from(bytes.toString("base64").slice(0, -4)),
      Buffer.from(bytes.toString("hex")),
    ];
  });
  const found: string[] = [];
  let scannedBytes = 0;
  for (const { path, bytes } of contentsBelow(directory)) {
    scannedBytes += bytes.length;
    if (forms.some((form) => bytes.includes(form))) found.push(path);
  }
  return { found, scannedBytes };
}
