import { isSameName } from "../../policy/odps/names.ts";
import { parseException } from "../../protection/exceptions.ts";
import { type StoreName, storesMax } from "../stores.ts";
import { isProjectName } from "./names.ts";
import { wordPolicyError } from "./roles.ts";
import {
  type Change,
  changedTo,
  limits,
  type Permissions,
  refused,
  type SecuritySettings,
} from "./state.ts";

/** Settings as commands spell them, in lower case, and as they are kept. */
export const settingNames: Readonly<Record<string, keyof SecuritySettings>> = {
  checkpermissionusingacl: "checkPermissionUsingAcl",
  checkpermissionusingpolicy: "checkPermissionUsingPolicy",
  objectcreatorhasaccesspermission: "objectCreatorHasAccessPermission",
  objectcreatorhasgrantpermission: "objectCreatorHasGrantPermission",
  labelsecurity: "labelSecurity",
  externalresourceaccesscontrol: "externalResourceAccessControl",
  "odps.security.enabledownloadprivilege": "enableDownloadPrivilege",
  "odps.security.secondapprover": "secondApprover",
};

/** Switches one setting. */
export function setSetting(state: Permissions, name: string, value: boolean): Change {
  const setting = Object.hasOwn(settingNames, name.toLowerCase())
    ? settingNames[name.toLowerCase()]
    : undefined;
  if (setting === undefined)
    return refused("InvalidArgument", `there is no security setting ${name}`);
  return changedTo({ ...state, settings: { ...state.settings, [setting]: value } });
}

/** Switches protection. Without exceptions, those that were there are gone. */
export function setProtection(state: Permissions, on: boolean, exceptions?: string): Change {
  if (!on && exceptions !== undefined)
    return refused("InvalidArgument", "exceptions belong to a project that is protected");
  try {
    if (exceptions !== undefined) parseException(exceptions);
  } catch (error) {
    return wordPolicyError(error);
  }
  return changedTo({ ...state, protection: on, exceptions });
}

/** Trusts a project: data may go there. */
export function addTrustedProject(state: Permissions, project: string): Change {
  if (!isProjectName(project)) return refused("InvalidArgument", `invalid project name ${project}`);
  if (isSameName(project, state.project))
    return refused("InvalidArgument", `project ${project} need not trust itself`);
  if (state.trustedProjects.some((one) => isSameName(one, project)))
    return refused("ObjectAlreadyExists", `project ${project} is trusted already`);
  if (state.trustedProjects.length >= limits.trustedProjects)
    return refused("LimitExceeded", `${limits.trustedProjects} projects are trusted already`);
  return changedTo({ ...state, trustedProjects: [...state.trustedProjects, project] });
}

/** Trusts a project no longer. */
export function removeTrustedProject(state: Permissions, project: string): Change {
  const trustedProjects = state.trustedProjects.filter((one) => !isSameName(one, project));
  return trustedProjects.length === state.trustedProjects.length
    ? refused("NoSuchObject", `project ${project} is not trusted`)
    : changedTo({ ...state, trustedProjects });
}

const isSameStore = (one: StoreName, other: StoreName): boolean =>
  one.kind === other.kind && one.name === other.name;

/** Makes a bucket, stream or application belong to the project. `holder`: the project that has it already. */
export function addStore(state: Permissions, added: StoreName, holder: string | undefined): Change {
  const { kind, name } = added;
  const { stores = [] } = state;
  if (holder !== undefined)
    return refused("ObjectAlreadyExists", `${kind} ${name} belongs to project ${holder} already`);
  if (stores.length >= storesMax)
    return refused("LimitExceeded", `${storesMax} stores belong to the project already`);
  return changedTo({ ...state, stores: [...stores, added] });
}

/** Lets it go. */
export function removeStore(state: Permissions, removed: StoreName): Change {
  const { stores = [] } = state;
  const left = stores.filter((one) => !isSameStore(one, removed));
  return left.length === stores.length
    ? refused("NoSuchObject", `${removed.kind} ${removed.name} does not belong to the project`)
    : changedTo({ ...state, stores: left });
}
