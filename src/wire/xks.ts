import { lookup } from "node:dns";
import { Agent, type RequestOptions, request as requestHttps } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { checkServerIdentity, rootCertificates } from "node:tls";

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

/** AWS gives a proxy 250 ms. Here it has a second, with the connection and the network between. */
const timeoutMs = 1_000;
const answerBytesMax = 64 * 1024;
const socketsMax = 50;

/** Addresses that are no one's on the internet: this machine's, its network's, and those that lead to such. */
const inward = new BlockList();
for (const [network, bits] of [
  ...([
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
  ] as const),
  ...([
    ["169.254.0.0", 16],
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.0.2.0", 24],
  ] as const),
  ...([
    ["192.88.99.0", 24],
    ["192.168.0.0", 16],
    ["198.18.0.0", 15],
    ["198.51.100.0", 24],
  ] as const),
  ...([
    ["203.0.113.0", 24],
    ["224.0.0.0", 3],
  ] as const),
] as const) {
  inward.addSubnet(network, bits, "ipv4");
}
for (const [network, bits] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const) {
  inward.addSubnet(network, bits, "ipv6");
}
const outward6 = new BlockList();
outward6.addSubnet("2000::", 3, "ipv6");

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

/**
 * Posts to proxies of external key stores. `authority`: PEM of who vouches for them besides those whom the machine
 * trusts.
 */
export function xksTransport(
  named: readonly NamedProxy[],
  authority: string | undefined,
): (request: {
  readonly endpoint: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}) => Promise<Reply> {
  const agent = new Agent({ keepAlive: true, maxSockets: socketsMax });
  return ({ endpoint, path, headers, body }) => {
    const { hostname } = new URL(endpoint);
    const known = named.find(({ host }) => host.toLowerCase() === hostname);
    // An address in the place of a name is not looked up.
    if (!known && isIP(hostname) !== 0 && !isOutward(hostname)) {
      return Promise.resolve({ failed: "not-admitted" });
    }
    return post(
      {
        ...{ method: "POST", path, agent, servername: isIP(hostname) === 0 ? hostname : "" },
        headers: { ...headers, "Content-Length": Buffer.byteLength(body) },
        host: known?.address ?? hostname,
        port: known?.port ?? 443,
        ...(!known && { lookup: lookOutward }),
        ...(authority !== undefined && { ca: [...rootCertificates, authority] }),
        ...(known && { checkServerIdentity: (_host, cert) => checkServerIdentity(hostname, cert) }),
      },
      body,
    );
  };
}

function post(options: RequestOptions, body: string): Promise<Reply> {
  return new Promise((resolve) => {
    const asking = requestHttps(options, (response) => {
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
    });
    const timer = setTimeout(() => settle({ failed: "timed-out" }), timeoutMs);
    const settle = (reply: Reply): void => {
      clearTimeout(timer);
      resolve(reply);
      if ("failed" in reply) asking.destroy();
    };
    asking.on("error", (error: NodeJS.ErrnoException) => {
      const { code = "" } = error;
      if (code === "NOT_ADMITTED") settle({ failed: "not-admitted" });
      else settle({ failed: isTls(code) ? "tls" : "unreachable" });
    });
    asking.end(body);
  });
}
