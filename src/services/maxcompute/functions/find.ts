import type { ProjectRecord } from "../../../projects/project.ts";
import {
  type CatalogFunction,
  type CatalogName,
  type CodeClass,
  type Command,
  fullName,
} from "../../../sql/catalog.ts";
import { type PythonClass, pythonClasses } from "../../../sql/python-classes.ts";
import type { EmbeddedCode } from "../../../sql/tree.ts";
import type { AccountStore } from "../../../storage/store.ts";
import type { OdpsCall } from "../find-project.ts";
import { callerName } from "../projects.ts";
import {
  type FoundResource,
  isPresent,
  type PresentResource,
  resourceAt,
} from "../resources/find.ts";
import { resourcesNamed } from "./named.ts";
import { type FunctionRecord, functionRows } from "./records.ts";
import { type TableFinder, withTables } from "./resource-tables.ts";

/** A function as a statement has found it, with what it is made of. */
export interface FoundFunction {
  readonly project: ProjectRecord;
  readonly store: AccountStore;
  readonly record: FunctionRecord;
  readonly resources: readonly PresentResource[];
  /** Resources that a command names and that are not there: refused once it is judged that they may be read. */
  readonly missing?: readonly FoundResource[];
  /** Made by the job itself, and gone with it. */
  readonly temporary: boolean;
}

/** Finds the functions that a statement names, each once. */
export class FunctionFinder {
  readonly #current: ProjectRecord;
  readonly #temporary: ReadonlyMap<string, FunctionRecord>;
  readonly #call: OdpsCall;
  readonly #catalog: TableFinder;
  readonly #known = new Map<string, CatalogFunction | undefined>();
  readonly #found = new Map<string, FoundFunction>();

  constructor(
    current: ProjectRecord,
    temporary: ReadonlyMap<string, FunctionRecord>,
    call: OdpsCall,
    catalog: TableFinder,
  ) {
    this.#catalog = catalog;
    this.#current = current;
    this.#temporary = temporary;
    this.#call = call;
  }

  /** A function of the job itself is found only where the statement names it `direct`ly. */
  find(name: CatalogName, direct: boolean): CatalogFunction | undefined {
    const own = direct && name.project === this.#current.name;
    const temporary = own ? this.#temporary.get(name.name) : undefined;
    const key = `${fullName(name)}${temporary ? " temporary" : ""}`;
    if (!this.#known.has(key)) this.#known.set(key, this.#look(name, temporary));
    return this.#known.get(key);
  }

  /** The command of a TRANSFORM: code of the statement itself, made of resources of its project. */
  findCommand(
    command: Command,
    written: readonly string[],
    schema: string,
  ): CatalogFunction | undefined {
    const project = this.#current;
    const { parts, timeMs } = this.#call;
    const store = parts.store.account(project.account);
    const caller = callerName(this.#call);
    const named = resourcesNamed({ schema, resources: written }, { project }, this.#call);
    const record: FunctionRecord = {
      ...{ id: parts.random.uuid(), schema, name: "transform", className: "", resources: [] },
      ...{ owner: caller, madeBy: caller, createdAtMs: timeMs },
    };
    this.#found.set(record.id, {
      ...{ project, store, record, temporary: true },
      resources: named.filter(isPresent),
      missing: named.filter((one) => !isPresent(one)),
    });
    const code: CodeClass = { language: "command", kind: "table", signatures: [] };
    return { project: project.name, schema, name: record.name, id: record.id, command, code };
  }

  found(id: string): FoundFunction {
    const found = this.#found.get(id);
    if (!found) throw new Error(`the function ${id} was not found by this statement`);
    return found;
  }

  #look(name: CatalogName, temporary: FunctionRecord | undefined): CatalogFunction | undefined {
    const { store: stores, projects } = this.#call.parts;
    const project = projects.find(this.#call.account, name.project);
    if (!project) return undefined;
    const store = stores.account(project.account);
    const record = temporary ?? functionRows(store).find([project.id, name.schema, name.name]);
    if (!record) return undefined;
    const resources = record.resources.flatMap((used) => {
      const now = resourceAt({ project: project.name, ...used }, this.#call);
      return now && isPresent(now) && now.record.id === used.id ? [now] : [];
    });
    const temporarily = temporary !== undefined;
    this.#found.set(record.id, { project, store, record, resources, temporary: temporarily });
    const asked = () => this.#described(this.found(record.id));
    const meaning = meaningOf(record, resources, asked);
    return { ...name, id: record.id, ...withTables(meaning, resources, this.#catalog) };
  }

  #described(found: FoundFunction): CodeMeaning {
    const known = this.#call.own.functions.described(found);
    if (!known) throw new NotDescribed(found);
    return known;
  }
}

/** What a class is as a function, or why it is none. */
export type CodeMeaning = { readonly code: CodeClass } | { readonly why: string };

/** What a class in Java is must be asked of a cell first: `describe` of FunctionCells does. */
export class NotDescribed extends Error {
  override readonly name = "NotDescribed";
  readonly found: FoundFunction;

  constructor(found: FoundFunction) {
    super(`what ${found.record.className} is, is not known yet`);
    this.found = found;
  }
}

/** What a call of a function means, or why it means nothing. */
function meaningOf(
  { sql, className, resources: used, embedded }: FunctionRecord,
  resources: readonly PresentResource[],
  described: () => CodeMeaning,
): Pick<CatalogFunction, "definition" | "code" | "why"> {
  if (sql) return { definition: sql };
  const gone = used.find(({ id }) => !resources.some(({ record }) => record.id === id));
  if (gone) return { why: `the resource ${gone.name} that it was made with is not there any more` };
  const dot = className.lastIndexOf(".");
  const file = `${className.slice(0, Math.max(0, dot))}.py`;
  const python = resources.find(({ record: { type, name } }) => type === "py" && name === file);
  if (embedded?.language === "Java") return described();
  if (embedded)
    return pythonMeaning(
      file,
      className,
      moduleFile(embedded) === file ? pythonClasses(embedded.text) : [],
    );
  if (!python && resources.some(({ record: { type } }) => type === "jar")) return described();
  if (!python) return { why: `it has no resource ${file} of type py` };
  return pythonMeaning(file, className, python.record.classes ?? []);
}

/** The file of a module that a statement holds. */
const moduleFile = ({ file }: EmbeddedCode): string => `${file}.py`;

/** Files of a function whose lines may be told, and how many these are. */
export const filesOf = ({ record, resources }: Pick<FoundFunction, "record" | "resources">) => [
  ...resources.map((one) => one.record),
  ...(record.embedded
    ? [{ name: moduleFile(record.embedded), lines: record.embedded.text.split("\n").length }]
    : []),
];

function pythonMeaning(
  file: string,
  className: string,
  classes: readonly PythonClass[],
): CodeMeaning {
  const wanted = className.slice(className.lastIndexOf(".") + 1);
  const found = classes.find(({ name }) => name === wanted);
  return found
    ? { code: { language: "Python", kind: found.kind, signatures: [found.signature] } }
    : { why: `${file} has no class ${wanted} with @annotate("types->type")` };
}
