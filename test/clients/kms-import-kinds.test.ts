import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateKeyCommand,
  type CreateKeyRequest,
  UnsupportedOperationException,
} from "@aws-sdk/client-kms";
import { startKmsClient } from "../support/kms-client.ts";
import { python } from "../support/python.ts";

test("of ML-DSA and ML-KEM no material is imported, as at AWS", async (t) => {
  const { kms } = await startKmsClient(t);
  const kinds = [
    ["ML_DSA_65", "SIGN_VERIFY"],
    ["ML_KEM_768", "ENCAPSULATE_DECAPSULATE"],
  ] as const;
  for (const [spec, usage] of kinds) {
    const input = { KeySpec: spec, KeyUsage: usage, Origin: "EXTERNAL" } as CreateKeyRequest;
    await assert.rejects(kms.send(new CreateKeyCommand(input)), UnsupportedOperationException);
  }
});

const sm2Script = `
import boto3, json, os, subprocess, tempfile
from botocore.exceptions import ClientError
kms = boto3.client("kms")
folder = tempfile.mkdtemp()
path = lambda name: os.path.join(folder, name)
openssl = lambda *words: subprocess.run(["openssl", *words], check=True, capture_output=True).stdout
write = lambda name, content: open(path(name), "wb").write(content)
read = lambda name: open(path(name), "rb").read()
oaep = ["-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256"]
def make(**kind):
    return kms.create_key(Origin="EXTERNAL", **kind)["KeyMetadata"]["KeyId"]
def bring(key, plain, algorithm, spec, options=[]):
    given = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec=spec)
    write("wrapping.der", given["PublicKey"])
    write("plain", plain)
    openssl("pkey", "-pubin", "-inform", "DER", "-in", path("wrapping.der"), "-out", path("wrapping.pem"))
    openssl("pkeyutl", "-encrypt", "-in", path("plain"), "-out", path("wrapped"), "-inkey", path("wrapping.pem"), "-pubin", *options)
    kms.import_key_material(KeyId=key, ImportToken=given["ImportToken"], EncryptedKeyMaterial=read("wrapped"), ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
out = {}
openssl("genpkey", "-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:sm2", "-out", path("pair.pem"))
openssl("pkcs8", "-topk8", "-outform", "der", "-nocrypt", "-in", path("pair.pem"), "-out", path("pair.der"))
openssl("pkey", "-in", path("pair.pem"), "-pubout", "-outform", "der", "-out", path("public.der"))
for algorithm, spec, options in [("RSAES_OAEP_SHA_256", "RSA_3072", oaep), ("SM2PKE", "SM2", [])]:
    key = make(KeySpec="SM2", KeyUsage="SIGN_VERIFY")
    bring(key, read("pair.der"), algorithm, spec, options)
    out[algorithm] = kms.get_public_key(KeyId=key)["PublicKey"] == read("public.der")
    write("text", b"four windows of June")
    write("signature", kms.sign(KeyId=key, SigningAlgorithm="SM2DSA", Message=read("text"), MessageType="RAW")["Signature"])
    verified = openssl("pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", path("public.der"), "-in", path("text"), "-sigfile", path("signature"), "-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678")
    out["verified"] = verified.decode().strip()
key = make()
bring(key, os.urandom(32), "SM2PKE", "SM2")
out["symmetric"] = kms.encrypt(KeyId=key, Plaintext=b"text")["KeyId"].endswith(key)
key = make(KeySpec="RSA_4096", KeyUsage="SIGN_VERIFY")
openssl("genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:4096", "-out", path("rsa.pem"))
openssl("pkcs8", "-topk8", "-outform", "der", "-nocrypt", "-in", path("rsa.pem"), "-out", path("rsa.der"))
bring(key, read("rsa.der"), "SM2PKE", "SM2")
out["rsa"] = len(kms.sign(KeyId=key, SigningAlgorithm="RSASSA_PSS_SHA_256", Message=b"text")["Signature"])
try: kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm="SM2PKE", WrappingKeySpec="RSA_2048")
except ClientError as error: out["mixed"] = error.response["Error"]["Code"]
print(json.dumps(out))`;

test("boto3 imports SM2 keys, and what openssl has wrapped by SM2", async (t) => {
  const { running, acme } = await startKmsClient(t);
  assert.deepEqual(await python(running, acme.root, sm2Script), {
    RSAES_OAEP_SHA_256: true,
    SM2PKE: true,
    verified: "Signature Verified Successfully",
    symmetric: true,
    rsa: 512,
    mixed: "ValidationException",
  });
});
