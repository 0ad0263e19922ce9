import { assert } from "../lib/assert.ts";
import type {
  ErrorShape,
  Location,
  Member,
  ModelProtocol,
  OperationModel,
  ServiceModel,
  Shape,
  StructureShape,
  TimestampFormat,
} from "./model.ts";

type TableReference =
  | string
  | {
      readonly shape: string;
      readonly location?: Location;
      readonly locationName?: string;
      readonly queryName?: string;
      readonly flattened?: boolean;
      readonly streaming?: boolean;
      readonly xmlAttribute?: boolean;
      readonly xmlNamespace?: string | { readonly prefix?: string; readonly uri: string };
    };

interface TableShape {
  readonly type: Exclude<Shape["kind"], never> | "character";
  readonly min?: number;
  readonly max?: number;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly matches?: string;
  readonly sensitive?: boolean;
  readonly flattened?: boolean;
  readonly locationName?: string;
  readonly payload?: string;
  readonly streaming?: boolean;
  readonly timestampFormat?: TimestampFormat;
  readonly eventstream?: boolean;
  readonly xmlNamespace?: { readonly prefix?: string; readonly uri: string };
  readonly root?: string;
  readonly error?: { readonly code?: string; readonly status?: number; readonly fault?: boolean };
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, TableReference>>;
  readonly member?: TableReference;
  readonly key?: TableReference;
  readonly value?: TableReference;
}

interface TableOperation {
  readonly method?: string;
  readonly uri?: string;
  readonly status?: number;
  readonly input?: string;
  readonly inputRoot?: string;
  readonly output?: string;
  readonly wrapper?: string;
  readonly errors?: readonly string[];
  readonly deprecated?: boolean;
  readonly unsigned?: boolean;
}

interface Table {
  readonly name: string;
  readonly signingName: string;
  readonly version: string;
  readonly protocols: readonly ModelProtocol[];
  readonly jsonVersion?: string;
  readonly targetPrefix?: string;
  readonly xmlNamespace?: string;
  readonly queryCompatible?: boolean;
  readonly operations: Readonly<Record<string, TableOperation>>;
  readonly shapes: Readonly<Record<string, TableShape>>;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const empty: StructureShape = {
  kind: "structure",
  name: "Unit",
  sensitive: false,
  flattened: false,
  members: [],
  eventStream: false,
};

/** Turns the text of a table into a model; shapes are linked only when an operation needs them. */
export function linkModel(text: string): ServiceModel {
  const table = JSON.parse(text) as Table;
  const linker = createLinker(table);
  const operations = new Map<string, OperationModel>();
  const errors = findErrors(table);

  function findOperation(name: string): OperationModel | undefined {
    const known = operations.get(name);
    if (known) return known;
    if (!Object.hasOwn(table.operations, name)) return undefined;
    const linked = linkOperation(name, table.operations[name] ?? {}, linker);
    operations.set(name, linked);
    return linked;
  }

  function findError(code: string): ErrorShape | undefined {
    const name = errors.get(code);
    const row = name === undefined ? undefined : table.shapes[name];
    if (name === undefined || row === undefined) return undefined;
    const { status, fault = false } = row.error ?? {};
    const { members } = linker(name) as StructureShape;
    const wire = row.error?.code ?? name;
    return { name, code: wire, fault, members, ...(status !== undefined && { status }) };
  }

  const { operations: rows, shapes: _, queryCompatible = false, ...head } = table;
  return { ...head, queryCompatible, operationNames: Object.keys(rows), findOperation, findError };
}

/** Errors by the name of their shape, and by the code on the wire where that is another. */
function findErrors(table: Table): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, shape] of Object.entries(table.shapes)) {
    if (shape.error) found.set(shape.error.code ?? name, name);
  }
  for (const [name, shape] of Object.entries(table.shapes)) if (shape.error) found.set(name, name);
  return found;
}

