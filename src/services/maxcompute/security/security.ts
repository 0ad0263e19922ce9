import {
  type Document,
  type OdpsAnswer,
  type OdpsInput,
  type Part,
  partOf,
  textOf,
} from "../../../pipeline/document.ts";
import { operation, ServiceError } from "../../../pipeline/operation.ts";
import { builtInRoles, findRole, isMember, rolesOf } from "../../../projects/permissions/names.ts";
import { putPolicy, putRolePolicy } from "../../../projects/permissions/roles.ts";
import { setProtection, setSetting } from "../../../projects/permissions/settings.ts";
import type { Change, Permissions } from "../../../projects/permissions/state.ts";
import type { OdpsCall } from "../find-project.ts";
import { changeSecurity } from "./change.ts";
import { ranked, type SecurityTarget, worded } from "./target.ts";

const flag = (value: boolean): string => String(value);

/** The security configuration as clients read it. Two elements must be there, or the Java SDK fails. */
export const getSecurityConfiguration = operation("GetSecurityConfiguration", {
  ...ranked("admin"),
  handle({ state }: SecurityTarget, { parameters }: OdpsInput): OdpsAnswer {
    const { settings, protection, exceptions } = state;
    const without = "security_configuration_without_exception_policy" in parameters;
    const SecurityConfiguration: Document = {
      CheckPermissionUsingAcl: flag(settings.checkPermissionUsingAcl),
      CheckPermissionUsingPolicy: flag(settings.checkPermissionUsingPolicy),
      LabelSecurity: flag(settings.labelSecurity),
      ObjectCreatorHasAccessPermission: flag(settings.objectCreatorHasAccessPermission),
      ObjectCreatorHasGrantPermission: flag(settings.objectCreatorHasGrantPermission),
      ProjectProtection: {
        "@Protected": flag(protection),
        Exceptions: without ? "" : (exceptions ?? ""),
      },
      EnableExternalResourceAccessControl: {
        "@CheckExternalResourcePermissionEnable": flag(settings.externalResourceAccessControl),
        Locations: "",
      },
      CheckPermissionUsingAclV2: flag(settings.checkPermissionUsingAcl),
      CheckPermissionUsingPackageV2: "true",
      CheckPermissionUsingPolicyV2: flag(settings.checkPermissionUsingPolicy),
      ...{ SupportACL: "true", SupportPolicy: "true", SupportPackage: "true" },
      ...{ SupportACLV2: "true", SupportPolicyV2: "true", SupportPackageV2: "true" },
      ...{ CreatePackage: "true", CreatePackageV2: "true" },
      EnableDownloadPrivilege: flag(settings.enableDownloadPrivilege),
      GrammarVersion: "2.0",
    };
    return { document: { SecurityConfiguration } };
  },
});

/** Elements of the configuration that are switches. */
const switches: readonly string[] = [
  "CheckPermissionUsingAcl",
  "CheckPermissionUsingPolicy",
  "LabelSecurity",
  "ObjectCreatorHasAccessPermission",
  "ObjectCreatorHasGrantPermission",
];

/** Sets what the document names: clients send back all that they have read. */
export const putSecurityConfiguration = operation("PutSecurityConfiguration", {
  ...ranked("super_administrator"),
  action: "Write",
  async handle(
    target: SecurityTarget,
    { document }: OdpsInput,
    call: OdpsCall,
  ): Promise<OdpsAnswer> {
    const root = document?.["SecurityConfiguration"];
    if (root === undefined) throw invalid("there is no SecurityConfiguration");
    await changeSecurity(target, (state) => configured(state, root), worded, call);
    return {};
  },
});

function configured(before: Permissions, root: Part): Change {
  let state = before;
  for (const name of switches) {
    const text = textOf(partOf(root, name));
    if (text === undefined || text === "") continue;
    const change = setSetting(state, name, isTrue(text));
    if (change.refusal) return change;
    ({ state } = change);
  }
  const protection = partOf(root, "ProjectProtection");
  const on = textOf(partOf(protection, "@Protected"));
  if (on === undefined) return { state };
  const exceptions = textOf(partOf(protection, "Exceptions"))?.trim();
  // Sent back as it was read: nothing is approved anew by that.
  if (isTrue(on) === state.protection && (exceptions || undefined) === state.exceptions) {
    return { state };
  }
  return setProtection(state, isTrue(on), exceptions || undefined);
}

