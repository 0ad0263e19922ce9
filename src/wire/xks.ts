import { lookup } from "node:dns";
import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent, type RequestOptions, request as requestHttps } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import {
  type ConnectionOptions,
  checkServerIdentity,
  createSecureContext,
  rootCertificates,
} from "node:tls";

/** The proxy of external key stores that an operator has named: where a host name leads, whatever DNS says. */
export interface NamedProxy {
  readonly host: string;
  readonly address: string;
  readonly port: number;
}

/** What came of it (`keys/external/xks-transport.ts`). */
type Reply =
  | { readonly status: number; readonly body: Buffer }
  | { readonly failed: "unreachable" | "timed-out" | "tls" | "too-long" | "not-admitted" };

const answerBytesMax = 64 * 1024;
/** Of one account to one proxy. */
const socketsMax = 50;

function networks(...named: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of named) {
    const [network = "", bits] = text.split("/");
    list.addSubnet(network, Number(bits), isIP(network) === 6 ? "ipv6" : "ipv4");
  }
  return list;
}

/** Addresses that are no one's on the internet: this machine's, its network's, and those that lead to such. */
const inward = networks(
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"],
  ...["172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"],
  ...["198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"],
  ...["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"],
);
/** The only ones of IPv6 that are given out. */
const outward6 = networks("2000::/3");

/** Whether an address is one on the internet. */
export function isOutward(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !inward.check(address, "ipv4");
  return family === 6 && outward6.check(address, "ipv6") && !inward.check(address, "ipv6");
}

class NotAdmitted extends Error {
  readonly code = "NOT_ADMITTED";
}

/** Only what was looked at is connected to: a name that leads elsewhere a moment later leads nowhere. */
const lookOutward: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, found) => {
    if (error) return done(error, "", 0);
    const [first] = found;
    if (!first || !found.every(({ address }) => isOutward(address))) {
      return done(new NotAdmitted(`${host} leads inward`), "", 0);
    }
    if (options.all) return done(null, found);
    return done(null, first.address, first.family);
  });
};

/** Errors of TLS, by their codes; a certificate's have no common form. */
const isTls = (code: string): boolean =>
  /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_|DEPTH_ZERO|INVALID_CA|HOSTNAME/.test(code);

/** Posts to proxies of external key stores. */
export function xksTransport({
  proxies,
  authority,
  answerWithinMs,
}: {
  readonly proxies: readonly NamedProxy[];
  /** PEM of who vouches for proxies besides those whom the machine trusts. */
  readonly authority: string | undefined;
  /** What a proxy has to answer in, with the connection. */
  readonly answerWithinMs: number;
}): (request: {
  readonly account: string;
  readonly endpoint: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}) => Promise<Reply> {
  /** By account. */
  const agents = new Map<string, Agent>();
  // Made once: to read so many certificates for each connection would hold up everybody.
  const secureContext =
    authority === undefined
      ? undefined
      : createSecureContext({ ca: [...rootCertificates, authority] });
  return ({ account, endpoint, path, headers, body }) => {
    const { hostname } = new URL(endpoint);
    const known = proxies.find(({ host }) => host.toLowerCase() === hostname);
    // An address in the place of a name is not looked up.
    if (!known && isIP(hostname) !== 0 && !isOutward(hostname)) {
      return Promise.resolve({ failed: "not-admitted" });
    }
    const agent = agents.get(account) ?? new Agent({ keepAlive: true, maxSockets: socketsMax });
    agents.set(account, agent);
    return post(
      {
        ...{ method: "POST", path, agent, servername: isIP(hostname) === 0 ? hostname : "" },
        headers: { ...headers, "Content-Length": Buffer.byteLength(body) },
        host: known?.address ?? hostname,
        port: known?.port ?? 443,
        ...(!known && { lookup: lookOutward }),
        ...(secureContext && { secureContext }),
        ...(known && { checkServerIdentity: (_host, cert) => checkServerIdentity(hostname, cert) }),
      },
      body,
      answerWithinMs,
    );
  };
}

type PostOptions = RequestOptions & Pick<ConnectionOptions, "secureContext">;

function post(options: PostOptions, body: string, answerWithinMs: number): Promise<Reply> {
  return new Promise((resolve) => {
    let asking: ClientRequest | undefined;
    let settled = false;
    const settle = (reply: Reply): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      resolve(reply);
      if ("failed" in reply) asking?.destroy();
    };
    const timer = setTimeout(() => settle({ failed: "timed-out" }), answerWithinMs);
    const ask = (how: PostOptions): void => {
      const sent = requestHttps(how, (response) => gather(response, settle));
      asking = sent;
      sent.on("error", ({ code = "" }: NodeJS.ErrnoException) => {
        if (settled) return;
        // A proxy may close a connection that it has kept as it is used again. No request changes anything there.
        if (sent.reusedSocket && isClosing.has(code)) return ask({ ...how, agent: false });
        if (code === "NOT_ADMITTED") settle({ failed: "not-admitted" });
        else settle({ failed: isTls(code) ? "tls" : "unreachable" });
      });
      sent.end(body);
    };
    ask(options);
  });
}

const isClosing: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

/** Reads a whole answer, as far as one may go. */
function gather(response: IncomingMessage, settle: (reply: Reply) => void): void {
  const parts: Buffer[] = [];
  let bytes = 0;
  response.on("data", (part: Buffer) => {
    bytes += part.length;
    parts.push(part);
    if (bytes > answerBytesMax) settle({ failed: "too-long" });
  });
  response.once("error", () => settle({ failed: "unreachable" }));
  response.once("end", () =>
    settle({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }),
  );
}
