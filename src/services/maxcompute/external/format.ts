import { childTypes } from "../../../engines/duckdb/tunnel/vectors.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import type { Property } from "../../../sql/tree.ts";
import type { Column, SqlType } from "../../../sql/types.ts";

/** How the bytes of an external object are read and written. */
export type ExternalFormat =
  | { readonly kind: "parquet" }
  /** A line of JSON for each row. */
  | { readonly kind: "json" }
  | {
      readonly kind: "text";
      readonly delimiter: string;
      /** Lines at the head of each object that are no rows. */
      readonly headerLines: number;
      readonly gzip: boolean;
      /** What stands for NULL. */
      readonly null: string;
    };

/** What a statement says of the form. */
interface Told {
  readonly storedBy?: string;
  readonly storedAs?: string;
  readonly rowFormatSerde?: string;
  readonly delimiters?: readonly Property[];
  readonly serdeProperties: readonly Property[];
  readonly properties: readonly Property[];
}

const text = { kind: "text", delimiter: ",", headerLines: 0, gzip: false, null: "\\N" } as const;

/** Forms by the handler or the word that names them, in lower case. */
const formats: Readonly<Record<string, ExternalFormat>> = {
  "com.aliyun.odps.csvstoragehandler": text,
  "com.aliyun.odps.tsvstoragehandler": { ...text, delimiter: "\t" },
  parquet: { kind: "parquet" },
  textfile: { ...text, delimiter: "\u0001" },
  csv: text,
  json: { kind: "json" },
};

/** Forms by the class that a statement names for it, in lower case. Without one a word says enough. */
const serdes: Readonly<Record<string, ExternalFormat>> = {
  "org.apache.hive.hcatalog.data.jsonserde": { kind: "json" },
  "org.apache.hadoop.hive.serde2.lazy.lazysimpleserde": { ...text, delimiter: "\u0001" },
  "org.apache.hadoop.hive.ql.io.parquet.serde.parquethiveserde": { kind: "parquet" },
};

/** Properties that say nothing to Bondstore: the rights are the caller's own, whatever role is named. */
const unheard: readonly string[] = ["odps.properties.rolearn", "mcfed.parquet.compression"];

type Text = Extract<ExternalFormat, { kind: "text" }>;

/** Properties of text, in lower case, and what they change. */
const textOptions: Readonly<Record<string, (value: string) => Partial<Text>>> = {
  "odps.text.option.delimiter": (value) => ({ delimiter: unescaped(value) }),
  "field.delim": (value) => ({ delimiter: unescaped(value) }),
  "fields terminated by": (value) => ({ delimiter: unescaped(value) }),
  "odps.text.option.header.lines.count": (value) => ({ headerLines: Number(value) }),
  "odps.text.option.gzip.input.enabled": (value) => ({ gzip: value.toLowerCase() === "true" }),
  "odps.text.option.gzip.output.enabled": (value) => ({ gzip: value.toLowerCase() === "true" }),
  "odps.text.option.null.indicator": (value) => ({ null: value }),
};

/** The form that a statement tells. Refuses what is not built, and what it does not know. */
export function readFormat(told: Told): ExternalFormat {
  const named = formatNamed(told.storedBy ?? told.storedAs ?? "", formats, "format");
  const serde = told.rowFormatSerde;
  const found = serde === undefined ? named : formatNamed(serde, serdes, "serde");
  // JSON is text for whoever knows no lines of it.
  if (found.kind !== named.kind && (found.kind !== "json" || named.kind !== "text")) {
    throw notKnown(`the serde \`${serde?.slice(0, 100)}\` is of another format`);
  }
  const options = [
    ...(told.delimiters ?? []),
    ...told.serdeProperties,
    ...told.properties.filter(({ key }) => key.toLowerCase().startsWith("odps.")),
  ];
  const format = options.reduce(withOption, found);
  if (format.kind === "text") checkText(format);
  return format;
}

