import { ServiceError } from "../../lib/service-error.ts";
import { ProxyFailure, type ProxyFault } from "./proxy.ts";

/** KMS's names of what is wrong with the configuration of a store, by the proxy's failure. */
const configuration: { readonly [Fault in ProxyFault]?: string } = {
  unreachable: "XksProxyUriUnreachableException",
  "timed-out": "XksProxyUriUnreachableException",
  tls: "XksProxyUriUnreachableException",
  "not-admitted": "XksProxyUriUnreachableException",
  "access-denied": "XksProxyIncorrectAuthenticationCredentialException",
  "no-such-path": "XksProxyInvalidConfigurationException",
};

const connection = {
  unreachable: "XKS_PROXY_NOT_REACHABLE",
  "timed-out": "XKS_PROXY_TIMED_OUT",
  tls: "XKS_PROXY_INVALID_TLS_CONFIGURATION",
  "not-admitted": "XKS_PROXY_NOT_REACHABLE",
  "access-denied": "XKS_PROXY_ACCESS_DENIED",
  "no-such-path": "XKS_PROXY_INVALID_CONFIGURATION",
} as const satisfies { readonly [Fault in ProxyFault]?: string };

/** Why a store is not connected (ConnectionErrorCodeType). */
export type XksConnectionFault =
  | (typeof connection)[keyof typeof connection]
  | "XKS_PROXY_INVALID_RESPONSE";

/** Why a store is not connected, by the failure of its proxy. */
export const connectionFault = ({ fault }: ProxyFailure): XksConnectionFault =>
  (connection as { readonly [Fault in ProxyFault]?: XksConnectionFault })[fault] ??
  "XKS_PROXY_INVALID_RESPONSE";

/** What is said where a store is made or changed; other errors as they are. */
export function inStoreWords(error: unknown): unknown {
  if (!(error instanceof ProxyFailure)) return error;
  const code = configuration[error.fault] ?? "XksProxyInvalidResponseException";
  return new ServiceError(code, `Cannot use the external key store proxy: ${error.message}.`);
}

/** What is said where a key is made; other errors as they are. */
export function inCreationWords(error: unknown): unknown {
  if (!(error instanceof ProxyFailure)) return error;
  const { fault, message } = error;
  if (fault === "no-such-key") return new ServiceError("XksKeyNotFoundException", `${message}.`);
  if (fault === "wrong-key")
    return new ServiceError("XksKeyInvalidConfigurationException", `${message}.`);
  return new ServiceError("DependencyTimeoutException", `The request cannot be done: ${message}.`);
}

/** What is said where a key is used; other errors as they are. */
export function inUseWords(error: unknown, arn: string): unknown {
  if (!(error instanceof ProxyFailure)) return error;
  return new ServiceError("KMSInvalidStateException", `${arn} cannot be used: ${error.message}.`);
}
