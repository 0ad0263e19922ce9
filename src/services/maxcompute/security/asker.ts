import { type Part, partOf, textOf } from "../../../pipeline/document.ts";
import type { Creator, GrantedObject, Permissions } from "../../../projects/permissions/state.ts";
import type { Asker } from "../../../projects/security-language/resolve.ts";
import { holderOf } from "../../../projects/stores.ts";
import { defaultSchema } from "../../../sql/catalog.ts";
import { tableRows } from "../catalog.ts";
import type { OdpsCall, ProjectTarget } from "../find-project.ts";
import { findTable } from "../find-table.ts";
import { functionRows } from "../functions/records.ts";
import { instanceRows } from "../jobs/instance-record.ts";
import { callerName } from "../projects.ts";
import { resourceKey, resourceRows } from "../resources/records.ts";
import { volumeKey, volumeRows } from "../volumes/records.ts";

/** Who runs a command of the security language, and what there is in the project to speak of. */
export function askerOf(
  { project, store }: ProjectTarget,
  state: Permissions,
  request: Part,
  call: OdpsCall,
): Asker {
  const { parts, timeMs, source } = call;
  const principal = callerName(call);
  const tableOf = ({ schema = defaultSchema, name }: GrantedObject) =>
    findTable(project, store, schema.toLowerCase(), name.toLowerCase());
  const functionOf = ({ schema = defaultSchema, name }: GrantedObject) =>
    functionRows(store).find([project.id, schema.toLowerCase(), name.toLowerCase()]);
  const resourceOf = ({ schema = defaultSchema, name }: GrantedObject) =>
    resourceRows(store).find(resourceKey(project.id, schema.toLowerCase(), name));
  const volumeOf = ({ schema = defaultSchema, name }: GrantedObject) =>
    volumeRows(store).find(volumeKey(project.id, schema.toLowerCase(), name));
  const instanceOf = ({ name }: GrantedObject) => instanceRows(store).find([project.id, name]);
  return {
    ...{ principal, id: principal, timeMs, sourceIp: source.ip },
    schema: schemaIn(request),
    creators: creatorsIn({ project, store }),
    catalog: {
      has(object) {
        switch (object.type) {
          case "project":
            return object.name.toLowerCase() === project.name;
          case "table":
            return tableOf(object) !== undefined;
          case "function":
            return functionOf(object) !== undefined;
          case "resource":
            return resourceOf(object) !== undefined;
          case "volume":
            return volumeOf(object) !== undefined;
          case "instance":
            return instanceOf(object) !== undefined;
          case "package":
            return isPackage(state, object.name);
          default:
            return false;
        }
      },
      columnsOf(object) {
        const table = tableOf(object);
        return table && [...table.columns, ...table.partitionColumns].map(({ name }) => name);
      },
    },
    holderOf: (name) => holderOf(store, name)?.project,
    findProject(name) {
      const other = parts.projects.find(call.account, name);
      return other && parts.projects.permissionsOf(other);
    },
  };
}

/** Who made each table, function, resource and volume: told by the things themselves. */
const creatorsIn = ({
  project,
  store,
}: Pick<ProjectTarget, "project" | "store">): readonly Creator[] =>
  (
    [
      ["table", tableRows(store)],
      ["function", functionRows(store)],
      ["resource", resourceRows(store)],
      ["volume", volumeRows(store)],
    ] as const
  ).flatMap(([type, rows]) =>
    [...rows.range({ prefix: [project.id] })].map(({ value }) => ({
      object: { type, schema: value.schema, name: value.name },
      user: value.owner,
    })),
  );

/** The schema that names without one mean in a request; undefined: `default`. */
export function schemaIn(request: Part): string | undefined {
  try {
    const settings: unknown = JSON.parse(textOf(partOf(request, "Settings")) || "{}");
    const schema =
      typeof settings === "object" && settings && Reflect.get(settings, "odps.default.schema");
    return typeof schema === "string" ? schema.toLowerCase() : undefined;
  } catch {
    return undefined;
  }
}

/** Own packages by name, installed ones with their project before it. */
const isPackage = ({ packages, installed }: Permissions, name: string): boolean =>
  packages.some((one) => one.name.toLowerCase() === name.toLowerCase()) ||
  installed.some((one) => `${one.project}.${one.name}`.toLowerCase() === name.toLowerCase());