function formatNamed(
  told: string,
  known: Readonly<Record<string, ExternalFormat>>,
  what: string,
): ExternalFormat {
  const name = told.toLowerCase();
  const found = Object.hasOwn(known, name) ? known[name] : undefined;
  if (found) return found;
  throw notKnown(`the ${what} \`${name.slice(0, 100)}\` is not supported by this Bondstore yet`);
}

const nested: ReadonlySet<SqlType["kind"]> = new Set([
  ...(["array", "map", "struct", "json", "binary"] as const),
]);

export const isNested = ({ kind }: SqlType): boolean =>
  kind === "array" || kind === "map" || kind === "struct";

const partsMax = 2000;

/** How much text reads a type out of JSON: what is inside of a list or a map is looked at several times. */
function partsOf(type: SqlType): number {
  switch (type.kind) {
    case "array":
      return 1 + 2 * partsOf(type.element);
    case "map":
      return 1 + 4 * partsOf(type.value);
    case "struct":
      return type.fields.reduce((sum, field) => sum + 2 * partsOf(field.type), 1);
    default:
      return 1;
  }
}

/** Refuses columns that cannot be read of a form. */
export function checkReadable({ kind }: ExternalFormat, columns: readonly Column[]): void {
  if (kind !== "json") return;
  for (const { name, type } of columns) {
    const bad = [type, ...allInside(type)].find((one) => one.kind === "binary");
    if (bad) throw notKnown(`column ${name} of JSON outside cannot be of type ${bad.kind}`);
    if (partsOf(type) > partsMax) throw notKnown(`the type of column ${name} has too many parts`);
  }
}

const allInside = (type: SqlType): readonly SqlType[] =>
  childTypes(type).flatMap((child) => [child, ...allInside(child)]);

/** Refuses columns that a form has no values for. */
export function checkTypes({ kind }: ExternalFormat, columns: readonly Column[]): void {
  const bad = kind === "json" && columns.find(({ type }) => nested.has(type.kind));
  if (bad) throw notKnown(`column ${bad.name} of JSON outside cannot be of type ${bad.type.kind}`);
}

/** How a statement says a form: a clause, and the properties of a text that is not as the clause alone says. */
export function formatWords(format: ExternalFormat): {
  readonly words: string;
  readonly options: readonly (readonly [key: string, value: string])[];
} {
  if (format.kind !== "text") {
    return { words: `STORED AS ${format.kind.toUpperCase()}`, options: [] };
  }
  const { delimiter, headerLines, gzip, null: none } = format;
  const options = [
    [delimiter !== text.delimiter, "odps.text.option.delimiter", delimiter],
    [headerLines > 0, "odps.text.option.header.lines.count", String(headerLines)],
    [gzip, "odps.text.option.gzip.input.enabled", "true"],
    [none !== text.null, "odps.text.option.null.indicator", none],
  ] as const;
  return {
    words: "STORED BY 'com.aliyun.odps.CsvStorageHandler'",
    options: options.flatMap(([isSaid, key, value]) => (isSaid ? [[key, value] as const] : [])),
  };
}

function withOption(format: ExternalFormat, { key, value }: Property): ExternalFormat {
  const name = key.toLowerCase();
  if (unheard.includes(name)) return format;
  const option = Object.hasOwn(textOptions, name) ? textOptions[name] : undefined;
  if (!option || format.kind !== "text") {
    throw notKnown(`the property \`${key.slice(0, 100)}\` is not supported by this Bondstore yet`);
  }
  return { ...format, ...option(value) };
}

function checkText({ delimiter, headerLines, null: none }: Text): void {
  if (Buffer.byteLength(delimiter) !== 1) throw notKnown("a delimiter is one byte");
  if (!Number.isInteger(headerLines) || headerLines < 0 || headerLines > 1000) {
    throw notKnown("odps.text.option.header.lines.count is 0 to 1000");
  }
  if (none.length > 32) throw notKnown("what stands for NULL has at most 32 characters");
}

const unescaped = (value: string): string =>
  value.replace(/^\\t$/, "\t").replace(/^\\001$/, "\u0001");

const notKnown = (why: string) =>
  new ServiceError("ODPS-0130071", `ODPS-0130071: Semantic analysis exception - ${why}`);
