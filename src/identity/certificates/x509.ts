import { createHash, type KeyObject, sign } from "node:crypto";
import {
  bits,
  boolean,
  objectId,
  octets,
  pem,
  sequence,
  set,
  tagged,
  time,
  unsigned,
  utf8,
} from "../../lib/der.ts";

/** What a certificate says, before it is signed (RFC 5280). */
export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly serial: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

const ecdsaWithSha256 = sequence(objectId("1.2.840.10045.4.3.2"));

/** Signs the facts with the issuer's ECDSA key and returns the certificate as PEM. */
export function signCertificate(facts: CertificateFacts, issuerKey: KeyObject): string {
  const version3 = tagged(0xa0, unsigned(Buffer.from([2])));
  const signed = sequence(
    version3,
    unsigned(facts.serial),
    ecdsaWithSha256,
    name(facts.issuer),
    sequence(time(facts.notBeforeMs), time(facts.notAfterMs)),
    name(facts.subject),
    publicKeyInfo(facts.publicKey),
    tagged(0xa3, sequence(...facts.extensions)),
  );
  const signature = sign("sha256", signed, issuerKey);
  return pem("CERTIFICATE", sequence(signed, ecdsaWithSha256, bits(signature)));
}

/** A request for a certificate (PKCS #10, RFC 2986), signed with the very key that is to be certified, as PEM. */
export function signRequest(subject: string, publicKey: KeyObject, privateKey: KeyObject): string {
  const version1 = unsigned(Buffer.from([0]));
  const noAttributes = tagged(0xa0);
  const signed = sequence(version1, name(subject), publicKeyInfo(publicKey), noAttributes);
  const signature = sign("sha256", signed, privateKey);
  return pem("CERTIFICATE REQUEST", sequence(signed, ecdsaWithSha256, bits(signature)));
}

const name = (commonName: string): Buffer =>
  sequence(set(sequence(objectId("2.5.4.3"), utf8(commonName))));

const publicKeyInfo = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" });

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectId(id), ...(critical ? [boolean(true)] : []), octets(value));
}

/** It may issue certificates, and so many authorities may stand between them and it. */
export const isAuthority = (authoritiesBelow = 0): Buffer =>
  extension("2.5.29.19", true, sequence(boolean(true), unsigned(Buffer.from([authoritiesBelow]))));

export const isNoAuthority = (): Buffer => extension("2.5.29.19", true, sequence());

/** The uses of the key: bits of the first byte of KeyUsage. */
export const signsCertificates = (): Buffer =>
  extension("2.5.29.15", true, bits(Buffer.from([0x06]), 1));

export const signsHandshakes = (): Buffer =>
  extension("2.5.29.15", true, bits(Buffer.from([0x80]), 7));

export const servesTls = (): Buffer =>
  extension("2.5.29.37", false, sequence(objectId("1.3.6.1.5.5.7.3.1")));

const keyId = (key: KeyObject): Buffer => createHash("sha1").update(publicKeyInfo(key)).digest();

export const subjectKeyId = (key: KeyObject): Buffer =>
  extension("2.5.29.14", false, octets(keyId(key)));

export const authorityKeyId = (key: KeyObject): Buffer =>
  extension("2.5.29.35", false, sequence(tagged(0x80, keyId(key))));

/** The names that the server answers to: host names, wildcards and addresses. */
export const answersTo = (names: readonly string[]): Buffer =>
  extension(
    "2.5.29.17",
    false,
    sequence(
      ...names.map((host) =>
        isAddress(host) ? tagged(0x87, addressBytes(host)) : tagged(0x82, Buffer.from(host)),
      ),
    ),
  );

/** A range of addresses: `10.0.0.0/8`. */
export interface Constraints {
  readonly hosts: readonly string[];
  readonly ranges: readonly string[];
}

/** What an authority may vouch for; clients refuse all else that it signs. */
export const vouchesFor = ({ hosts, ranges }: Constraints): Buffer => {
  const permitted = [
    ...hosts.map((host) => sequence(tagged(0x82, Buffer.from(host)))),
    ...ranges.map((range) => sequence(tagged(0x87, rangeBytes(range)))),
  ];
  return extension("2.5.29.30", true, sequence(tagged(0xa0, ...permitted)));
};

function rangeBytes(range: string): Buffer {
  const [address = "", prefix = "0"] = range.split("/");
  const bytes = addressBytes(address);
  const mask = Buffer.alloc(bytes.length);
  for (let bit = 0; bit < Number(prefix); bit += 1) {
    mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  }
  return Buffer.concat([bytes, mask]);
}

const ipv4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** Whether a name is an IPv4 or IPv6 address; no host name looks like one. */
export const isAddress = (host: string): boolean => ipv4.test(host) || host.includes(":");

/** The bytes of an IPv4 or IPv6 address. */
export function addressBytes(address: string): Buffer {
  if (ipv4.test(address)) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = address.split("::");
  const groups = (text: string | undefined) => (text ? text.split(":") : []);
  const [before, after] = [groups(head), groups(tail)];
  const zeros = Array<string>(8 - before.length - after.length).fill("0");
  const all = tail === undefined ? before : [...before, ...zeros, ...after];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}
