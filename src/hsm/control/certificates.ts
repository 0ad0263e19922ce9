import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from "node:crypto";
import {
  type CertificateAndKey,
  type Sources,
  serialOf,
} from "../../identity/certificates/authority.ts";
import {
  authorityKeyId,
  isAuthority,
  isNoAuthority,
  servesTls,
  signCertificate,
  signRequest,
  signsCertificates,
  signsHandshakes,
  subjectKeyId,
} from "../../identity/certificates/x509.ts";

/** What a cluster shows of itself before its owner trusts it; PEM. */
export interface ClusterCertificates {
  /** Asks for a certificate of the cluster's key (RFC 2986). */
  readonly csr: string;
  /** Of the cluster's key, by its HSM. */
  readonly hsm: string;
  /** Of the HSM, by this installation's authority for HSMs. */
  readonly hardware: string;
}

const dayMs = 86_400_000;
const years10Ms = 3652 * dayMs;

const newPair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
const pemOf = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }).toString();
const nameOf = (cert: string) => new X509Certificate(cert).subject.replace(/^CN=/, "");

/** Makes the authority that vouches for the HSMs of this installation, of ten years. */
export function createHsmAuthority(sources: Sources): CertificateAndKey {
  const { publicKey, privateKey } = newPair();
  const serial = serialOf(sources.random);
  const subject = `Bondstore HSM CA ${serial.toString("hex").slice(0, 8)}`;
  const cert = signCertificate(
    {
      subject,
      issuer: subject,
      serial,
      ...validity(sources),
      publicKey,
      extensions: [isAuthority(1), signsCertificates(), subjectKeyId(publicKey)],
    },
    privateKey,
  );
  return { cert, key: pemOf(privateKey) };
}

/**
 * Makes the key of a cluster (PKCS #8 in PEM) and what vouches for it: the authority for the HSM, the HSM for the
 * cluster's key, which the request for a certificate holds too. The HSM's own key is needed once and not kept.
 */
export function makeClusterKey(
  sources: Sources,
  authority: CertificateAndKey,
  clusterId: string,
): { readonly key: string; readonly certificates: ClusterCertificates } {
  const cluster = newPair();
  const device = newPair();
  const serial = serialOf(sources.random);
  const deviceName = `Bondstore HSM ${serial.toString("hex").slice(0, 16)}`;
  const authorityKey = createPrivateKey(authority.key);
  const hardware = signCertificate(
    {
      subject: deviceName,
      issuer: nameOf(authority.cert),
      serial,
      ...validity(sources),
      publicKey: device.publicKey,
      extensions: [
        isAuthority(0),
        signsCertificates(),
        subjectKeyId(device.publicKey),
        authorityKeyId(new X509Certificate(authority.cert).publicKey),
      ],
    },
    authorityKey,
  );
  const hsm = signCertificate(
    {
      subject: clusterId,
      issuer: deviceName,
      serial: serialOf(sources.random),
      ...validity(sources),
      publicKey: cluster.publicKey,
      extensions: [
        isNoAuthority(),
        signsHandshakes(),
        subjectKeyId(cluster.publicKey),
        authorityKeyId(device.publicKey),
      ],
    },
    device.privateKey,
  );
  const csr = signRequest(clusterId, cluster.publicKey, cluster.privateKey);
  return { key: pemOf(cluster.privateKey), certificates: { csr, hsm, hardware } };
}

/** The certificate of a server whose owner has no authority: by this installation's authority for HSMs. */
export function issueHsmServerCertificate(
  sources: Sources,
  authority: CertificateAndKey,
  { hsm }: ClusterCertificates,
): string {
  const { publicKey } = new X509Certificate(hsm);
  return signCertificate(
    {
      subject: nameOf(hsm),
      issuer: nameOf(authority.cert),
      serial: serialOf(sources.random),
      ...validity(sources),
      publicKey,
      extensions: [
        isNoAuthority(),
        signsHandshakes(),
        servesTls(),
        subjectKeyId(publicKey),
        authorityKeyId(new X509Certificate(authority.cert).publicKey),
      ],
    },
    createPrivateKey(authority.key),
  );
}

function validity({ clock }: Sources) {
  const nowMs = clock.now();
  return { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + years10Ms };
}
