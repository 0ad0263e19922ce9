import { generateKeyPairSync } from "node:crypto";
import type { Known } from "./minimal-input.ts";

type Members = Readonly<Record<string, unknown>>;
type Do = (operation: string, input: object) => Promise<Members>;

const Message = Buffer.from("four windows of June");

/**
 * One key of each usage, and for each operation on it an input that succeeds. Their algorithms are the first of the
 * model, which `minimalInput` takes.
 */
export async function makeKeysOfAllUsages(kms: Do): Promise<Known> {
  const make = async (KeySpec: string, KeyUsage: string): Promise<string> => {
    const { KeyMetadata } = await kms("CreateKey", { KeySpec, KeyUsage });
    return String((KeyMetadata as Members)["Arn"]);
  };
  const signing = await make("RSA_2048", "SIGN_VERIFY");
  const mac = await make("HMAC_224", "GENERATE_VERIFY_MAC");
  const agreeing = await make("ECC_NIST_P256", "KEY_AGREEMENT");
  const encapsulating = await make("ML_KEM_512", "ENCAPSULATE_DECAPSULATE");
  const signed = { KeyId: signing, Message, SigningAlgorithm: "RSASSA_PSS_SHA_256" };
  const { Signature } = await kms("Sign", signed);
  const { Mac } = await kms("GenerateMac", { KeyId: mac, Message, MacAlgorithm: "HMAC_SHA_224" });
  const sealed = { KeyId: encapsulating, EncapsulationAlgorithm: "ML_KEM" };
  const { SharedSecretCiphertextBlob } = await kms("Encapsulate", sealed);
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  return {
    Message,
    Signature,
    Mac,
    SharedSecretCiphertextBlob,
    "Sign.KeyId": signing,
    "Verify.KeyId": signing,
    "GetPublicKey.KeyId": signing,
    "GenerateMac.KeyId": mac,
    "VerifyMac.KeyId": mac,
    "DeriveSharedSecret.KeyId": agreeing,
    "DeriveSharedSecret.PublicKey": publicKey.export({ format: "der", type: "spki" }),
    "Encapsulate.KeyId": encapsulating,
    "Decapsulate.KeyId": encapsulating,
  };
}
