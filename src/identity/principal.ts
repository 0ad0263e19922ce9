import type { Applied } from "../policy/question.ts";

/** Who acts. */
export type Principal = Root | User | RoleSession | ServicePrincipal | Anonymous;

interface Known {
  /** The 12-digit account of the principal. */
  readonly account: string;
  /** As in `aws:PrincipalArn`: for a session the ARN of its role. */
  readonly arn: string;
  /** As in `aws:userid` and CloudTrail's principalId. */
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The access key that signed; undefined for a call made inside. */
  readonly accessKeyId?: string;
  /** Set when the credentials are temporary. */
  readonly session?: Session;
}

/** What temporary credentials carry. */
export interface Session {
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** Inline session policies and the ARNs of managed ones, as texts of policies. */
  readonly policies: readonly string[];
  readonly mfa: boolean;
  readonly sourceIdentity?: string;
  /** Keys of the session tags that a further AssumeRole hands on. */
  readonly transitiveTags?: readonly string[];
  /** A policy of MaxCompute to which a bearer token is bound: nothing else may be done with it. */
  readonly bearerPolicy?: string;
  /** ARN of the application or job whose cell holds the credentials: `kinesisanalytics:SourceApplicationArn`. */
  readonly application?: string;
}

/** ARN of the application or job whose cell, or whose service, makes a call. */
export const applicationOf = (principal: Principal): string | undefined =>
  "account" in principal ? principal.session?.application : undefined;

export interface Root extends Known {
  readonly kind: "root";
}

export interface User extends Known {
  readonly kind: "user";
  readonly name: string;
}

export interface RoleSession extends Known {
  readonly kind: "session";
  readonly session: Session;
  /** `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` */
  readonly sessionArn: string;
  readonly roleName: string;
  readonly roleId: string;
  readonly sessionName: string;
}

/** A service of this Bondstore, such as `kinesisanalytics.amazonaws.com`, acting by itself. */
export interface ServicePrincipal {
  readonly kind: "service";
  readonly name: string;
}

export interface Anonymous {
  readonly kind: "anonymous";
}

/** The policies that speak about a principal, compiled. */
export interface PrincipalPolicies {
  readonly identity: readonly Applied[];
  readonly boundary?: Applied;
  readonly session?: readonly Applied[];
}
