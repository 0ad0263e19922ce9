import type {
  GenerateDataKeyRequest,
  GenerateDataKeyResponse,
  GenerateDataKeyWithoutPlaintextRequest,
  GenerateDataKeyWithoutPlaintextResponse,
  GenerateRandomRequest,
  GenerateRandomResponse,
} from "@aws-sdk/client-kms";
import { dryRun, encryptUnder, type Used } from "../../keys/use-key.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { checkPossible, materialFact } from "./crypto-rules.ts";
import {
  askerOf,
  cipherFacts,
  findAnyKey,
  inAccount,
  type KeyTarget,
  type KmsCall,
  keyOf,
} from "./find-key.ts";
import { keyUse } from "./key-use.ts";

const randomBytesMax = 1024;

const dataKeyFacts = (
  { EncryptionContext }: Pick<Checked<GenerateDataKeyRequest>, "EncryptionContext">,
  { reference }: KeyTarget,
  call: KmsCall,
) => cipherFacts(reference, call, EncryptionContext);

/** Makes a data key: once in clear for use now, once encrypted to keep. */
export const generateDataKey = keyUse("GenerateDataKey", {
  resolve(input: Checked<GenerateDataKeyRequest>, call: KmsCall) {
    const { KeyId, EncryptionContext: context, GrantTokens: grantTokens } = input;
    checkPossible(input);
    return findAnyKey(KeyId, call, { operation: "GenerateDataKey", context, grantTokens });
  },
  context: dataKeyFacts,
  async handle(target, input, call): Promise<GenerateDataKeyResponse> {
    const { plain, sealed } = await makeDataKey(target, input, call);
    return {
      CiphertextBlob: sealed.bytes,
      Plaintext: plain,
      KeyId: keyOf(target).arn,
      KeyMaterialId: sealed.materialId,
    };
  },
  additional: (target) => materialFact(target?.reference),
});

/** Makes a data key for later: only encrypted. */
export const generateDataKeyWithoutPlaintext = keyUse("GenerateDataKeyWithoutPlaintext", {
  resolve(input: Checked<GenerateDataKeyWithoutPlaintextRequest>, call: KmsCall) {
    const { KeyId, EncryptionContext: context, GrantTokens: grantTokens } = input;
    const name = "GenerateDataKeyWithoutPlaintext";
    return findAnyKey(KeyId, call, { operation: name, context, grantTokens });
  },
  context: dataKeyFacts,
  async handle(target, input, call): Promise<GenerateDataKeyWithoutPlaintextResponse> {
    const { plain, sealed } = await makeDataKey(target, input, call);
    plain.fill(0);
    return {
      CiphertextBlob: sealed.bytes,
      KeyId: keyOf(target).arn,
      KeyMaterialId: sealed.materialId,
    };
  },
  additional: (target) => materialFact(target?.reference),
});

/** Bytes that nobody can predict. */
export const generateRandom = operation("GenerateRandom", {
  resolve: (input: Checked<GenerateRandomRequest>, call: KmsCall) => inAccount(input, call),
  async handle(_account, input, { own: keys, account }): Promise<GenerateRandomResponse> {
    checkPossible(input);
    const size = input.NumberOfBytes;
    if (size === undefined || size < 1 || size > randomBytesMax) {
      throw new ServiceError(
        "ValidationException",
        `NumberOfBytes must be between 1 and ${randomBytesMax}`,
      );
    }
    const { CustomKeyStoreId: store } = input;
    if (store === undefined) return { Plaintext: keys.random.bytes(size) };
    const token = await keys.customStores.token(account, store);
    return { Plaintext: await token.random(size) };
  },
});

async function makeDataKey(
  target: KeyTarget,
  input: Checked<GenerateDataKeyWithoutPlaintextRequest>,
  call: KmsCall,
): Promise<{ readonly plain: Buffer; readonly sealed: Used }> {
  const { own: keys } = call;
  const { EncryptionContext = {} } = input;
  const plain = keys.random.bytes(sizeOf(input));
  const sealed = await encryptUnder(keys, keyOf(target), plain, EncryptionContext, askerOf(call));
  if (input.DryRun) throw dryRun();
  return { plain, sealed };
}

function sizeOf(input: Checked<GenerateDataKeyWithoutPlaintextRequest>): number {
  const { KeySpec, NumberOfBytes } = input;
  if ((KeySpec === undefined) === (NumberOfBytes === undefined)) {
    throw new ServiceError(
      "ValidationException",
      "Please specify either number of bytes or key spec.",
    );
  }
  return NumberOfBytes ?? (KeySpec === "AES_128" ? 16 : 32);
}
