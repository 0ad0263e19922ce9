import type {
  DecryptRequest,
  DecryptResponse,
  EncryptRequest,
  EncryptResponse,
  ReEncryptRequest,
  ReEncryptResponse,
} from "@aws-sdk/client-kms";
import { findKey, type KeyReference, notFound } from "../../keys/find-key.ts";
import { checkUsable, decryptUnder, dryRun, encryptUnder } from "../../keys/use-key.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { checkPossible, materialFact } from "./crypto-rules.ts";
import { type CiphertextTarget, checkAlgorithm, findByCiphertext } from "./find-by-ciphertext.ts";
import { demandTarget, factsOf, findAnyKey, type KmsCall, keyOf } from "./find-key.ts";

/** Encrypts up to 4 KiB. */
export const encrypt = operation("Encrypt", {
  resolve(input: Checked<EncryptRequest>, call: KmsCall) {
    const { KeyId, EncryptionContext: context, GrantTokens: grantTokens } = input;
    return findAnyKey(KeyId, call, { operation: "Encrypt", context, grantTokens });
  },
  context: ({ EncryptionContext, EncryptionAlgorithm }, { reference }, call) => ({
    ...factsOf(reference, call, EncryptionContext),
    "kms:encryptionalgorithm": EncryptionAlgorithm ?? "SYMMETRIC_DEFAULT",
  }),
  async handle(target, input, { own: keys }): Promise<EncryptResponse> {
    const { Plaintext, EncryptionContext = {}, EncryptionAlgorithm, DryRun } = input;
    const key = keyOf(target);
    checkAlgorithm(key, EncryptionAlgorithm);
    const { bytes } = await encryptUnder(keys, key, Plaintext, EncryptionContext);
    if (DryRun) throw dryRun();
    return {
      CiphertextBlob: bytes,
      KeyId: key.arn,
      EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
    };
  },
  additional: (target) => materialFact(target?.reference),
});

/** Decrypts. The ciphertext names its key; a KeyId besides must be the same. */
export const decrypt = operation("Decrypt", {
  resolve(input: Checked<DecryptRequest>, call: KmsCall): CiphertextTarget {
    const { CiphertextBlob: ciphertext, KeyId, EncryptionContext: context } = input;
    checkPossible(input);
    return findByCiphertext({ ciphertext, keyId: KeyId, ignored: isIgnored(input) }, call, {
      operation: "Decrypt",
      context,
      grantTokens: input.GrantTokens,
    });
  },
  context: ({ EncryptionContext, EncryptionAlgorithm }, { reference }, call) => ({
    ...factsOf(reference, call, EncryptionContext),
    "kms:encryptionalgorithm": EncryptionAlgorithm ?? "SYMMETRIC_DEFAULT",
  }),
  async handle(target, input, { own: keys }): Promise<DecryptResponse> {
    const { EncryptionContext = {}, EncryptionAlgorithm, DryRun } = input;
    const key = keyOf(target);
    checkAlgorithm(key, EncryptionAlgorithm);
    const used = await open(target, keys, EncryptionContext);
    if (DryRun || !used) throw dryRun();
    return {
      KeyId: key.arn,
      Plaintext: used.bytes,
      EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
      KeyMaterialId: used.materialId,
    };
  },
  additional: (target) => materialFact(target?.reference, target?.versionId),
});

/** Moves a ciphertext under another key or context, without showing the plaintext. */
export const reEncrypt = operation("ReEncrypt", {
  resolve(input: Checked<ReEncryptRequest>, call: KmsCall): ReEncryptTarget {
    const { CiphertextBlob: ciphertext, SourceKeyId, SourceEncryptionContext: context } = input;
    const source = findByCiphertext(
      { ciphertext, keyId: SourceKeyId, ignored: isIgnored(input) },
      call,
      { operation: "ReEncryptFrom", context, grantTokens: input.GrantTokens },
    );
    return { ...source, destination: findKey(call.own, input.DestinationKeyId, call.account) };
  },
  action: "ReEncryptFrom",
  context: (input, target, call) => ({
    ...factsOf(target.reference, call, input.SourceEncryptionContext),
    "kms:encryptionalgorithm": input.SourceEncryptionAlgorithm ?? "SYMMETRIC_DEFAULT",
    "kms:reencryptonsamekey": isSameKey(target),
  }),
  also: (input, target, call) => {
    const { destination } = target;
    const context = input.DestinationEncryptionContext;
    return [
      {
        action: "kms:ReEncryptTo",
        target: demandTarget(destination, call, { operation: "ReEncryptTo", context }),
        context: {
          ...factsOf(destination, call, context),
          "kms:encryptionalgorithm": input.DestinationEncryptionAlgorithm ?? "SYMMETRIC_DEFAULT",
          "kms:reencryptonsamekey": isSameKey(target),
        },
      },
    ];
  },
  async handle(target, input, { own: keys }): Promise<ReEncryptResponse> {
    const { destination } = target;
    const source = keyOf(target);
    if (!destination.key) throw notFound(destination);
    checkAlgorithm(source, input.SourceEncryptionAlgorithm);
    checkAlgorithm(destination.key, input.DestinationEncryptionAlgorithm);
    const opened = await open(target, keys, input.SourceEncryptionContext ?? {});
    const plaintext = opened?.bytes ?? Buffer.alloc(0);
    const context = input.DestinationEncryptionContext ?? {};
    const sealed = await encryptUnder(keys, destination.key, plaintext, context);
    plaintext.fill(0);
    if (input.DryRun || !opened) throw dryRun();
    return {
      CiphertextBlob: sealed.bytes,
      SourceKeyId: source.arn,
      KeyId: destination.key.arn,
      SourceEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
      DestinationEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
      SourceKeyMaterialId: opened.materialId,
      DestinationKeyMaterialId: sealed.materialId,
    };
  },
  additional: (_target, _input, output) =>
    output && {
      sourceKeyMaterialId: output.SourceKeyMaterialId,
      destinationKeyMaterialId: output.DestinationKeyMaterialId,
    },
});

interface ReEncryptTarget extends CiphertextTarget {
  readonly destination: KeyReference;
}

const isSameKey = ({ reference, destination }: ReEncryptTarget) =>
  String(reference.arn === destination.arn);

/** A trial run may leave the ciphertext out, when it says so and names the key. */
const isIgnored = (input: Checked<DecryptRequest> | Checked<ReEncryptRequest>) =>
  input.DryRun === true && (input.DryRunModifiers ?? []).includes("IGNORE_CIPHERTEXT");

/** The plaintext; undefined when a trial run leaves the ciphertext out. */
function open(
  target: CiphertextTarget,
  keys: KmsCall["own"],
  context: Readonly<Record<string, string>>,
): ReturnType<typeof decryptUnder> | undefined {
  const key = keyOf(target);
  if (target.ciphertext) return decryptUnder(keys, key, target.ciphertext, context);
  checkUsable(key);
  return undefined;
}
