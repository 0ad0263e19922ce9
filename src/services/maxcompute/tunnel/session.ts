import { assert } from "../../../lib/assert.ts";
import { momentOf } from "../../../lib/zoned-time.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import {
  type Catalog,
  type CatalogFunction,
  type CatalogName,
  type CatalogTable,
  type Command,
  defaultSchema,
  isOn,
  type NamePlace,
  type WantedVersion,
} from "../../../sql/catalog.ts";
import type { OutsidePlace } from "../../../sql/tree.ts";
import type { Column } from "../../../sql/types.ts";
import type { AccountStore } from "../../../storage/store.ts";
import {
  contentAt,
  emptyVersion,
  type PartitionRecord,
  rowsIn,
  schemaRows,
  type TableRecord,
  type VersionRecord,
} from "../catalog.ts";
import { type DroppedRecord, droppedTables } from "../dropped-tables.ts";
import { locationRecord } from "../external/loaded.ts";
import { filesOf } from "../external/partitioned.ts";
import type { OdpsCall } from "../find-project.ts";
import { findTable } from "../find-table.ts";
import { type FoundFunction, FunctionFinder } from "../functions/find.ts";
import type { FunctionRecord } from "../functions/records.ts";
import { informationAsker } from "../information/asker.ts";
import { linesOf, type MadeFile } from "../information/relation.ts";
import { informationViews } from "../information/views.ts";
import { insertedSince } from "../inserted.ts";
import { callerName } from "../projects.ts";
import { keptSince } from "../retention.ts";
import { keptVersion, versionAt } from "../versions.ts";

/** MaxCompute's own where neither project nor client sets `odps.sql.timezone`. */
const timezoneDefault = "Asia/Shanghai";

/** The zone in which a statement reads and writes DATETIME. */
export const timezoneOf = ({ settings }: Pick<Catalog, "settings">): string =>
  settings.get("odps.sql.timezone") ?? timezoneDefault;

/** A table as a statement has found it: what it reads, whatever is written meanwhile. */
export interface FoundTable {
  readonly project: ProjectRecord;
  readonly store: AccountStore;
  readonly record: TableRecord;
  readonly content: VersionRecord;
  /** The oldest version of which something is read, where that is not the content's own. */
  readonly heldFrom?: number;
  /** What lies at a location, and is no table: nobody has added partitions to it. */
  readonly isPlace?: true;
}

type DroppedName = { readonly project: ProjectRecord } & Omit<CatalogName, "project">;

type VersionKey = Pick<CatalogTable, "id" | "version" | "since">;

const keyOf = ({ id, version, since }: VersionKey): string =>
  version === undefined ? id : `${id} ${version}${since === undefined ? "" : ` ${since}`}`;

/**
 * The names that a statement may use, looked up at most once each: a table that was found stays the one that it was,
 * at the version that it had.
 */
export class StatementCatalog implements Catalog {
  readonly project: string;
  readonly schema: string;
  readonly account: string;
  readonly settings: ReadonlyMap<string, string>;
  readonly #call: OdpsCall;
  readonly #found = new Map<string, CatalogTable | undefined>();
  readonly #tables = new Map<string, FoundTable>();

  readonly #dropped = new Map<string, readonly DroppedRecord[]>();
  readonly #functions: FunctionFinder;

  constructor(
    project: ProjectRecord,
    settings: ReadonlyMap<string, string>,
    call: OdpsCall,
    temporary: ReadonlyMap<string, FunctionRecord> = new Map(),
  ) {
    this.#functions = new FunctionFinder(project, temporary, call, this);
    this.project = project.name;
    this.account = call.account;
    this.schema = settings.get("odps.default.schema")?.toLowerCase() || defaultSchema;
    this.settings = settings;
    this.#call = call;
  }

  findTable({ project, schema, name }: CatalogName): CatalogTable | undefined {
    const key = `${project}.${schema}.${name}`;
    if (!this.#found.has(key)) this.#found.set(key, this.#look(project, schema, name));
    return this.#found.get(key);
  }

  /** How names are read in the statement's own text. */
  get place(): NamePlace {
    const { project, schema } = this;
    return { project, schema, namespaces: isOn(this, "odps.namespace.schema") };
  }

  #look(projectName: string, schema: string, name: string): CatalogTable | undefined {
    const { store: stores, projects } = this.#call.parts;
    const project = projects.find(this.#call.account, projectName);
    if (!project) return undefined;
    const store = stores.account(project.account);
    const record = findTable(project, store, schema, name);
    if (!record) return undefined;
    const content = contentAt(store, record, record.version) ?? emptyVersion(record);
    return this.#keep({ project, store, record, content });
  }

  #keep(found: FoundTable): CatalogTable {
    const { project, record } = found;
    this.#tables.set(record.id, found);
    const { schema, name, id, kind, columns, partitionColumns } = record;
    const { view, transactional, primaryKey } = record;
    return {
      ...{ project: project.name, schema, name, id, kind, columns, partitionColumns },
      ...{ transactional, primaryKey, ...(view && { view }) },
    };
  }

