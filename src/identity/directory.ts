import type { Applied } from "../policy/question.ts";
import type { AccountDirectory } from "./account-directory.ts";
import type {
  Principal,
  PrincipalPolicies,
  RoleSession,
  Root,
  Session,
  User,
} from "./principal.ts";

/** What signs a request, found by its access key id. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secret: string;
  /** The session token that must come along; undefined for long-term keys. */
  readonly token?: string;
  readonly expiresAtMs?: number;
  readonly active: boolean;
  readonly principal: Principal;
}

/** Credentials just made; the secret is shown this once. */
export interface NewCredentials {
  readonly accessKeyId: string;
  readonly secret: string;
  readonly token: string;
  readonly expiresAtMs: number;
}

/** A role, as those need it who act through it. */
export interface RoleFacts {
  readonly account: string;
  readonly arn: string;
  readonly id: string;
  readonly name: string;
  readonly trust: Applied;
  readonly tags: Readonly<Record<string, string>>;
  readonly maxSessionSeconds: number;
}

export interface Account {
  /** 12 digits. */
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
}

/**
 * Accounts, and who is in them. What the pipeline needs of it; the nouns (users, groups, roles, policies) have
 * modules of their own in this folder, which `services/iam` works with.
 */
export interface Directory {
  /** Credentials by access key id, whatever account; undefined when unknown or revoked. From memory when seen before. */
  findCredentials(accessKeyId: string): Credentials | undefined;
  /** Compiled policies of a principal, cached until one of them changes. */
  policiesOf(principal: Principal): PrincipalPolicies;
  findRole(arn: string): RoleFacts | undefined;
  /** Makes temporary credentials of a role. The trust policy has been judged before. */
  startRoleSession(
    role: RoleFacts,
    sessionName: string,
    session: Omit<Session, "issuedAtMs">,
    tags: Readonly<Record<string, string>>,
  ): Promise<NewCredentials>;
  /** Makes temporary credentials of a user or of root; they end with the access key that asked for them. */
  startUserSession(
    principal: User | Root,
    session: { readonly expiresAtMs: number; readonly mfa: boolean },
  ): Promise<NewCredentials>;
  /**
   * Makes temporary credentials of whoever signed with a key, for code that runs in a cell for them: they may no more than
   * that key or session, end with it, and are bound to the job.
   */
  startJobSession(
    principal: User | Root | RoleSession,
    job: { readonly application: string; readonly expiresAtMs: number },
  ): Promise<NewCredentials>;
  /** Ends every session made for an application's or a job's cell. */
  endApplicationSessions(application: string): Promise<void>;
  /**
   * The account with its root credentials, which are not kept in clear and not shown again. `id` is the 12 digits that
   * it has in another Bondstore as well.
   */
  createAccount(
    name: string,
    id?: string,
  ): Promise<{ readonly account: Account; readonly accessKeyId: string; readonly secret: string }>;
  accounts(): readonly Account[];
  findAccount(idOrName: string): Account | undefined;
  /** The account that an access key belongs to, active or not. */
  accountOfKey(accessKeyId: string): string | undefined;
  /** Remembers where a key was used last; at once in memory, on disk now and then. */
  noteUse(accessKeyId: string, service: string): void;
  /** Who and what is in an account: the nouns that `services/iam` works with. */
  inAccount(id: string): AccountDirectory;
}
