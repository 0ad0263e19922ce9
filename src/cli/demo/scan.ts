import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** What a scan looked at, and the files in which it found a text. */
export interface Scan {
  readonly files: number;
  readonly bytes: number;
  readonly found: readonly string[];
}

/** The forms in which a text could lie on disk: as it is, in hexadecimal, and in base64 at each of three offsets. */
export function formsOf(text: string): Buffer[] {
  const base64 = [0, 1, 2].map((offset) => {
    const coded = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]).toString("base64");
    // The digits at both ends mix with neighbours.
    return coded.slice(offset === 0 ? 0 : offset + 1, Math.floor(((offset + text.length) * 8) / 6));
  });
  const forms = [text, Buffer.from(text).toString("hex"), ...base64];
  return forms.map((form) => Buffer.from(form));
}

/** Searches every file of a folder for a text, in all forms that it could have. A file that goes meanwhile is none. */
export async function scanFor(folder: string, text: string): Promise<Scan> {
  const forms = formsOf(text);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const scan = { files: 0, bytes: 0, found: [] as string[] };
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const seen = await scanFile(path, forms).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (!seen) continue;
    scan.files += 1;
    scan.bytes += seen.bytes;
    if (seen.found) scan.found.push(path);
  }
  return scan;
}

async function scanFile(
  path: string,
  forms: readonly Buffer[],
): Promise<{ readonly bytes: number; readonly found: boolean }> {
  const overlap = Math.max(...forms.map(({ length }) => length)) - 1;
  let kept: Buffer = Buffer.alloc(0);
  let read = 0;
  for await (const part of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const bytes: Buffer = Buffer.concat([kept, part as Buffer]);
    read += (part as Buffer).length;
    if (forms.some((form) => bytes.includes(form))) return { bytes: read, found: true };
    kept = bytes.subarray(Math.max(0, bytes.length - overlap));
  }
  return { bytes: read, found: false };
}
