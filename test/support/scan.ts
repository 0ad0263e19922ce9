import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Names of the files below a directory that hold one of the texts, plain, in base64 or in hex; and how much was read. */
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
  for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    const path = join(directory, name);
    if (!statSync(path).isFile()) continue;
    const bytes = readFileSync(path);
    scannedBytes += bytes.length;
    if (forms.some((form) => bytes.includes(form))) found.push(name);
  }
  return { found, scannedBytes };
}
