import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startBondstore } from "../support/bondstore.ts";
import { aws, python } from "../support/python.ts";

async function start(t: TestContext) {
  const running = await startBondstore(t);
  const { root } = await running.tenant("acme");
  return { running, root };
}

test("boto3 signs, makes MACs, agrees, encapsulates and encrypts with keys of every kind", async (t) => {
  const { running, root } = await start(t);
  const script = `
import boto3, json
from botocore.exceptions import ClientError
kms = boto3.client("kms")
text = b"four windows of June"
out = {}
def make(spec, usage):
    return kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["KeyId"]
def refused(call, **input):
    try: call(**input)
    except ClientError as error: return error.response["Error"]["Code"]
for spec, algorithm in [("RSA_2048", "RSASSA_PSS_SHA_512"), ("ECC_NIST_P384", "ECDSA_SHA_384"), ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
        ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512"), ("SM2", "SM2DSA"), ("ML_DSA_65", "ML_DSA_SHAKE_256")]:
    key = make(spec, "SIGN_VERIFY")
    how = {"KeyId": key, "SigningAlgorithm": algorithm}
    signature = kms.sign(Message=text, **how)["Signature"]
    out[spec] = [kms.verify(Message=text, Signature=signature, **how)["SignatureValid"],
        refused(kms.verify, Message=b"other", Signature=signature, **how), kms.get_public_key(KeyId=key)["SigningAlgorithms"][-1]]
key = make("HMAC_384", "GENERATE_VERIFY_MAC")
how = {"KeyId": key, "MacAlgorithm": "HMAC_SHA_384", "Message": text}
mac = kms.generate_mac(**how)["Mac"]
out["mac"] = [len(mac), kms.verify_mac(Mac=mac, **how)["MacValid"], refused(kms.verify_mac, Mac=mac[:-1], **how)]
one, two = make("ECC_NIST_P521", "KEY_AGREEMENT"), make("ECC_NIST_P521", "KEY_AGREEMENT")
def agree(own, other):
    return kms.derive_shared_secret(KeyId=own, KeyAgreementAlgorithm="ECDH", PublicKey=kms.get_public_key(KeyId=other)["PublicKey"])["SharedSecret"]
out["agreed"] = agree(one, two) == agree(two, one)
key = make("ML_KEM_768", "ENCAPSULATE_DECAPSULATE")
how = {"KeyId": key, "EncapsulationAlgorithm": "ML_KEM"}
made = kms.encapsulate(**how)
out["encapsulated"] = kms.decapsulate(SharedSecretCiphertextBlob=made["SharedSecretCiphertextBlob"], **how)["SharedSecret"] == made["SharedSecret"]
key = make("RSA_3072", "ENCRYPT_DECRYPT")
how = {"KeyId": key, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
sealed = kms.encrypt(Plaintext=text, **how)["CiphertextBlob"]
opened = kms.decrypt(CiphertextBlob=sealed, **how)
out["opened"] = [opened["Plaintext"] == text, "KeyMaterialId" in opened]
pair = kms.generate_data_key_pair(KeyId=kms.create_key()["KeyMetadata"]["KeyId"], KeyPairSpec="ECC_NIST_P256")
out["pair"] = kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"])["Plaintext"] == pair["PrivateKeyPlaintext"]
print(json.dumps(out))
`;
  const invalid = "KMSInvalidSignatureException";
  assert.deepEqual(await python(running, root, script), {
    RSA_2048: [true, invalid, "RSASSA_PSS_SHA_512"],
    ECC_NIST_P384: [true, invalid, "ECDSA_SHA_384"],
    ECC_SECG_P256K1: [true, invalid, "ECDSA_SHA_256"],
    ECC_NIST_EDWARDS25519: [true, invalid, "ED25519_PH_SHA_512"],
    SM2: [true, invalid, "SM2DSA"],
    ML_DSA_65: [true, invalid, "ML_DSA_SHAKE_256"],
    mac: [48, true, "KMSInvalidMacException"],
    agreed: true,
    encapsulated: true,
    opened: [true, false],
    pair: true,
  });
});

test("the AWS CLI signs a digest that OpenSSL verifies", async (t) => {
  const { running, root } = await start(t);
  const message = Buffer.from("four windows of June");
  const digest = join(running.data, "digest");
  writeFileSync(digest, createHash("sha512").update(message).digest());
  const call = async (...words: readonly string[]) =>
    JSON.parse(await aws(running, root, "kms", ...words));
  const kind = ["--key-spec", "ECC_NIST_P521", "--key-usage", "SIGN_VERIFY"];
  const { KeyMetadata } = await call("create-key", ...kind);
  const key = ["--key-id", KeyMetadata.KeyId];
  const how = [...key, "--signing-algorithm", "ECDSA_SHA_512", "--message-type", "DIGEST"];
  const { Signature } = await call("sign", ...how, "--message", `fileb://${digest}`);
  const { PublicKey } = await call("get-public-key", ...key);
  const publicKey = createPublicKey({
    key: Buffer.from(PublicKey, "base64"),
    format: "der",
    type: "spki",
  });
  assert.ok(verify("sha512", message, publicKey, Buffer.from(Signature, "base64")));
});
