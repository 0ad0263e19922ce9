// Lists files without a dependency: node 20 has no fs.glob.
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Every file below a folder whose name ends so, sorted. */
export function globSync(folder, ending) {
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...globSync(path, ending));
    else if (path.endsWith(ending)) found.push(path);
  }
  return found.sort();
}
