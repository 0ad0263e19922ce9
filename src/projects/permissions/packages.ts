import { actionsOf } from "../../policy/odps/actions.ts";
import { isSameName } from "../../policy/odps/names.ts";
import type { Catalog } from "./grants.ts";
import { isProjectName, isSameObject, listedPath } from "./names.ts";
import {
  type Change,
  changedTo,
  type GrantedObject,
  limits,
  type Package,
  type PackageAdmission,
  type Permissions,
  refused,
} from "./state.ts";

const nameForm = /^[A-Za-z][A-Za-z0-9_]{0,127}$/;

export const findPackage = (state: Permissions, name: string): Package | undefined =>
  state.packages.find((one) => isSameName(one.name, name));

const noSuchPackage = (name: string): Change =>
  refused("NoSuchObject", `package ${name} doesn't exist`);

/** Makes an empty package. */
export function createPackage(state: Permissions, name: string, timeMs: number): Change {
  if (!nameForm.test(name)) return refused("InvalidArgument", `invalid package name ${name}`);
  if (findPackage(state, name))
    return refused("ObjectAlreadyExists", `package ${name} already exists`);
  if (state.packages.length >= limits.packages)
    return refused("LimitExceeded", `project ${state.project} has ${limits.packages} packages`);
  const made: Package = { name, createdMs: timeMs, items: [], admitted: [] };
  return changedTo({ ...state, packages: [...state.packages, made] });
}

/** Deletes a package: those who installed it hold nothing by it any more. */
export function deletePackage(state: Permissions, name: string): Change {
  const found = findPackage(state, name);
  if (!found) return noSuchPackage(name);
  return changedTo({ ...state, packages: state.packages.filter((one) => one !== found) });
}

function changePackage(
  state: Permissions,
  name: string,
  change: (found: Package) => Package | Change,
): Change {
  const found = findPackage(state, name);
  if (!found) return noSuchPackage(name);
  const made = change(found);
  if (!("items" in made)) return made;
  return changedTo({
    ...state,
    packages: state.packages.map((one) => (one === found ? made : one)),
  });
}

/** What an item gives when nothing is said. */
const itemPrivileges: Readonly<Partial<Record<GrantedObject["type"], readonly string[]>>> = {
  table: ["Describe", "Select"],
  function: ["Read", "Execute"],
  resource: ["Read"],
};

/** Puts a thing into a package. Its privileges stay as they are: who wants others removes it and adds it anew. */
export function addToPackage(
  state: Permissions,
  name: string,
  object: GrantedObject,
  wanted: readonly string[] | undefined,
  catalog: Catalog,
): Change {
  return changePackage(state, name, (found) => {
    const privileges = wanted ?? itemPrivileges[object.type];
    if (!privileges || itemPrivileges[object.type] === undefined)
      return refused("InvalidArgument", `a ${object.type} cannot be put into a package`);
    const known: readonly string[] = actionsOf[object.type];
    const wrong = privileges.find((one) => !known.includes(one));
    if (wrong !== undefined)
      return refused("InvalidArgument", `${wrong} is no privilege on a ${object.type}`);
    if (!catalog.has(object))
      return refused("NoSuchObject", `${listedPath(state.project, object)} doesn't exist`);
    if (found.items.some((item) => isSameObject(item.object, object)))
      return refused(
        "ObjectAlreadyExists",
        `${listedPath(state.project, object)} is in package ${found.name} already: remove it first`,
      );
    if (found.items.length >= limits.items)
      return refused("LimitExceeded", `package ${found.name} has ${limits.items} items already`);
    return { ...found, items: [...found.items, { object, privileges }] };
  });
}

/** Takes a thing out of a package. */
export function removeFromPackage(state: Permissions, name: string, object: GrantedObject): Change {
  return changePackage(state, name, (found) => {
    const items = found.items.filter((item) => !isSameObject(item.object, object));
    if (items.length === found.items.length)
      return refused(
        "NoSuchObject",
        `${listedPath(state.project, object)} is not in package ${found.name}`,
      );
    return { ...found, items };
  });
}

/** Lets a project install a package, in place of what was said of it before. */
export function allowInstall(
  state: Permissions,
  name: string,
  admission: PackageAdmission,
): Change {
  return changePackage(state, name, (found) => {
    const { project } = admission;
    if (project !== "*" && !isProjectName(project))
      return refused("InvalidArgument", `invalid project name ${project}`);
    const others = found.admitted.filter((one) => !isSameName(one.project, project));
    if (others.length >= limits.admissions)
      return refused("LimitExceeded", `package ${found.name} is open to too many projects`);
    return { ...found, admitted: [...others, admission] };
  });
}

/** Forbids it again: what is installed there counts no more. */
export function disallowInstall(state: Permissions, name: string, project: string): Change {
  return changePackage(state, name, (found) => {
    const admitted = found.admitted.filter((one) => !isSameName(one.project, project));
    return admitted.length === found.admitted.length
      ? refused("NoSuchObject", `project ${project} was not allowed to install ${found.name}`)
      : { ...found, admitted };
  });
}

/** Installs a package of another project. One that does not admit this project does not exist for it. */
export function installPackage(
  state: Permissions,
  source: Permissions | undefined,
  { project, name }: { readonly project: string; readonly name: string },
  timeMs: number,
): Change {
  const found = source && findPackage(source, name);
  const admitted = found?.admitted.some(
    (one) =>
      (one.project === "*" || isSameName(one.project, state.project)) &&
      (one.expiresMs === undefined || one.expiresMs > timeMs),
  );
  if (!source || !found || !admitted || isSameName(source.project, state.project))
    return refused(
      "NoSuchObject",
      `package ${project}.${name} doesn't exist, or project ${state.project} may not install it`,
    );
  if (findInstalled(state, project, name))
    return refused("ObjectAlreadyExists", `package ${project}.${name} is installed already`);
  if (state.installed.length >= limits.packages)
    return refused("LimitExceeded", `project ${state.project} has too many packages`);
  const installed = { project: source.project, name: found.name, installedMs: timeMs };
  return changedTo({ ...state, installed: [...state.installed, installed] });
}

export const findInstalled = (state: Permissions, project: string, name: string) =>
  state.installed.find((one) => isSameName(one.project, project) && isSameName(one.name, name));

/** Uninstalls a package; what was granted on it goes with it. */
export function uninstallPackage(state: Permissions, project: string, name: string): Change {
  const found = findInstalled(state, project, name);
  if (!found) return refused("NoSuchObject", `package ${project}.${name} is not installed`);
  const object: GrantedObject = { type: "package", name: `${found.project}.${found.name}` };
  return changedTo({
    ...state,
    installed: state.installed.filter((one) => one !== found),
    grants: state.grants.filter((one) => !isSameObject(one.object, object)),
  });
}
