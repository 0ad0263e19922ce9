import type { OperationModel, ServiceModel } from "./model.ts";

/** A URI template taken apart. */
interface Template {
  readonly operation: OperationModel;
  readonly segments: readonly Segment[];
  /** Parameters that must be in the query, with their value where the template has one. */
  readonly literals: readonly (readonly [name: string, value: string | undefined])[];
  /** Parameters that the input requires: they tell UploadPart from PutObject. */
  readonly required: readonly string[];
  readonly headers: readonly string[];
}

type Segment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "label"; readonly name: string }
  | { readonly kind: "rest"; readonly name: string };

/** A required header that tells two operations apart. All others are left to validation. */
const tellingHeaders = new Set(["x-amz-copy-source"]);

export interface RestMatch {
  readonly operation: OperationModel;
  /** Still percent-encoded. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Templates of one method: those without a literal, and the others by their first. */
interface Templates {
  readonly plain: Template[];
  readonly byLiteral: Map<string, Template[]>;
}

const compiled = new WeakMap<ServiceModel, ReadonlyMap<string, Templates>>();

/**
 * The operation of a REST service that method, path, query and headers name. Of several that fit, the one that
 * asks for the most; so `GET /b?list-type=2` is ListObjectsV2 and `GET /b` is ListObjects.
 */
export function matchRest(
  model: ServiceModel,
  method: string,
  path: string,
  query: ReadonlyMap<string, readonly string[]>,
  header: (name: string) => string | undefined,
): RestMatch | undefined {
  const templates = templatesOf(model).get(method);
  let best: RestMatch | undefined;
  let bestScore = -1;

  function consider(candidates: readonly Template[]): void {
    for (const template of candidates) {
      const score = scoreOf(template, query, header);
      if (score <= bestScore) continue;
      const labels = matchPath(template.segments, path);
      if (!labels) continue;
      best = { operation: template.operation, labels };
      bestScore = score;
    }
  }

  if (!templates) return undefined;
  consider(templates.plain);
  for (const name of query.keys()) consider(templates.byLiteral.get(name) ?? []);
  return best;
}

/** How much the template asks for and finds, or -1 where something is not there. */
function scoreOf(
  { literals, required, headers }: Template,
  query: ReadonlyMap<string, readonly string[]>,
  header: (name: string) => string | undefined,
): number {
  for (const [name, value] of literals) {
    const found = query.get(name);
    if (!found || (value !== undefined && !found.includes(value))) return -1;
  }
  for (const name of required) if (!query.has(name)) return -1;
  for (const name of headers) if (header(name) === undefined) return -1;
  return literals.length + required.length + headers.length;
}

function matchPath(
  segments: readonly Segment[],
  path: string,
): Readonly<Record<string, string>> | undefined {
  const labels: Record<string, string> = {};
  let at = 1;
  for (const segment of segments) {
    if (at > path.length) return undefined;
    const slash = path.indexOf("/", at);
    const until = slash < 0 || segment.kind === "rest" ? path.length : slash;
    const text = path.slice(at, until);
    if (text === "") return undefined;
    if (segment.kind !== "literal") labels[segment.name] = text;
    else if (segment.text !== text) return undefined;
    at = until + 1;
  }
  // `/bucket/` is the bucket; a longer rest is something else.
  return at >= path.length ? labels : undefined;
}

function templatesOf(model: ServiceModel): ReadonlyMap<string, Templates> {
  const known = compiled.get(model);
  if (known) return known;
  const byMethod = new Map<string, Templates>();
  for (const name of model.operationNames) {
    const operation = model.findOperation(name);
    // WriteGetObjectResponse is reached through a host of its own, which Bondstore does not have.
    if (!operation || operation.deprecated || operation.name === "WriteGetObjectResponse") continue;
    const template = templateOf(operation);
    const same: Templates = byMethod.get(operation.method) ?? { plain: [], byLiteral: new Map() };
    byMethod.set(operation.method, same);
    const literal = template.literals[0]?.[0];
    if (literal === undefined) same.plain.push(template);
    else same.byLiteral.set(literal, [...(same.byLiteral.get(literal) ?? []), template]);
  }
  compiled.set(model, byMethod);
  return byMethod;
}

function templateOf(operation: OperationModel): Template {
  const [path = "/", query = ""] = operation.uri.split("?", 2);
  const segments = path
    .split("/")
    .filter((text) => text !== "")
    .map((text): Segment => {
      const label = /^\{([^}+]+)(\+?)\}$/.exec(text);
      if (!label) return { kind: "literal", text };
      return { kind: label[2] === "+" ? "rest" : "label", name: label[1] ?? "" };
    });
  const literals = query
    .split("&")
    .filter((pair) => pair !== "" && !pair.startsWith("x-id="))
    .map((pair) => {
      const [name = "", value] = pair.split("=", 2);
      return [name, value === "" ? undefined : value] as const;
    });
  const bound = (location: string) =>
    operation.input.members
      .filter((member) => member.required && member.location === location)
      .map(({ name, locationName = name }) => locationName);
  return {
    operation,
    segments,
    literals,
    required: bound("querystring"),
    headers: bound("header").filter((name) => tellingHeaders.has(name.toLowerCase())),
  };
}
