import { type ScriptStore, storeOfTable } from "./stores.ts";
import { type ScriptTables, storesMax } from "./tables.ts";
import { TokenReader } from "./token-reader.ts";
import type { FlinkToken } from "./tokens.ts";

interface Move {
  readonly from: readonly ScriptStore[];
  readonly into: ScriptStore;
}

/** What a statement moves, or why that cannot be told. */
type Found = readonly Move[] | string;

type Reader = (tokens: TokenReader, tables: ScriptTables) => Found;

const nothing: Found = [];
const log: ScriptStore = { kind: "log" };

/** Every store that a piece of text could read: a name counts wherever it stands. */
function readsOf(tokens: TokenReader, tables: ScriptTables): ReadonlySet<ScriptStore> {
  const reads = new Set<ScriptStore>();
  for (; !tokens.atEnd(); tokens.skip()) {
    for (const name of tokens.namesHere()) {
      const table = tables.find(name);
      if (table?.kind === "table" && "name" in table.store) reads.add(table.store);
      if (table?.kind === "view") for (const store of table.reads) reads.add(store);
    }
  }
  return reads;
}

const moved = (from: ReadonlySet<ScriptStore>, into: ScriptStore): Found => [
  { from: [...from], into },
];

/** A query shows its rows, and what shows them is the log. */
const query: Reader = (tokens, tables) => moved(readsOf(tokens, tables), log);

const insert: Reader = (tokens, tables) => {
  if (!tokens.take("INTO") && !tokens.take("OVERWRITE")) return "it is no INSERT that is known";
  const name = tokens.name();
  const table = name && tables.find(name);
  if (table?.kind !== "table") return "what it writes into is no table of this script";
  return moved(readsOf(tokens, tables), table.store);
};

const view: Reader = (tokens, tables) => {
  tokens.takeAll("IF", "NOT", "EXISTS");
  const name = tokens.name();
  tokens.group();
  tokens.comment();
  if (!name || !tokens.take("AS")) return "it is no CREATE VIEW that is known";
  const made = tables.define(name, { kind: "view", reads: readsOf(tokens, tables) });
  return made ? nothing : "it makes a name that the script has made before";
};

const table: Reader = (tokens, tables) => {
  tokens.takeAll("IF", "NOT", "EXISTS");
  const name = tokens.name();
  if (!name) return "it is no CREATE TABLE that is known";
  tokens.group();
  tokens.comment();
  if (tokens.take("DISTRIBUTED")) tokens.skipTo("PARTITIONED", "WITH", "LIKE", "AS");
  if (tokens.takeAll("PARTITIONED", "BY")) tokens.group();
  const own = tokens.take("WITH") ? tokens.options() : new Map<string, string>();
  if (!own) return "its options are not plain strings, each given once";
  let options = own;
  if (tokens.take("LIKE")) {
    const base = tokens.name();
    const like = base && tables.find(base);
    if (like?.kind !== "table") return "what it is LIKE is no table of this script";
    const takes = tokens.takesOptions();
    if (takes === undefined) return "what it takes of the other table is not clear";
    if (takes) options = new Map([...like.options, ...own]);
  }
  const found = storeOfTable(options);
  if (typeof found === "string") return found;
  const store = tables.one(found);
  if (!store) return `the script names more than ${storesMax} buckets and streams`;
  const reads = tokens.take("AS") ? readsOf(tokens, tables) : undefined;
  if (!tokens.atEnd()) return "it is no CREATE TABLE that is known";
  if (!tables.define(name, { kind: "table", options, store })) {
    return "it makes a name that the script has made before";
  }
  return reads ? moved(reads, store) : nothing;
};

const silent: Reader = () => nothing;

const made: Readonly<Record<string, Reader>> = { TABLE: table, VIEW: view, DATABASE: silent };

const create: Reader = (tokens, tables) => {
  tokens.takeAll("OR", "REPLACE");
  tokens.take("TEMPORARY");
  return readBy(made, tokens, tables) ?? `CREATE ${tokens.shown()} is not followed`;
};

/** What was never there may be dropped. */
const drop: Reader = (tokens, tables) => {
  tokens.take("TEMPORARY");
  const known = tokens.take("TABLE") || tokens.take("VIEW");
  const name = known && tokens.takeAll("IF", "EXISTS") ? tokens.name() : undefined;
  if (name && tokens.atEnd() && !tables.find(name)) return nothing;
  return "it drops something";
};

const use: Reader = (tokens, tables) => {
  const name = tokens.name();
  return name && tokens.atEnd() && tables.use(name) ? nothing : "it leaves the catalog";
};

/** Options that say how a job runs, and neither what it is nor where anything goes. */
const settings =
  /^(?:table\.(?:exec|optimizer)\.|sql-client\.|restart-strategy\.|execution\.checkpointing\.(?!.*(?:dir|storage))|pipeline\.(?:name|max-parallelism|object-reuse|auto-watermark-interval|operator-chaining)|(?:table\.(?:local-time-zone|dml-sync|dynamic-table-options\.enabled)|execution\.runtime-mode|parallelism\.default|state\.backend(?:\.type|\.incremental)?)$)/;
const setting = /^(?:'([\w.-]+)'\s*=\s*'[^']*'|([\w.-]+)\s*=\s*(?:'[^']*'|[^\s';]+))$/;

const set: Reader = (tokens) => {
  const found = setting.exec(tokens.rest());
  const key = found?.[1] ?? found?.[2] ?? "";
  if (tokens.atEnd() || settings.test(key)) return nothing;
  return key === "" ? "it is no SET that is known" : `it sets ${key.slice(0, 80)}`;
};

/** By the first word. What is not here may do anything. */
const readers: Readonly<Record<string, Reader>> = {
  CREATE: create,
  DROP: drop,
  INSERT: insert,
  USE: use,
  SET: set,
  RESET: silent,
  ...{ SELECT: query, WITH: query, VALUES: query, TABLE: query, "(": query },
  ...{ EXPLAIN: silent, SHOW: silent, DESCRIBE: silent, DESC: silent, HELP: silent },
  ...{ CLEAR: silent, QUIT: silent, EXIT: silent, END: silent },
};

function readBy(
  known: Readonly<Record<string, Reader>>,
  tokens: TokenReader,
  tables: ScriptTables,
): Found | undefined {
  const read = Object.hasOwn(known, tokens.key) ? known[tokens.key] : undefined;
  if (!read) return undefined;
  tokens.skip();
  return read(tokens, tables);
}

/** Reads one statement; what it makes is in the tables then. */
export function readStatement(
  pieces: readonly FlinkToken[],
  text: string,
  tables: ScriptTables,
): Found {
  const tokens = new TokenReader(pieces, text);
  if (tokens.changesOptions()) return "a hint changes options of a table";
  if (tokens.hasUnclearNames())
    return "a name has letters other than those of ASCII, or a placeholder";
  if (tokens.takeAll("BEGIN", "STATEMENT", "SET")) {
    return tokens.atEnd() ? nothing : "it is no statement set that is known";
  }
  tokens.take("EXECUTE", "STATEMENT");
  tokens.takeAll("STATEMENT", "SET", "BEGIN");
  return readBy(readers, tokens, tables) ?? `${tokens.shown()} is not followed`;
}
