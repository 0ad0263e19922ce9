/** A class of a Python file that is annotated as a function. */
export interface PythonClass {
  readonly name: string;
  /** As it stands in `annotate`: `bigint,string->double`. */
  readonly signature: string;
  readonly kind: "scalar" | "table" | "aggregate";
}

/** A text of Python in quotes, on one line. */
const text = String.raw`[rR]?(?:'[^'\\\n]*'|"[^"\\\n]*")`;
const annotation = new RegExp(String.raw`@(?:\w+\.)*annotate\(\s*((?:${text}\s*)+),?\s*\)`, "y");
const heading = /class\s+(\w+)\s*(?:\(([^)\n]*)\))?\s*:/y;
const classesMax = 500;
const signatureMax = 10_000;

/**
 * Finds annotated classes in the text of a Python file, which is not run for this: what it says of itself is believed
 * here, and looked at again where the class runs. Line by line, so that no text takes longer than its length.
 */
export function pythonClasses(written: string): readonly PythonClass[] {
  const source = written.replaceAll("\r\n", "\n");
  const found: PythonClass[] = [];
  let signature: string | undefined;
  for (let at = 0; at < source.length && found.length < classesMax; at = lineAfter(source, at)) {
    if (source[at] === "@") {
      const [whole = "", texts] = matchAt(annotation, source, at) ?? [];
      if (texts === undefined) continue;
      signature = joined(texts);
      at += whole.length;
      continue;
    }
    const [, name, bases = ""] = matchAt(heading, source, at) ?? [];
    if (name !== undefined && signature !== undefined) {
      found.push({ name, signature, kind: kindOf(bases) });
    }
    const line = source.slice(at, lineAfter(source, at)).trim();
    if (line !== "" && !line.startsWith("#")) signature = undefined;
  }
  return found;
}

const lineAfter = (source: string, at: number): number => {
  const end = source.indexOf("\n", at);
  return end < 0 ? source.length : end + 1;
};

/** Looks at one place, and not further than a signature reaches. */
function matchAt(form: RegExp, source: string, at: number): RegExpExecArray | null {
  form.lastIndex = 0;
  return form.exec(source.slice(at, at + signatureMax));
}

const joined = (texts: string): string =>
  [...texts.matchAll(new RegExp(text, "g"))]
    .map(([piece]) => piece.replace(/^[rR]/, "").slice(1, -1))
    .join("");

function kindOf(bases: string): PythonClass["kind"] {
  if (/\bBaseUDTF\b/.test(bases)) return "table";
  return /\bBaseUDAF\b/.test(bases) ? "aggregate" : "scalar";
}
