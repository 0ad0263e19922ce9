import type {
  DecapsulateRequest,
  DecapsulateResponse,
  DeriveSharedSecretRequest,
  DeriveSharedSecretResponse,
  EncapsulateRequest,
  EncapsulateResponse,
  GenerateDataKeyPairRequest,
  GenerateDataKeyPairResponse,
  GenerateDataKeyPairWithoutPlaintextRequest,
  GenerateDataKeyPairWithoutPlaintextResponse,
  GetPublicKeyRequest,
  GetPublicKeyResponse,
} from "@aws-sdk/client-kms";
import { generateMaterial } from "../../keys/algorithms/kinds.ts";
import { notFound } from "../../keys/find-key.ts";
import { checkUsable, dryRun, encryptUnder } from "../../keys/use-key.ts";
import {
  decapsulateUnder,
  deriveUnder,
  encapsulateUnder,
  publicKeyOf,
} from "../../keys/use-pair.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { checkPossible, materialFact } from "./crypto-rules.ts";
import {
  askerOf,
  cipherFacts,
  factsOf,
  findAnyKey,
  type KeyTarget,
  type KmsCall,
  keyOf,
  plainFacts,
} from "./find-key.ts";
import { keyUse } from "./key-use.ts";
import { algorithmsOf, notBuilt } from "./metadata.ts";

/** Shows the public key of an asymmetric key, and what it may be used for. */
export const readPublicKey = operation("GetPublicKey", {
  resolve: ({ KeyId, GrantTokens: grantTokens }: Checked<GetPublicKeyRequest>, call: KmsCall) =>
    findAnyKey(KeyId, call, { operation: "GetPublicKey", grantTokens }),
  context: plainFacts,
  handle(target): GetPublicKeyResponse {
    const key = keyOf(target);
    checkUsable(key);
    return {
      KeyId: key.arn,
      PublicKey: publicKeyOf(key),
      KeySpec: key.record.spec,
      KeyUsage: key.record.usage,
      ...algorithmsOf(key),
    };
  },
});

const pairFacts = (
  input: Checked<GenerateDataKeyPairRequest>,
  { reference }: KeyTarget,
  call: KmsCall,
) => ({
  ...cipherFacts(reference, call, input.EncryptionContext),
  "kms:datakeypairspec": input.KeyPairSpec,
});

/** Makes a key pair for use outside: the private key once in clear, once encrypted to keep. */
export const generateDataKeyPair = keyUse("GenerateDataKeyPair", {
  resolve(input: Checked<GenerateDataKeyPairRequest>, call: KmsCall) {
    checkPossible(input);
    const { KeyId, EncryptionContext: context, GrantTokens: grantTokens } = input;
    return findAnyKey(KeyId, call, { operation: "GenerateDataKeyPair", context, grantTokens });
  },
  context: pairFacts,
  async handle(target, input, call): Promise<GenerateDataKeyPairResponse> {
    const { plain, ...rest } = await makePair(target, input, call);
    return { ...rest, PrivateKeyPlaintext: plain };
  },
  additional: (target) => materialFact(target?.reference),
});

/** Makes a key pair for later: the private key only encrypted. */
export const generateDataKeyPairWithoutPlaintext = keyUse("GenerateDataKeyPairWithoutPlaintext", {
  resolve(input: Checked<GenerateDataKeyPairWithoutPlaintextRequest>, call: KmsCall) {
    const { KeyId, EncryptionContext: context, GrantTokens: grantTokens } = input;
    const name = "GenerateDataKeyPairWithoutPlaintext";
    return findAnyKey(KeyId, call, { operation: name, context, grantTokens });
  },
  context: pairFacts,
  async handle(target, input, call): Promise<GenerateDataKeyPairWithoutPlaintextResponse> {
    const { plain, ...rest } = await makePair(target, input, call);
    plain.fill(0);
    return rest;
  },
  additional: (target) => materialFact(target?.reference),
});

