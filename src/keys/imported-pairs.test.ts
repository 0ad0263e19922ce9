import assert from "node:assert/strict";
import { createECDH, createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { systemRandom } from "../lib/random.ts";
import { kindOfSpec } from "./algorithms/kinds.ts";
import { importedForm } from "./imported-forms.ts";

/** A pair whose key says its curve in this form: by name, or with all its parameters. */
function pairOf(paramEncoding: "named" | "explicit") {
  return generateKeyPairSync("ec", {
    namedCurve: "P-256",
    paramEncoding,
    privateKeyEncoding: { type: "pkcs8", format: "der" },
    publicKeyEncoding: { type: "spki", format: "der" },
  });
}

test("of an imported pair its numbers are kept, and not its form", () => {
  const named = pairOf("named");
  const explicit = pairOf("explicit");
  assert.notEqual(explicit.privateKey.length, named.privateKey.length);
  const made = importedForm("ECC_NIST_P256", explicit.privateKey);
  assert.ok(made);
  assert.deepEqual(
    [made.bytes.length, made.publicKey?.length],
    [named.privateKey.length, named.publicKey.length],
  );
  const numbers = (der: Buffer) =>
    createPrivateKey({ key: der, format: "der", type: "pkcs8" }).export({ format: "jwk" });
  assert.deepEqual(numbers(made.bytes), numbers(explicit.privateKey));
});

test("a public key of somebody else names its curve and has its point uncompressed", () => {
  const spec = "ECC_NIST_P256";
  const own = kindOfSpec(spec).openPrivate(spec, pairOf("named").privateKey, systemRandom);
  const { publicKey } = pairOf("named");
  assert.equal(own.agree?.(publicKey)?.length, 32);
  assert.equal(own.agree?.(pairOf("explicit").publicKey), undefined);
  assert.equal(own.agree?.(Buffer.concat([publicKey, Buffer.from([0])])), undefined);
  const offCurve = Buffer.from(publicKey);
  offCurve[offCurve.length - 1] = (offCurve.at(-1) ?? 0) ^ 1;
  assert.equal(own.agree?.(offCurve), undefined);
  const pair = createECDH("prime256v1");
  pair.generateKeys();
  const compressed = Buffer.concat([
    Buffer.from("3039301306072a8648ce3d020106082a8648ce3d030107032200", "hex"),
    pair.getPublicKey(null, "compressed"),
  ]);
  assert.ok(createPublicKey({ key: compressed, format: "der", type: "spki" }));
  assert.equal(own.agree?.(compressed), undefined);
});
