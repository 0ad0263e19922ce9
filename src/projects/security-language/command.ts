import type { DisplayLimits } from "../../protection/flow.ts";
import type { SecuritySettings } from "../permissions/state.ts";
import type { StoreName } from "../stores.ts";

/** A user or role as a command names it; which of both may be left open. */
export interface PrincipalName {
  readonly kind: "user" | "role" | undefined;
  readonly name: string;
}

/** A thing as a command names it: the name may have the project and the schema before it. */
export interface ObjectPath {
  /** `table` where nothing is said. */
  readonly type: string;
  readonly name: string;
  readonly columns: readonly string[] | undefined;
}

/** What `grant` and `revoke` of privileges have in common. */
export interface PrivilegeTerms {
  readonly privileges: readonly string[];
  readonly object: ObjectPath;
  readonly principal: PrincipalName;
  /** What `privilegeproperties` says. */
  readonly policy: boolean;
  readonly allow: boolean;
  readonly conditions: string | undefined;
  readonly expiresDays: number | undefined;
}

/** A table of a label, with columns if some are meant. */
export type TablePath = Pick<ObjectPath, "name" | "columns">;

/** A package by its name, with its project's where it is another's. */
export interface PackagePath {
  readonly project: string | undefined;
  readonly name: string;
}

/** A command of the security language. */
export type Command =
  | { readonly kind: "whoami" }
  | { readonly kind: "add-user"; readonly user: string; readonly comment: string }
  | { readonly kind: "remove-user"; readonly user: string }
  | { readonly kind: "list-users" }
  | {
      readonly kind: "create-role";
      readonly role: string;
      readonly comment: string;
      readonly type: string;
    }
  | { readonly kind: "drop-role"; readonly role: string }
  | { readonly kind: "list-roles" }
  | { readonly kind: "describe-role"; readonly role: string }
  | { readonly kind: "show-principals"; readonly role: string }
  | { readonly kind: "show-role-grant"; readonly principal: PrincipalName }
  | RoleGrant
  | ({ readonly kind: "grant" } & PrivilegeTerms)
  | ({ readonly kind: "revoke" } & PrivilegeTerms)
  | { readonly kind: "purge-privileges"; readonly user: string }
  | { readonly kind: "clear-expired-grants" }
  | {
      readonly kind: "show-grants";
      readonly principal: PrincipalName | undefined;
      readonly object: ObjectPath | undefined;
    }
  | { readonly kind: "show-acl"; readonly object: ObjectPath }
  | {
      readonly kind: "set-principal-label";
      readonly principal: PrincipalName;
      readonly label: number;
    }
  | { readonly kind: "set-table-label"; readonly table: TablePath; readonly label: number }
  | {
      readonly kind: "grant-label";
      readonly table: TablePath;
      readonly principal: PrincipalName;
      readonly label: number;
      readonly expiresDays: number | undefined;
    }
  | { readonly kind: "revoke-label"; readonly table: TablePath; readonly principal: PrincipalName }
  | {
      readonly kind: "show-label-grants";
      readonly label: number | undefined;
      readonly table: TablePath | undefined;
      readonly principal: PrincipalName | undefined;
    }
  | { readonly kind: "create-package"; readonly name: string }
  | { readonly kind: "delete-package"; readonly name: string }
  | {
      readonly kind: "add-to-package";
      readonly package: string;
      readonly object: ObjectPath;
      readonly privileges: readonly string[] | undefined;
    }
  | { readonly kind: "remove-from-package"; readonly package: string; readonly object: ObjectPath }
  | {
      readonly kind: "allow-install";
      readonly package: string;
      readonly project: string;
      readonly privileges: readonly string[] | undefined;
      readonly label: number;
      readonly expiresDays: number | undefined;
    }
  | { readonly kind: "disallow-install"; readonly package: string; readonly project: string }
  | { readonly kind: "install-package"; readonly package: PackagePath }
  | { readonly kind: "uninstall-package"; readonly package: PackagePath }
  | { readonly kind: "show-packages" }
  | { readonly kind: "describe-package"; readonly package: PackagePath }
  | { readonly kind: "add-trusted-project"; readonly project: string }
  | { readonly kind: "remove-trusted-project"; readonly project: string }
  | { readonly kind: "list-trusted-projects" }
  | { readonly kind: "list-account-providers" }
  | { readonly kind: "get-policy"; readonly role: string | undefined }
  | {
      readonly kind: "set-protection";
      readonly on: boolean;
      readonly exceptions: string | undefined;
    }
  | { readonly kind: "set-setting"; readonly name: keyof SecuritySettings; readonly value: boolean }
  /** Rows of one display, and of one person's displays in a day; only what is told changes. */
  | { readonly kind: "set-display"; readonly limits: Partial<DisplayLimits> }
  | { readonly kind: "add-store" | "remove-store"; readonly store: StoreName }
  | { readonly kind: "list-stores" }
  | { readonly kind: "list-proposals" }
  | { readonly kind: "approve-proposal" | "withdraw-proposal"; readonly id: string }
  /** Asks what could leave after a command that could not before. */
  | { readonly kind: "dry-run"; readonly command: Command }
  | { readonly kind: "show-security-configuration" };

/** Roles given or taken. */
export interface RoleGrant {
  readonly kind: "grant-roles" | "revoke-roles";
  readonly roles: readonly string[];
  readonly users: readonly string[];
}