async function makePair(
  target: KeyTarget,
  { KeyPairSpec, EncryptionContext = {}, DryRun }: Checked<GenerateDataKeyPairRequest>,
  call: KmsCall,
) {
  const { own: keys } = call;
  const asker = askerOf(call);
  const key = keyOf(target);
  // First under the key: one that may not be used costs nobody the making of a pair.
  await encryptUnder(keys, key, Buffer.alloc(0), EncryptionContext, asker);
  if (DryRun) throw dryRun();
  const made = await generateMaterial(KeyPairSpec, keys.random);
  if (!made?.publicKey) throw notBuilt(`KeyPairSpec ${KeyPairSpec}`);
  // A pair takes its time: the key may have been disabled, or be gone, since it was found.
  const now = keys.find(key.account, key.record.id);
  if (!now) throw notFound(target.reference);
  const sealed = await encryptUnder(keys, now, made.bytes, EncryptionContext, asker);
  return {
    plain: made.bytes,
    PrivateKeyCiphertextBlob: sealed.bytes,
    PublicKey: made.publicKey,
    KeyId: key.arn,
    KeyPairSpec,
    KeyMaterialId: sealed.materialId,
  };
}

/** Derives the secret that the key shares with the holder of another one on its curve. */
export const deriveSharedSecret = keyUse("DeriveSharedSecret", {
  resolve(input: Checked<DeriveSharedSecretRequest>, call: KmsCall) {
    checkPossible(input);
    const { KeyId, GrantTokens: grantTokens } = input;
    return findAnyKey(KeyId, call, { operation: "DeriveSharedSecret", grantTokens });
  },
  context: ({ KeyAgreementAlgorithm }, { reference }, call) => ({
    ...factsOf(reference, call),
    "kms:keyagreementalgorithm": KeyAgreementAlgorithm,
  }),
  handle(target, input, { own: keys }): DeriveSharedSecretResponse {
    const key = keyOf(target);
    const SharedSecret = deriveUnder(keys, key, input.PublicKey, input.KeyAgreementAlgorithm);
    if (input.DryRun) throw dryRun();
    const { KeyAgreementAlgorithm } = input;
    return { KeyId: key.arn, SharedSecret, KeyAgreementAlgorithm, KeyOrigin: key.record.origin };
  },
});

/** Makes a secret, once in clear and once for the holder of the private key. */
export const encapsulate = keyUse("Encapsulate", {
  resolve: ({ KeyId, GrantTokens: grantTokens }: Checked<EncapsulateRequest>, call: KmsCall) =>
    findAnyKey(KeyId, call, { operation: "Encapsulate", grantTokens }),
  context: plainFacts,
  handle(target, { EncapsulationAlgorithm, DryRun }, { own: keys }): EncapsulateResponse {
    const key = keyOf(target);
    const { secret, sealed } = encapsulateUnder(keys, key, EncapsulationAlgorithm);
    if (DryRun) throw dryRun();
    return {
      KeyId: key.arn,
      SharedSecret: secret,
      SharedSecretCiphertextBlob: sealed,
      EncapsulationAlgorithm,
    };
  },
});

/** Opens a secret that was encapsulated for the key. */
export const decapsulate = keyUse("Decapsulate", {
  resolve: ({ KeyId, GrantTokens: grantTokens }: Checked<DecapsulateRequest>, call: KmsCall) =>
    findAnyKey(KeyId, call, { operation: "Decapsulate", grantTokens }),
  context: plainFacts,
  handle(target, input, { own: keys }): DecapsulateResponse {
    const key = keyOf(target);
    const { SharedSecretCiphertextBlob: sealed, EncapsulationAlgorithm } = input;
    const SharedSecret = decapsulateUnder(keys, key, sealed, EncapsulationAlgorithm);
    if (input.DryRun) throw dryRun();
    return { KeyId: key.arn, SharedSecret, EncapsulationAlgorithm };
  },
});