  /** Its objects go into the project of the table, whatever project the statement runs in. */
  findLocation(
    place: OutsidePlace,
    into: CatalogTable,
    partitionColumns: readonly Column[],
  ): CatalogTable {
    const { project, store } = this.found(into);
    const record = locationRecord(place, { columns: into.columns, partitionColumns }, this.#call);
    const content = emptyVersion(record);
    const found = this.#keep({ project, store, record, content, isPlace: true });
    return { ...found, kind: "location" };
  }

  findVersion(table: CatalogTable, wanted: WantedVersion): CatalogTable | undefined {
    const { project, store, record } = this.found(table);
    const version = this.#versionMeant(record, store, wanted);
    if (version === record.version) return table;
    const since = keptSince(record, project, this.#call.timeMs);
    const content = version === undefined ? version : keptVersion(store, record, version, since);
    if (!content) return undefined;
    const older = { ...table, version: content.version };
    this.#tables.set(keyOf(older), { project, store, record, content });
    return older;
  }

  findInserted(
    table: CatalogTable,
    since: WantedVersion,
    until: WantedVersion,
  ): CatalogTable | "rewritten" | "too much" | undefined {
    const { project, store, record } = this.found(table);
    const [from, version] = [since, until].map((one) => this.#versionMeant(record, store, one));
    if (from === undefined || version === undefined || version < from) return undefined;
    const keptFrom = keptSince(record, project, this.#call.timeMs);
    if (!keptVersion(store, record, from, keptFrom)) return undefined;
    const content = insertedSince(store, record, from, version);
    if (typeof content === "string") return content;
    const found = { ...table, version, since: from };
    this.#tables.set(keyOf(found), { project, store, record, content, heldFrom: from });
    return found;
  }

  #versionMeant(
    record: TableRecord,
    store: AccountStore,
    wanted: WantedVersion,
  ): number | undefined {
    switch (wanted.kind) {
      case "version":
        return wanted.version <= record.version ? wanted.version : undefined;
      case "latest":
        return wanted.newest <= record.version + 1 ? record.version + 1 - wanted.newest : undefined;
      case "now":
        return versionAt(store, record, this.#call.timeMs + wanted.plusMs);
      case "shown": {
        const atMs = momentOf(wanted.text, timezoneOf(this));
        return atMs === undefined ? undefined : versionAt(store, record, atMs);
      }
    }
  }

  /** Dropped tables of a name that can be brought back, looked up once. */
  droppedNamed({ project, schema, name }: DroppedName): readonly DroppedRecord[] {
    const key = JSON.stringify([project.id, schema, name]);
    const known = this.#dropped.get(key);
    if (known) return known;
    const store = this.#call.parts.store.account(project.account);
    const found = droppedTables(store, project, this.#call.timeMs, [schema, name]);
    this.#dropped.set(key, found);
    return found;
  }

  /** The one of them that an id means, or that is the only one. */
  dropped(where: DroppedName, id: string | undefined): DroppedRecord | undefined {
    const meant = this.droppedNamed(where).filter(
      ({ table }) => id === undefined || table.id === id,
    );
    return meant.length === 1 ? meant[0] : undefined;
  }

  /** Who asks, as projects know them. */
  get caller(): string {
    return callerName(this.#call);
  }

  /** The rows of a system view, as far as the caller may see them: a file that the cell gets for one query. */
  made({ project, store, record }: FoundTable): MadeFile {
    const view = informationViews.get(record.name);
    assert(view, "a system view is one of those that there are");
    const name = `i/${this.#call.parts.random.bytes(8).toString("hex")}.json`;
    return {
      name,
      body: () => linesOf(view.rows(informationAsker(project, store, this.#call))),
    };
  }

  /**
   * The objects of an external table as they are now: files that the cell gets for one query. Their rows are kept in as
   * those of the table's project, whatever project the statement runs in: so that is where the objects go.
   */
  filesOf(
    { project, record, isPlace }: FoundTable,
    partitions: readonly PartitionRecord[],
  ): Promise<readonly MadeFile[]> {
    return filesOf(record, isPlace ? undefined : partitions, project, this.#call);
  }

  /** The versions of tables that were found. */
  get foundVersions(): readonly { readonly id: string; readonly version: number }[] {
    return [...this.#tables.values()].map(({ record: { id }, content, heldFrom }) => ({
      id,
      version: heldFrom ?? content.version,
    }));
  }

  /** What was found of a table. */
  found(table: VersionKey): FoundTable {
    const found = this.#tables.get(keyOf(table));
    if (!found) throw new Error(`the table ${table.id} was not found by this statement`);
    return found;
  }

  /** Whether a schema is there. */
  hasSchema(project: ProjectRecord, schema: string): boolean {
    const store = this.#call.parts.store.account(project.account);
    return schema === defaultSchema || schemaRows(store).find([project.id, schema]) !== undefined;
  }

  findFunction(name: CatalogName, direct: boolean): CatalogFunction | undefined {
    return this.#functions.find(name, direct);
  }

  findCommand(command: Command, resources: readonly string[]): CatalogFunction | undefined {
    return this.#functions.findCommand(command, resources, this.schema);
  }

  /** What was found of a function. */
  foundFunction({ id }: Pick<CatalogFunction, "id">): FoundFunction {
    return this.#functions.found(id);
  }

  hasPartition(table: CatalogTable, values: readonly string[]): boolean {
    const key = JSON.stringify(values);
    return this.found(table).content.partitions.some((one) => JSON.stringify(one.values) === key);
  }

  maxPartition(table: CatalogTable): string | undefined {
    const { content, record } = this.found(table);
    // How many rows there are outside nobody knows.
    const values = content.partitions.flatMap((partition) =>
      record.external || rowsIn(partition) > 0 ? [partition.values[0] ?? ""] : [],
    );
    return values.sort().at(-1);
  }
}
