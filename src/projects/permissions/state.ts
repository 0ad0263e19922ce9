import type { ObjectType } from "../../policy/odps/actions.ts";
import type { DisplayLimits } from "../../protection/flow.ts";
import type { StoreName } from "../stores.ts";

/** Whom a grant or a label names. */
export interface Grantee {
  readonly kind: "user" | "role";
  readonly name: string;
}

/** Somebody who was added to the project. */
export interface ProjectUser {
  /** `RAM$<account>:<user>` or `ALIYUN$<account>`. */
  readonly name: string;
  readonly comment: string;
}

/** A role that the project has made; the built-in ones are there from the start. */
export interface Role {
  readonly name: string;
  readonly type: "resource" | "admin";
  readonly comment: string;
  readonly members: readonly string[];
  /** The role's policy as written. */
  readonly policy?: string | undefined;
}

/** A thing of this project, or of another's package. */
export interface GrantedObject {
  readonly type: ObjectType;
  /** Absent: the schema `default`. */
  readonly schema?: string | undefined;
  /** A package of another project is named `project.package`. A grant by policy may have stars. */
  readonly name: string;
  /** Columns of a table; absent: all. */
  readonly columns?: readonly string[] | undefined;
}

/** Privileges on one object for one user or role. */
export interface Grant {
  readonly to: Grantee;
  readonly object: GrantedObject;
  /** As spelled in the table of actions. */
  readonly privileges: readonly string[];
  readonly effect: "allow" | "deny";
  /** Which check hears it: `policy` grants go to roles, and may have stars and conditions. */
  readonly by: "acl" | "policy";
  /** In the text form of grants: `acs:SourceIp in ('10.0.0.0/8')`. */
  readonly condition?: string | undefined;
  readonly expiresMs?: number | undefined;
}

/** Sensitivity of a table, and of the columns that differ from it. */
export interface TableLabel {
  readonly schema?: string | undefined;
  readonly table: string;
  readonly label: number;
  readonly columns: Readonly<Record<string, number>>;
}

/** How sensitive data a user or role may read anywhere. */
export interface PrincipalLabel {
  readonly to: Grantee;
  readonly label: number;
}

/** Leave to read one table, or some of its columns, up to a label. */
export interface LabelGrant {
  readonly to: Grantee;
  readonly schema?: string | undefined;
  readonly table: string;
  readonly columns?: readonly string[] | undefined;
  readonly label: number;
  readonly expiresMs?: number | undefined;
}

/** One thing in a package, with what those who install it may do. */
export interface PackageItem {
  readonly object: GrantedObject;
  readonly privileges: readonly string[];
}

/** A project that may install a package; `*` is every project. */
export interface PackageAdmission {
  readonly project: string;
  /** Most sensitive data it may read; absent: 0. */
  readonly label: number;
  /** Absent: what the items list. */
  readonly privileges?: readonly string[] | undefined;
  readonly expiresMs?: number | undefined;
}

/** Things of this project that others may use. */
export interface Package {
  readonly name: string;
  readonly createdMs: number;
  readonly items: readonly PackageItem[];
  readonly admitted: readonly PackageAdmission[];
}

/** A package of another project that this one has installed. */
export interface InstalledPackage {
  readonly project: string;
  readonly name: string;
  readonly installedMs: number;
}

/** The security configuration of a project, without its protection. */
export interface SecuritySettings {
  readonly checkPermissionUsingAcl: boolean;
  readonly checkPermissionUsingPolicy: boolean;
  readonly objectCreatorHasAccessPermission: boolean;
  readonly objectCreatorHasGrantPermission: boolean;
  readonly labelSecurity: boolean;
  readonly externalResourceAccessControl: boolean;
  readonly enableDownloadPrivilege: boolean;
  /** What opens the project waits for a second person. */
  readonly secondApprover: boolean;
}

/** Who made something. */
export interface Creator {
  readonly object: GrantedObject;
  readonly user: string;
}

/** Everything that a project says about who may do what in it: plain data, changed only by making anew. */
export interface Permissions {
  readonly project: string;
  readonly owner: string;
  readonly users: readonly ProjectUser[];
  readonly superAdministrators: readonly string[];
  readonly administrators: readonly string[];
  readonly roles: readonly Role[];
  readonly grants: readonly Grant[];
  /** The project's policy as written. */
  readonly policy?: string | undefined;
  readonly tableLabels: readonly TableLabel[];
  readonly principalLabels: readonly PrincipalLabel[];
  readonly labelGrants: readonly LabelGrant[];
  readonly packages: readonly Package[];
  readonly installed: readonly InstalledPackage[];
  readonly settings: SecuritySettings;
  readonly protection: boolean;
  /** The exception policy as written. */
  readonly exceptions?: string | undefined;
  readonly trustedProjects: readonly string[];
  /** Buckets, streams and applications that belong to the project; absent: none. */
  readonly stores?: readonly StoreName[] | undefined;
  /** How much may be shown; absent: as much as by default. */
  readonly display?: DisplayLimits | undefined;
  readonly accountProviders: readonly string[];
}

/** A project that nobody has set anything in yet. */
export const newPermissions = (project: string, owner: string): Permissions => ({
  project,
  owner,
  users: [],
  superAdministrators: [],
  administrators: [],
  roles: [],
  grants: [],
  tableLabels: [],
  principalLabels: [],
  labelGrants: [],
  packages: [],
  installed: [],
  settings: {
    checkPermissionUsingAcl: true,
    checkPermissionUsingPolicy: true,
    objectCreatorHasAccessPermission: true,
    objectCreatorHasGrantPermission: true,
    labelSecurity: false,
    externalResourceAccessControl: false,
    enableDownloadPrivilege: false,
    secondApprover: false,
  },
  protection: false,
  trustedProjects: [],
  accountProviders: ["ALIYUN", "RAM"],
});

/** A change that is not made, in the words that its author reads. */
export interface Refusal {
  readonly code:
    | "NoSuchObject"
    | "NoPermission"
    | "InvalidArgument"
    | "ObjectAlreadyExists"
    | "LimitExceeded";
  readonly message: string;
}

/** What a change makes of a state. */
export type Change =
  | { readonly state: Permissions; readonly refusal?: undefined }
  | { readonly state?: undefined; readonly refusal: Refusal };

export const changedTo = (state: Permissions): Change => ({ state });

export const refused = (code: Refusal["code"], message: string): Change => ({
  refusal: { code, message },
});

/** Most of each kind that one project may have. */
export const limits = {
  users: 10_000,
  roles: 500,
  members: 10_000,
  grants: 100_000,
  labels: 100_000,
  packages: 1_000,
  items: 10_000,
  admissions: 1_000,
  trustedProjects: 1_000,
} as const;
