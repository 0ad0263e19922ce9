import {
  type Document,
  type OdpsAnswer,
  type OdpsInput,
  partOf,
  partsOf,
  textOf,
} from "../../../pipeline/document.ts";
import { operation } from "../../../pipeline/operation.ts";
import { type OdpsCall, type ProjectTarget, projectOf, schemaOf } from "../find-project.ts";
import { invalid } from "../invalid.ts";
import { resourceNameText } from "../resources/find.ts";
import { rfc822 } from "../table-answer.ts";
import { pageOfNamed } from "../tables.ts";
import {
  dropFunction,
  giveFunction,
  noSuchFunction,
  putFunction,
  resourceDemands,
  type WantedFunction,
} from "./make.ts";
import { type FunctionRecord, functionArn, functionRows } from "./records.ts";

/** A function of a project. */
interface FunctionTarget extends ProjectTarget {
  readonly found: FunctionRecord;
}

/** The function that the path names; a missing one is refused only after access to its name was judged. */
function functionOf(input: OdpsInput, call: OdpsCall): FunctionTarget {
  const within = projectOf(input, call);
  const schema = schemaOf(input);
  const name = (input.labels["Function"] ?? "").toLowerCase();
  const found = functionRows(within.store).find([within.project.id, schema, name]);
  const arn = functionArn(within.project.name, schema, name);
  const target = { ...within, arn, type: "ODPS::Function" };
  if (found) return { ...target, found, creator: found.owner };
  return { ...target, found: nothing, absent: { refusal: noSuchFunction(name) } };
}

/** In the place of a function that is not there; never handled. */
const nothing: FunctionRecord = {
  ...{ id: "", schema: "", name: "", owner: "", madeBy: "", createdAtMs: 0, className: "" },
  resources: [],
};

/** What the document of a client says of a function. */
function wantedIn(input: OdpsInput, name?: string): WantedFunction {
  const root = input.document?.["Function"];
  const className = textOf(partOf(root, "ClassType")) ?? "";
  if (className === "") throw invalid("the function names no class");
  const list = partOf(root, "Resources");
  const names = list === undefined ? [] : partsOf((list as Document)["ResourceName"]);
  return {
    schema: schemaOf(input),
    name: name ?? (textOf(partOf(root, "Alias")) ?? "").toLowerCase(),
    className,
    resources: names.map((one) => textOf(one) ?? "").filter((one) => one !== ""),
  };
}

/** Makes a function of resources that its maker may read. */
export const createFunction = operation("CreateFunction", {
  resolve: (input: OdpsInput, call: OdpsCall) => projectOf(input, call),
  also: (input, target, call) => resourceDemands(wantedIn(input), target, call),
  async handle(target: ProjectTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const wanted = wantedIn(input);
    await putFunction(wanted, target, call);
    return { created: `/projects/${target.project.name}/registration/functions/${wanted.name}` };
  },
});

/** Makes a function anew, under its name. */
export const updateFunction = operation("UpdateFunction", {
  resolve: (input: OdpsInput, call: OdpsCall) => functionOf(input, call),
  action: "Write",
  also: (input, target, call) => resourceDemands(wantedIn(input, target.found.name), target, call),
  async handle(target: FunctionTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const { found } = target;
    await putFunction(wantedIn(input, found.name), target, call, { replaces: found });
    return {};
  },
});

/** Gives a function to another user of its project; its resources are still read as who made it may. */
export const updateFunctionOwner = operation("UpdateFunctionOwner", {
  resolve: (input: OdpsInput, call: OdpsCall) => functionOf(input, call),
  action: "Write",
  async handle(target: FunctionTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const wanted = input.headers["x-odps-owner"] ?? "";
    await giveFunction(target, target.found, wanted, call);
    return {};
  },
});

/** Drops a function, and what was granted on it. */
export const deleteFunction = operation("DeleteFunction", {
  resolve: (input: OdpsInput, call: OdpsCall) => functionOf(input, call),
  action: "Delete",
  async handle(target: FunctionTarget, _input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    await dropFunction(target, target.found, call);
    return {};
  },
});

const elementOf = (project: string, found: FunctionRecord): Document => ({
  Alias: found.name,
  Owner: found.owner,
  CreationTime: rfc822(found.createdAtMs),
  ClassType: found.className,
  Resources: {
    ResourceName: found.resources.map((one) => resourceNameText({ project, ...one })),
  },
  IsSqlFunction: String(found.sql !== undefined),
  ...(found.sql && { SqlDefinitionText: found.sql.text }),
});

/** Tells what a function is made of. */
export const getFunction = operation("GetFunction", {
  resolve: (input: OdpsInput, call: OdpsCall) => functionOf(input, call),
  action: "Read",
  handle: ({ project, found }: FunctionTarget): OdpsAnswer => ({
    document: { Function: elementOf(project.name, found) },
    headers: { "x-odps-owner": found.owner },
  }),
});

/** Lists functions by name, some at a time. */
export const listFunctions = operation("ListFunctions", {
  resolve: (input: OdpsInput, call: OdpsCall) => projectOf(input, call),
  action: "List",
  handle({ project, store }, input): OdpsAnswer {
    const all = [...functionRows(store).range({ prefix: [project.id, schemaOf(input)] })];
    const values = all.map(({ value }) => value);
    const { page, ...rest } = pageOfNamed(values, input);
    // What a function is made of is for who may read it.
    const listed = page.map(({ name, owner, createdAtMs, className }) => ({
      ...{ Alias: name, Owner: owner, ClassType: className, CreationTime: rfc822(createdAtMs) },
    }));
    return { document: { Functions: { Function: listed, ...rest } } };
  },
});
