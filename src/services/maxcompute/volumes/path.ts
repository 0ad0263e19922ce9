import { invalid } from "../invalid.ts";

const segmentBytesMax = 255;
const pathBytesMax = 1024;
const segmentsMax = 32;
/** No control characters, halves of characters or others that no document can hold. */
const segmentForm = /^[^\p{C}\p{Zl}\p{Zp}/\\]+$/u;
const nameForm = /^[A-Za-z]\w{0,127}$/;
const partitionForm = /^\w{1,128}$/;

const shown = (text: string) => JSON.stringify(text.slice(0, 64));

/** The name of a volume in lower case. Throws what it cannot be. */
export function checkVolumeName(name: string): string {
  if (nameForm.test(name)) return name.toLowerCase();
  throw invalid(`${shown(name)} is no volume's name: a letter, then letters, digits and _`);
}

/** The name of a partition. Throws what it cannot be. */
export function checkPartition(name: string): string {
  if (partitionForm.test(name)) return name;
  throw invalid(`${shown(name)} is no partition's name: letters, digits and _`);
}

/**
 * A path inside a volume as the clients mean it: segments with one slash between them. Throws for what could be meant
 * otherwise elsewhere (`..`), or shown otherwise than it is.
 */
export function checkPath(path: string): string {
  if (Buffer.byteLength(path) > pathBytesMax) {
    throw invalid(`a path has at most ${pathBytesMax} bytes`);
  }
  const segments = path.split("/").filter((segment) => segment !== "");
  if (segments.length > segmentsMax) throw invalid(`a path is at most ${segmentsMax} deep`);
  for (const segment of segments) {
    const fits =
      segment !== "." &&
      segment !== ".." &&
      Buffer.byteLength(segment) <= segmentBytesMax &&
      segmentForm.test(segment);
    if (!fits) throw invalid(`${shown(segment)} is no name of a file or directory`);
  }
  return segments.join("/");
}

/** `/volume/dir/file` as headers have it: what follows the volume's own name. */
export function pathWithin(volume: string, told: string): string {
  const [begin = "", name = "", ...rest] = told.split("/");
  if (begin !== "" || name.toLowerCase() !== volume.toLowerCase()) {
    throw invalid(`the path ${shown(told)} is not in the volume ${volume}`);
  }
  return checkPath(rest.join("/"));
}

/** The directory that something is in, and its name there. */
export function splitPath(path: string): { readonly directory: string; readonly name: string } {
  const at = path.lastIndexOf("/");
  return { directory: at === -1 ? "" : path.slice(0, at), name: path.slice(at + 1) };
}

/** The path of something in a directory; `""` is the volume itself. */
export const joinPath = (directory: string, name: string): string =>
  directory === "" ? name : `${directory}/${name}`;
