import type { Carried } from "./operation.ts";

/**
 * A document told as data: names and what is in them; a list is the same name several times. `@name` is an attribute,
 * `#` the text of an element that has attributes.
 */
export type Part =
  | string
  | number
  | boolean
  | undefined
  | readonly Part[]
  | { readonly [name: string]: Part };

export type Document = { readonly [name: string]: Part };

/** The part of this name inside a part; of several the first. */
export function partOf(part: Part, name: string): Part {
  const inside = partsOf(part)[0];
  if (typeof inside !== "object" || Array.isArray(inside)) return undefined;
  return partsOf((inside as Document)[name])[0];
}

/** What a part stands for: nothing, one thing or several. */
export function partsOf(part: Part): readonly Part[] {
  if (part === undefined) return [];
  return Array.isArray(part) ? (part as readonly Part[]) : [part];
}

/** The text of a part, also where it has attributes; undefined where it has none. */
export function textOf(part: Part): string | undefined {
  const [first] = partsOf(part);
  if (typeof first === "string") return first;
  if (typeof first === "number" || typeof first === "boolean") return String(first);
  return first === undefined ? undefined : textOf(partOf(first, "#"));
}

/** A call of MaxCompute's protocol as read. */
export interface OdpsInput {
  /** What the path names: `Project`, `Schema`, `Table`, `Instance` … */
  readonly labels: Readonly<Record<string, string>>;
  /** The query, decoded; a bare name has the empty value. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Headers whose names begin with `x-odps-`, the encodings and `range`, in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body where it is XML. */
  readonly document?: Document;
  /** The body where it is text or JSON. */
  readonly text?: string;
  /** The body where it is data. */
  readonly body?: AsyncIterable<Buffer>;
}

/** An answer of MaxCompute's protocol. */
export interface OdpsAnswer {
  /** One root element. */
  readonly document?: Document;
  readonly json?: unknown;
  readonly text?: string;
  readonly body?: AsyncIterable<Buffer>;
  /** `Content-Encoding` of the body. */
  readonly encoding?: string;
  /** Further facts that go into headers: `x-odps-owner`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Path of what was made, below the endpoint: the answer is 201. */
  readonly created?: string;
  /** Rows that it carries, for the record of what leaves. */
  readonly carried?: Carried;
}
