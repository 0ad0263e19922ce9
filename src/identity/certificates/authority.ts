import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
} from "node:crypto";
import { assert } from "../../lib/assert.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import {
  addressBytes,
  answersTo,
  authorityKeyId,
  isAddress,
  isAuthority,
  isNoAuthority,
  servesTls,
  signCertificate,
  signsCertificates,
  signsHandshakes,
  subjectKeyId,
  vouchesFor,
} from "./x509.ts";

/** A certificate with its private key, both PEM. */
export interface CertificateAndKey {
  readonly cert: string;
  readonly key: string;
}

export interface Sources {
  readonly clock: Clock;
  readonly random: Random;
}

const dayMs = 86_400_000;
const authorityDays = 3650;
const serverDays = 90;
const renewalDays = 30;

/** Names by which every Bondstore answers on its own machine. */
export const localNames: readonly string[] = [
  "localhost",
  "*.localhost",
  "s3.localhost",
  "*.s3.localhost",
  "127.0.0.1",
  "::1",
];

/** The addresses and domains that no stranger on the internet can own. */
const ownRanges = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "::1/128",
  "fc00::/7",
  "fe80::/10",
];
const ownDomains = ["localhost", "local", "internal", "home.arpa", "lan", "test"];

/**
 * Makes a certificate authority of ten years, which can vouch for this machine, for private networks and for the
 * names given, and for nothing else: a stolen key does not open the rest of the web to who trusts it.
 */
export function createAuthority(sources: Sources, names: readonly string[]): CertificateAndKey {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const nowMs = sources.clock.now();
  const serial = serialOf(sources.random);
  const subject = `Bondstore CA ${serial.toString("hex").slice(0, 8)}`;
  const cert = signCertificate(
    {
      subject,
      issuer: subject,
      serial,
      notBeforeMs: nowMs - dayMs,
      notAfterMs: nowMs + authorityDays * dayMs,
      publicKey,
      extensions: [
        isAuthority(),
        signsCertificates(),
        subjectKeyId(publicKey),
        vouchesFor({
          hosts: [...new Set([...ownDomains, ...names.filter((n) => !isAddress(n)).map(baseName)])],
          ranges: [...ownRanges, ...names.filter((n) => isAddress(n)).map(rangeOf)],
        }),
      ],
    },
    privateKey,
  );
  return { cert, key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

const baseName = (host: string) => host.replace(/^\*\./, "");

const rangeOf = (address: string) => `${address}/${addressBytes(address).length * 8}`;

/** Makes a server certificate of 90 days for the names. `cert` holds the chain: its own and the authority's. */
export function issueServerCertificate(
  sources: Sources,
  authority: CertificateAndKey,
  names: readonly string[],
): CertificateAndKey {
  assert(names.length > 0, "a server has a name");
  const issuer = new X509Certificate(authority.cert);
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const nowMs = sources.clock.now();
  const cert = signCertificate(
    {
      subject: "Bondstore",
      issuer: issuer.subject.replace(/^CN=/, ""),
      serial: serialOf(sources.random),
      notBeforeMs: nowMs - dayMs,
      notAfterMs: Math.min(nowMs + serverDays * dayMs, Date.parse(issuer.validTo)),
      publicKey,
      extensions: [
        isNoAuthority(),
        signsHandshakes(),
        servesTls(),
        subjectKeyId(publicKey),
        authorityKeyId(createPublicKey(createPrivateKey(authority.key))),
        answersTo([...new Set(names)]),
      ],
    },
    createPrivateKey(authority.key),
  );
  return {
    cert: cert + authority.cert,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** Whether a server certificate is to be made anew: it ends soon, lacks a name, or another authority made it. */
export function needsRenewal(
  clock: Clock,
  authority: CertificateAndKey,
  server: CertificateAndKey,
  names: readonly string[],
): boolean {
  const certificate = new X509Certificate(server.cert);
  const issuer = new X509Certificate(authority.cert);
  if (Date.parse(certificate.validTo) - clock.now() < renewalDays * dayMs) return true;
  if (!certificate.verify(issuer.publicKey)) return true;
  const named = new Set((certificate.subjectAltName ?? "").split(", ").map(plainName));
  return names.some((host) => !named.has(plainName(host)));
}

/** Node shows addresses in its own way: `IP Address:0:0:0:0:0:0:0:1`. */
function plainName(shown: string): string {
  const host = shown.replace(/^(DNS|IP Address):/, "").toLowerCase();
  return isAddress(host) ? addressBytes(host).toString("hex") : host;
}

/** A serial number: 16 random bytes, positive and never zero. */
export function serialOf(random: Random): Buffer {
  const serial = random.bytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}
