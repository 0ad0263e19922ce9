import type { Clock } from "../../lib/clock.ts";
import { isRecord } from "../../lib/record.ts";
import { type ProxyCredential, signRequest } from "./sign-request.ts";
import type { XksNetworkFault, XksTransport } from "./xks-transport.ts";

/** Where a proxy is, and as whom it is asked. */
export interface ProxyPlace extends ProxyCredential {
  readonly endpoint: string;
  /** `/…/kms/xks/v1`. */
  readonly path: string;
}

/** Why a proxy did not do what it was asked. */
export type ProxyFault =
  | XksNetworkFault
  | "access-denied"
  | "no-such-path"
  | "no-such-key"
  | "wrong-key"
  | "wrong-ciphertext"
  | "throttled"
  | "busy"
  | "invalid-response";

/** What `askProxy` throws; `refusals.ts` says it in KMS's words. */
export class ProxyFailure extends Error {
  override readonly name = "ProxyFailure";
  readonly fault: ProxyFault;

  constructor(fault: ProxyFault) {
    super(proxyFaults[fault]);
    this.fault = fault;
  }
}

/** What is told of each. Nothing of a proxy's own words is passed on: it may be anything. */
const proxyFaults: Readonly<Record<ProxyFault, string>> = {
  unreachable: "the external key store proxy is not reached",
  "timed-out": "the external key store proxy did not answer in time",
  tls: "the certificate of the external key store proxy is not trusted, or not for its name",
  "too-long": "the answer of the external key store proxy is too long",
  "not-admitted":
    "the address of the external key store proxy is not one on the internet, and the operator has not named it",
  "access-denied": "the external key store proxy denied access",
  "no-such-path": "the external key store proxy does not know the path",
  "no-such-key": "the external key store proxy does not find the external key",
  "wrong-key": "the external key is not in a state, or not for a use, that this needs",
  "wrong-ciphertext": "the external key store proxy does not decrypt the ciphertext",
  throttled: "the external key store proxy is asked too often",
  busy: "the external key store proxy or its key manager is out of order",
  "invalid-response": "the answer of the external key store proxy is not one of its API",
};

/** Names of errors in the proxy's API. */
const errorNames: Readonly<Record<string, ProxyFault>> = {
  AccessDeniedException: "access-denied",
  AuthenticationFailedException: "access-denied",
  DependencyTimeoutException: "busy",
  InternalException: "busy",
  InvalidCiphertextException: "wrong-ciphertext",
  InvalidKeyUsageException: "wrong-key",
  InvalidStateException: "wrong-key",
  InvalidUriPathException: "no-such-path",
  KeyNotFoundException: "no-such-key",
  ThrottlingException: "throttled",
};

/** Statuses of proxies that answer without a name. */
const statuses: Readonly<Record<number, ProxyFault>> = {
  401: "access-denied",
  403: "access-denied",
  404: "no-such-path",
  429: "throttled",
};

/** How a proxy is asked. */
export interface ProxyAsking {
  readonly transport: XksTransport;
  /** Whose store it is. */
  readonly account: string;
  readonly clock: Clock;
  readonly region: string;
}

type Members = Readonly<Record<string, unknown>>;

/** Asks a proxy; answers the members of its answer. Throws `ProxyFailure`. */
export async function askProxy(
  place: ProxyPlace,
  what: string,
  message: Members,
  { transport, account, clock, region }: ProxyAsking,
): Promise<Members> {
  const path = `${place.path}/${what}`;
  const body = JSON.stringify(message);
  const { host } = new URL(place.endpoint);
  const headers = signRequest(place, { host, path, body, region, timeMs: clock.now() });
  const reply = await transport({ account, endpoint: place.endpoint, path, headers, body });
  if ("failed" in reply) throw new ProxyFailure(reply.failed);
  const answer = parsed(reply.body);
  if (reply.status === 200 && answer) return answer;
  const name = answer?.["errorName"];
  const known = typeof name === "string" && Object.hasOwn(errorNames, name) && errorNames[name];
  throw new ProxyFailure(known || (statuses[reply.status] ?? "invalid-response"));
}

function parsed(body: Buffer): Members | undefined {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes in Base64 in a member of an answer. Throws `ProxyFailure`. */
export function bytesIn(answer: Members, name: string, min: number, max: number): Buffer {
  const text = answer[name];
  const bytes = typeof text === "string" ? Buffer.from(text, "base64") : undefined;
  const fits = bytes && bytes.length >= min && bytes.length <= max;
  if (!fits || bytes.toString("base64") !== text) throw new ProxyFailure("invalid-response");
  return bytes;
}
