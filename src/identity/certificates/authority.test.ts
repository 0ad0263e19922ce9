import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { systemRandom } from "../../lib/random.ts";
import { createAuthority, issueServerCertificate, localNames, needsRenewal } from "./authority.ts";

const dayMs = 86_400_000;
const start = Date.UTC(2026, 10, 2);
const at = (days: number) => ({ now: () => start + days * dayMs });
const sources = { clock: at(0), random: systemRandom };
const names = [...localNames, "data.example.com"];
const authority = createAuthority(sources, ["data.example.com"]);
const server = issueServerCertificate(sources, authority, names);

test("the authority signs itself, and the server certificate", () => {
  const root = new X509Certificate(authority.cert);
  const leaf = new X509Certificate(server.cert);
  assert.equal(root.ca, true);
  assert.equal(leaf.ca, false);
  assert.equal(root.verify(root.publicKey), true);
  assert.equal(leaf.verify(root.publicKey), true);
  assert.equal(leaf.checkIssued(root), true);
});

const hosts: readonly (readonly [host: string, expected: boolean])[] = [
  ["localhost", true],
  ["orders.s3.localhost", true],
  ["data.example.com", true],
  ["example.com", false],
];

for (const [host, expected] of hosts) {
  test(`the server certificate ${expected ? "answers" : "does not answer"} to ${host}`, () => {
    assert.equal(new X509Certificate(server.cert).checkHost(host) !== undefined, expected);
  });
}

for (const address of ["127.0.0.1", "::1"]) {
  test(`the server certificate answers to ${address}`, () => {
    assert.notEqual(new X509Certificate(server.cert).checkIP(address), undefined);
  });
}

const other = createAuthority(sources, []);
const renewals: readonly (readonly [title: string, expected: boolean, needed: () => boolean])[] = [
  ["not while it is young", false, () => needsRenewal(at(59), authority, server, names)],
  ["in its last 30 days", true, () => needsRenewal(at(61), authority, server, names)],
  ["when a name is new", true, () => needsRenewal(at(0), authority, server, ["new.localhost"])],
  ["when the authority is another", true, () => needsRenewal(at(0), other, server, names)],
];

for (const [title, expected, needed] of renewals) {
  test(`a server certificate is renewed: ${title}`, () => assert.equal(needed(), expected));
}
