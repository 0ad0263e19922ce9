import { isSameName } from "../../policy/odps/names.ts";
import { findInstalled, findPackage } from "../permissions/packages.ts";
import type { GrantedObject, Package, Permissions } from "../permissions/state.ts";
import { asciiTable, listedTime } from "./ascii-table.ts";
import type { PackagePath } from "./command.ts";
import type { Listing } from "./listed-grants.ts";
import { CommandRefusal } from "./resolve.ts";

/** Lists the project's own packages and those it has installed. */
export function listPackages(state: Permissions): Listing {
  const own = state.packages.map(({ name, createdMs }) => [name, listedTime(createdMs)]);
  const installed = state.installed.map(({ name, project, installedMs }) => [
    name,
    project,
    listedTime(installedMs),
  ]);
  const tables = [
    asciiTable(["PackageName", "CreateTime"], own),
    asciiTable(["PackageName", "SourceProject", "InstallTime"], installed),
  ];
  return {
    text: tables.join("\n"),
    json: {
      CreatedPackages: own.map(([PackageName, CreateTime]) => ({ PackageName, CreateTime })),
      InstalledPackages: installed.map(([PackageName, SourceProject, InstallTime]) => ({
        PackageName,
        SourceProject,
        InstallTime,
      })),
    },
  };
}

const shownName = ({ schema, name, columns }: GrantedObject): string =>
  `${schema === undefined ? "" : `${schema}.`}${name}${columns === undefined ? "" : `(${columns.join(",")})`}`;

/** Describes a package: to its owner with those it is open to, to those who installed it without. */
export function describePackage(
  state: Permissions,
  { project = state.project, name }: PackagePath,
  findProject: (name: string) => Permissions | undefined,
): Listing {
  const own = isSameName(project, state.project);
  const source = own ? state : findInstalled(state, project, name) && findProject(project);
  const found = source && findPackage(source, name);
  if (!source || !found)
    throw new CommandRefusal("NoSuchObject", `package ${project}.${name} doesn't exist`);
  return showPackage(source.project, found, own);
}

function showPackage(project: string, found: Package, own: boolean): Listing {
  const items = found.items.map(({ object, privileges }) => [
    object.type.toUpperCase(),
    shownName(object),
    [...privileges].sort().join(","),
  ]);
  const admitted = found.admitted.map((one) => [one.project, String(one.label)]);
  const head = [
    `CreateTime: ${listedTime(found.createdMs)}`,
    `PackageName: ${found.name}`,
    `SourceProject: ${project}`,
  ];
  const lists = [
    `Object List\n${asciiTable(["ObjectType", "ObjectName", "ObjectPrivileges"], items)}`,
  ];
  if (own)
    lists.push(`Allowed Project List\n${asciiTable(["ProjectName", "UserLabel"], admitted)}`);
  return {
    text: [...head, ...lists].join("\n"),
    json: {
      CreateTime: listedTime(found.createdMs),
      PackageName: found.name,
      SourceProject: project,
      ObjectList: items.map(([ObjectType, ObjectName, ObjectPrivileges]) => ({
        ObjectType,
        ObjectName,
        ObjectPrivileges,
      })),
      ...(own
        ? {
            AllowedProjectList: admitted.map(([ProjectName, UserLabel]) => ({
              ProjectName,
              UserLabel,
            })),
          }
        : {}),
    },
  };
}
