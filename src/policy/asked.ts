/** A condition key's value. Keys are given in lower case; undefined means the key is not in the request. */
export type Fact = string | readonly string[] | undefined;

/** Who asks, as far as `Principal` elements can name them. */
export interface Asker {
  readonly kind: "root" | "user" | "session" | "service" | "anonymous";
  /** The 12-digit account; empty for services and anonymous. */
  readonly account: string;
  /** User ARN, root ARN, or the ARN of the session's role; the name of a service; empty for anonymous. */
  readonly arn: string;
  /** `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`, for sessions. */
  readonly sessionArn?: string;
  /** The identity provider whose token or assertion vouches for an asker who has not signed: `Federated`. */
  readonly federated?: string;
}

/** What a statement is matched against. */
export interface Asked {
  readonly asker: Asker;
  /** `kms:Decrypt` */
  readonly action: string;
  /** ARN of the thing acted on, or `*` where the action knows no resource. */
  readonly resource: string;
  /** Value of a condition key (lower case), computed when asked for. */
  readonly fact: (key: string) => Fact;
}
