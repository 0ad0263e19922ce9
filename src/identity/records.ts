import type { Session } from "./principal.ts";

/** What users, groups and roles have in common: they hold policies. */
export interface Holder {
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly path: string;
  readonly createdAtMs: number;
  /** ARNs of attached managed policies, in the order of attaching. */
  readonly attached: readonly string[];
  /** Texts of inline policies by name. */
  readonly inline: Readonly<Record<string, string>>;
}

/** Tags by key, in the order they were set. */
export type Tags = Readonly<Record<string, string>>;

export interface UserRecord extends Holder {
  readonly kind: "user";
  readonly tags: Tags;
  /** ARN of the managed policy that bounds what the user may do. */
  readonly boundary?: string;
  /** Names of groups in lower case. */
  readonly groups: readonly string[];
  /** Ids of access keys, the oldest first. */
  readonly keys: readonly string[];
}

export interface GroupRecord extends Holder {
  readonly kind: "group";
}

export interface RoleRecord extends Holder {
  readonly kind: "role";
  readonly tags: Tags;
  readonly boundary?: string;
  readonly description?: string;
  readonly maxSessionSeconds: number;
  /** Text of the trust policy. */
  readonly trust: string;
}

export interface HolderRecords {
  readonly user: UserRecord;
  readonly group: GroupRecord;
  readonly role: RoleRecord;
}

export type HolderKind = keyof HolderRecords;

export interface PolicyVersion {
  /** `v1`, never used again after it was deleted. */
  readonly id: string;
  readonly document: string;
  readonly createdAtMs: number;
}

export interface PolicyRecord {
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly path: string;
  readonly description?: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly tags: Tags;
  readonly defaultVersion: string;
  readonly versions: readonly PolicyVersion[];
  /** Number of the version made last. */
  readonly lastVersion: number;
}

export interface AccessKeyRecord {
  readonly id: string;
  readonly secret: string;
  /** The user's name in lower case; absent for root. */
  readonly user?: string;
  readonly active: boolean;
  readonly createdAtMs: number;
}

/** Where an access key was used last. */
export interface KeyUse {
  readonly timeMs: number;
  readonly service: string;
}

/** Temporary credentials; what they may do is read from the living user or role, not kept here. */
export interface SessionRecord {
  readonly secret: string;
  readonly token: string;
  readonly session: Session;
  readonly of:
    | {
        readonly kind: "role";
        readonly role: string;
        readonly id: string;
        readonly name: string;
        readonly tags: Tags;
      }
    /** A user or root: whoever has the access key that asked for it, and no longer than that key. */
    | { readonly kind: "key"; readonly key: string };
}
