import { X509Certificate } from "node:crypto";
import { md5Hex } from "../../lib/hash.ts";
import type { ClusterCertificates } from "./certificates.ts";

const rsaBitsMin = 2048;
/** How far an authority's clock may be ahead of ours. */
const skewMs = 300_000;

/** Reads one certificate in PEM; undefined when the text is none, or holds several. */
export function readCertificate(text: string): X509Certificate | undefined {
  if (text.split("-----BEGIN CERTIFICATE-----").length !== 2) return undefined;
  try {
    const certificate = new X509Certificate(text);
    // A key of a kind that OpenSSL does not know is found only when it is asked for.
    return certificate.publicKey.asymmetricKeyType === undefined ? undefined : certificate;
  } catch {
    return undefined;
  }
}

/** Whether a certificate is signed with its own key. */
export const isSelfSigned = (certificate: X509Certificate): boolean =>
  certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);

/** MD5 of the certificate as `aa:bb:…`: a name by which CloudHSM Classic finds it, no security measure. */
export const fingerprintOf = ({ raw }: X509Certificate): string =>
  (md5Hex(raw).match(/../g) ?? []).join(":");

/**
 * Checks the certificate that an owner's authority made for a cluster. Answers both in PEM, or why they are refused.
 */
export function checkSignedCertificate(
  given: { readonly signed: string; readonly anchor: string },
  { hsm }: ClusterCertificates,
  nowMs: number,
): { readonly cert: string; readonly anchor: string } | { readonly refused: string } {
  const [signed, anchor] = [readCertificate(given.signed), readCertificate(given.anchor)];
  if (!signed) return { refused: "SignedCert is not one X.509 certificate in PEM." };
  if (!anchor) return { refused: "TrustAnchor is not one X.509 certificate in PEM." };
  if (!anchor.ca || !isSelfSigned(anchor)) {
    return { refused: "TrustAnchor must be the self-signed certificate of an authority." };
  }
  const { asymmetricKeyDetails: { modulusLength = rsaBitsMin } = {} } = anchor.publicKey;
  if (modulusLength < rsaBitsMin) {
    return { refused: `An RSA key of TrustAnchor must have ${rsaBitsMin} bits or more.` };
  }
  if (!signed.publicKey.equals(new X509Certificate(hsm).publicKey)) {
    return { refused: "SignedCert does not hold the public key of the cluster's CSR." };
  }
  if (!signed.checkIssued(anchor) || !signed.verify(anchor.publicKey)) {
    return { refused: "SignedCert was not signed by TrustAnchor." };
  }
  for (const [name, { validFrom, validTo }] of [
    ["SignedCert", signed],
    ["TrustAnchor", anchor],
  ] as const) {
    if (Date.parse(validFrom) > nowMs + skewMs || Date.parse(validTo) <= nowMs) {
      return { refused: `${name} is not valid at this time.` };
    }
  }
  return { cert: signed.toString(), anchor: anchor.toString() };
}