function linkOperation(
  name: string,
  row: TableOperation,
  linker: (name: string) => Shape,
): OperationModel {
  const input = structureOf(row.input, linker);
  const output = structureOf(row.output, linker);
  const { payload } = input;
  const streams = payload?.streaming && payload.shape.kind === "blob";
  return {
    name,
    method: row.method ?? "POST",
    uri: row.uri ?? "/",
    status: row.status ?? 200,
    input,
    output,
    ...(row.inputRoot !== undefined && { inputRoot: row.inputRoot }),
    ...(row.wrapper !== undefined && { wrapper: row.wrapper }),
    errors: row.errors ?? [],
    deprecated: row.deprecated ?? false,
    unsigned: row.unsigned ?? false,
    ...(streams && { streamingInput: payload.name }),
  };
}

function structureOf(name: string | undefined, linker: (name: string) => Shape): StructureShape {
  if (name === undefined) return empty;
  const shape = linker(name);
  assert(shape.kind === "structure", `${name} is the input or output of an operation`);
  return shape;
}

function createLinker(table: Table): (name: string) => Shape {
  const linked = new Map<string, Shape>();

  function link(name: string): Shape {
    const known = linked.get(name);
    if (known) return known;
    const row = table.shapes[name];
    assert(row, `the table of ${table.name} has no shape ${name}`);
    const shape = start(name, row);
    // Before its members: shapes may contain themselves.
    linked.set(name, shape);
    fill(shape, row);
    return shape;
  }

  function fill(shape: Mutable<Shape>, row: TableShape): void {
    if (shape.kind === "list") shape.member = member("member", row.member, false);
    if (shape.kind === "map") {
      shape.key = member("key", row.key, true);
      shape.value = member("value", row.value, false);
    }
    if (shape.kind !== "structure") return;
    const required = new Set(row.required);
    shape.members = Object.entries(row.members ?? {}).map(([name, to]) =>
      member(name, to, required.has(name)),
    );
    const payload = shape.members.find(({ name }) => name === row.payload);
    if (payload) shape.payload = payload;
  }

  function member(name: string, to: TableReference | undefined, required: boolean): Member {
    assert(to !== undefined, `the table of ${table.name} has no reference at ${name}`);
    const traits = typeof to === "string" ? { shape: to } : to;
    const row = table.shapes[traits.shape];
    const shape = link(traits.shape);
    const namespace = traits.xmlNamespace ?? row?.xmlNamespace;
    const locationName = traits.locationName ?? row?.locationName;
    return {
      name,
      shape,
      required,
      flattened: traits.flattened ?? shape.flattened,
      streaming: traits.streaming ?? row?.streaming ?? false,
      xmlAttribute: traits.xmlAttribute ?? false,
      ...(traits.location !== undefined && { location: traits.location }),
      ...(locationName !== undefined && { locationName }),
      ...(traits.queryName !== undefined && { queryName: traits.queryName }),
      ...(namespace !== undefined && {
        xmlNamespace: typeof namespace === "string" ? { uri: namespace } : namespace,
      }),
    };
  }

  return link;
}

/** The shape without what it contains. */
function start(name: string, row: TableShape): Mutable<Shape> {
  const common = {
    name,
    sensitive: row.sensitive ?? false,
    flattened: row.flattened ?? false,
    ...(row.locationName !== undefined && { locationName: row.locationName }),
  };
  const bounds = {
    ...(row.min !== undefined && { min: row.min }),
    ...(row.max !== undefined && { max: row.max }),
  };
  const unlinked: Member = {
    name: "",
    shape: empty,
    required: false,
    flattened: false,
    streaming: false,
    xmlAttribute: false,
  };
  switch (row.type) {
    case "structure":
      return {
        kind: "structure",
        ...common,
        members: [],
        eventStream: row.eventstream ?? false,
        ...(row.root !== undefined && { root: row.root }),
      };
    case "list":
      return { kind: "list", ...common, ...bounds, member: unlinked };
    case "map":
      return { kind: "map", ...common, ...bounds, key: unlinked, value: unlinked };
    case "character":
    case "string":
      return {
        kind: "string",
        ...common,
        ...bounds,
        ...(row.pattern !== undefined && { pattern: row.pattern }),
        ...(row.matches !== undefined && { matches: row.matches }),
        ...(row.enum !== undefined && { enum: row.enum }),
      };
    case "timestamp":
      return {
        kind: "timestamp",
        ...common,
        ...(row.timestampFormat !== undefined && { format: row.timestampFormat }),
      };
    case "boolean":
      return { kind: "boolean", ...common };
    default:
      return { kind: row.type, ...common, ...bounds };
  }
}
