/**
 * A token of an HSM that keeps the keys of a custom key store: secrets of 256 bits, each under a label, that never
 * leave it. It derives a key for each message and nothing else. Made by the layers above, over PKCS#11.
 */
export interface KeyToken {
  /** Makes a secret. Throws `TokenFailure`, also where the label is taken. */
  makeKey(label: string): Promise<void>;
  /** HMAC-SHA-256 of the data under the secret of this label. Throws `TokenFailure`. */
  hmac(label: string, data: Uint8Array): Promise<Buffer>;
  /** Labels of the secrets that are there. */
  labels(): Promise<readonly string[]>;
  /** Bytes of the token's own random number generator. */
  random(bytes: number): Promise<Buffer>;
  /** Destroys a secret for good; does nothing where there is none. */
  destroyKey(label: string): Promise<void>;
  /** Logs out. */
  close(): Promise<void>;
}

/** An HSM cluster, or another PKCS#11 module that the operator attached, as custom key stores see it. */
export interface TokenCluster {
  readonly active: boolean;
  readonly hsms: number;
  /** PEM certificate of who vouches for the cluster; undefined where nobody does. */
  readonly trustAnchor: string | undefined;
  /** Logs in as the crypto user `kmsuser`. Throws `TokenFailure`. */
  open(password: string): Promise<KeyToken>;
}

/** The HSMs of this Bondstore. */
export interface TokenSource {
  find(account: string, clusterId: string): TokenCluster | undefined;
}

/** Where there is no HSM. */
export const noTokens: TokenSource = { find: () => undefined };

/** Why a token did not do what it was asked; among the names that KMS has for it (ConnectionErrorCodeType). */
export type TokenFault =
  | "INVALID_CREDENTIALS"
  | "USER_NOT_FOUND"
  | "CLUSTER_NOT_FOUND"
  | "INSUFFICIENT_CLOUDHSM_HSMS"
  | "NETWORK_ERRORS"
  | "INTERNAL_ERROR";

export class TokenFailure extends Error {
  override readonly name = "TokenFailure";
  readonly fault: TokenFault;

  constructor(fault: TokenFault, message: string) {
    super(message);
    this.fault = fault;
  }
}
