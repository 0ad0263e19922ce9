import { compileWildcards } from "../pattern.ts";
import { PolicyError } from "../policy-error.ts";
import type { ObjectType } from "./actions.ts";
import { lowerName } from "./names.ts";

/** A thing of a project, or the project itself (type `project`, whose name is its own). */
export interface ObjectName {
  readonly project: string;
  readonly type: ObjectType;
  /** Absent: the schema `default`. */
  readonly schema?: string | undefined;
  readonly name: string;
}

/** Folders of the types in paths. */
const folders: Readonly<Record<Exclude<ObjectType, "project" | "schema">, string>> = {
  table: "tables",
  function: "registration/functions",
  resource: "resources",
  volume: "volumes",
  instance: "instances",
  package: "packages",
};

/** Types that live in schemas. */
const inSchemas: ReadonlySet<ObjectType> = new Set(["table", "function", "resource", "volume"]);

/** The paths by which policies name a thing: with its schema, and without where that is `default`. */
export function pathsOf(object: ObjectName): readonly string[] {
  const { type, schema = "default", name } = object;
  const project = `projects/${lowerName(object.project)}`;
  if (type === "project") return [project];
  if (type === "schema") return [`${project}/schemas/${lowerName(name)}`];
  const tail = `${folders[type]}/${lowerName(name)}`;
  if (!inSchemas.has(type)) return [`${project}/${tail}`];
  const inSchema = `${project}/schemas/${lowerName(schema)}/${tail}`;
  return lowerName(schema) === "default" ? [`${project}/${tail}`, inSchema] : [inSchema];
}

/** The path by which exceptions name a store that is no table: `projects/p/buckets/b`. */
export const pathOfStore = (project: string, kind: string, name: string): string =>
  `projects/${lowerName(project)}/${kind}s/${lowerName(name)}`;

/** How a refusal names a thing: `acs:odps:*:projects/p/schemas/default/tables/t`. */
export function resourceText(object: ObjectName): string {
  return `acs:odps:*:${pathsOf(object).at(-1) ?? ""}`;
}

/** Tells whether a pattern names one of these paths. */
export type PathMatcher = (paths: readonly string[]) => boolean;

const prefix = "acs:odps:*:";

/**
 * Compiles a `Resource`. In an allow a star stays within its segment unless it ends the pattern; in a deny it reaches
 * over slashes as well, so that each errs to the side of refusing.
 */
export function compileResource(text: string, effect: "allow" | "deny"): PathMatcher {
  if (!text.startsWith(prefix))
    throw new PolicyError(`invalid Resource value - ${text}: it must begin with ${prefix}`);
  const pattern = lowerName(text.slice(prefix.length));
  if (pattern === "*") return () => true;
  if (!/^projects\/[\w*?.$/:-]+$/.test(pattern) || pattern.includes("//"))
    throw new PolicyError(
      `invalid Resource value - ${text}: expected ${prefix}projects/<project>/tables/<table>`,
    );
  const whole = compileWildcards(pattern);
  if (effect === "deny") return (paths) => paths.some((path) => whole(path, noFact));
  if (!/[*?]/.test(pattern)) return (paths) => paths.includes(pattern);
  const segments = pattern.split("/").map(compileWildcards);
  const open = pattern.endsWith("*");
  return (paths) =>
    paths.some((path) => {
      if (!whole(path, noFact)) return false;
      const given = path.split("/");
      if (open ? given.length < segments.length : given.length !== segments.length) return false;
      return segments.every((matches, at) => matches(given[at] ?? "", noFact));
    });
}

const noFact = () => undefined;
