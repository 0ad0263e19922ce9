/** What a table of a script stands for. */
export type ScriptStore =
  | { readonly kind: "bucket" | "stream"; readonly name: string }
  /** Made up, or thrown away. */
  | { readonly kind: "nothing" }
  /** The log of the application. */
  | { readonly kind: "log" };

/** Options of a table, as `WITH` has them. */
export type TableOptions = ReadonlyMap<string, string>;

const streamForm = /^[a-zA-Z0-9_.-]{1,128}$/;
const pathForm = /^s3a?:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/|$)/;

/** The connectors of the installed set: what each reads or writes; undefined where its options do not tell. */
const connectors: Readonly<Record<string, (options: TableOptions) => ScriptStore | undefined>> = {
  kinesis: (options) => {
    const name = options.get("stream") ?? "";
    const isPlain = streamForm.test(name) && !options.has("stream.arn");
    return isPlain ? { kind: "stream", name } : undefined;
  },
  filesystem: (options) => {
    const name = pathForm.exec(options.get("path") ?? "")?.[1];
    return name === undefined ? undefined : { kind: "bucket", name };
  },
  datagen: () => ({ kind: "nothing" }),
  blackhole: () => ({ kind: "nothing" }),
  print: () => ({ kind: "log" }),
};

/** The store that a table stands for, or why that cannot be told. */
export function storeOfTable(options: TableOptions): ScriptStore | string {
  const connector = options.get("connector");
  if (connector === undefined) return "it names no connector";
  // Options of Flink's older connectors (`connector.type`) win over these, in either case of letters.
  if ([...options.keys()].some((key) => /^connector\./i.test(key))) return "it has older options";
  const read = Object.hasOwn(connectors, connector) ? connectors[connector] : undefined;
  if (!read) return `connector '${connector.slice(0, 60)}' is not known`;
  return read(options) ?? `the options of connector '${connector}' name no one bucket or stream`;
}