function isTrue(text: string): boolean {
  const value = text.trim().toLowerCase();
  if (value === "true" || value === "false") return value === "true";
  throw invalid(`\`${text.slice(0, 32)}\` is neither true nor false`);
}

const invalid = (why: string) =>
  new ServiceError("InvalidArgument", `Invalid security configuration: ${why}.`);

/** The project's policy. */
export const getProjectPolicy = operation("GetProjectPolicy", {
  ...ranked("admin"),
  handle: ({ state }: SecurityTarget): OdpsAnswer => ({ text: state.policy ?? "" }),
});

export const putProjectPolicy = operation("PutProjectPolicy", {
  ...ranked("super_administrator"),
  action: "Write",
  async handle(
    target: SecurityTarget,
    { text = "" }: OdpsInput,
    call: OdpsCall,
  ): Promise<OdpsAnswer> {
    await changeSecurity(target, (state) => putPolicy(state, text), worded, call);
    return {};
  },
});

const roleIn = (state: Permissions, { labels }: OdpsInput): string => {
  const name = labels["Role"] ?? "";
  if (findRole(state, name) ?? builtInRoles.includes(name.toLowerCase())) return name;
  throw new ServiceError("NoSuchObject", `The role ${name.slice(0, 128)} does not exist.`);
};

export const getRolePolicy = operation("GetRolePolicy", {
  ...ranked("admin"),
  handle: ({ state }: SecurityTarget, input: OdpsInput): OdpsAnswer => ({
    text: findRole(state, roleIn(state, input))?.policy ?? "",
  }),
});

export const putRolePolicyOperation = operation("PutRolePolicy", {
  ...ranked("super_administrator"),
  action: "Write",
  async handle(target: SecurityTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const { text = "" } = input;
    const role = roleIn(target.state, input);
    await changeSecurity(target, (state) => putRolePolicy(state, role, text), worded, call);
    return {};
  },
});

const userElements = (names: readonly string[]): Document => ({
  Users: { User: names.map((name) => ({ ID: name, DisplayName: name, Comment: "" })) },
});

export const listUsers = operation("ListUsers", {
  ...ranked("admin"),
  handle: ({ state }: SecurityTarget): OdpsAnswer => ({
    document: userElements([state.owner, ...state.users.map(({ name }) => name)]),
  }),
});

/** A user by the id that we tell, which is the name. */
export const getUser = operation("GetUser", {
  ...ranked("admin"),
  handle({ state }: SecurityTarget, { labels }: OdpsInput): OdpsAnswer {
    const name = userIn(state, labels["User"] ?? "");
    return { document: { User: { ID: name, DisplayName: name, Comment: "" } } };
  },
});

function userIn(state: Permissions, name: string): string {
  if (isMember(state, name)) return name;
  throw new ServiceError(
    "NoSuchObject",
    `The user ${name.slice(0, 128)} is not of project ${state.project}.`,
  );
}

const roleElements = (state: Permissions, names: readonly string[]): Document => ({
  Roles: {
    Role: names.map((name) => ({ Name: name, Comment: findRole(state, name)?.comment ?? "" })),
  },
});

export const listUserRoles = operation("ListUserRoles", {
  ...ranked("admin"),
  handle({ state }: SecurityTarget, { labels }: OdpsInput): OdpsAnswer {
    const roles = rolesOf(state, userIn(state, labels["User"] ?? ""));
    return { document: roleElements(state, roles) };
  },
});

export const listRoles = operation("ListRoles", {
  ...ranked("admin"),
  handle: ({ state }: SecurityTarget): OdpsAnswer => ({
    document: roleElements(state, [...builtInRoles, ...state.roles.map(({ name }) => name)]),
  }),
});

export const listRoleUsers = operation("ListRoleUsers", {
  ...ranked("admin"),
  handle({ state }: SecurityTarget, input: OdpsInput): OdpsAnswer {
    const name = roleIn(state, input);
    const members: Readonly<Record<string, readonly string[]>> = {
      super_administrator: state.superAdministrators,
      admin: state.administrators,
    };
    return {
      document: userElements(findRole(state, name)?.members ?? members[name.toLowerCase()] ?? []),
    };
  },
});
