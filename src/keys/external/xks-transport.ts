/** What came of asking a proxy over the network. */
export type XksReply =
  | { readonly status: number; readonly body: Buffer }
  | { readonly failed: XksNetworkFault };

/** Why there is no answer. `not-admitted`: the operator lets nobody speak to that address. */
export type XksNetworkFault = "unreachable" | "timed-out" | "tls" | "too-long" | "not-admitted";

/**
 * Posts JSON to the proxy of an external key store: over TLS, to an address that is admitted, within its time. It may
 * arrive twice, where a connection ends as it is used.
 */
export type XksTransport = (request: {
  /** Whose store it is: no account waits for the connections of another. */
  readonly account: string;
  /** `https://` and a host name. */
  readonly endpoint: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}) => Promise<XksReply>;
