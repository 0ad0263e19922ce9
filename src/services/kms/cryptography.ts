import type {
  DecryptRequest,
  DecryptResponse,
  EncryptionAlgorithmSpec,
  EncryptRequest,
  EncryptResponse,
  ReEncryptRequest,
  ReEncryptResponse,
} from "@aws-sdk/client-kms";
import { findKey, type KeyReference, notFound } from "../../keys/find-key.ts";
import type { Context } from "../../keys/keys.ts";
import type { KmsKey } from "../../keys/kms-key.ts";
import {
  checkAlgorithm,
  checkUsable,
  checkUsage,
  decryptUnder,
  dryRun,
  encryptUnder,
  type Used,
} from "../../keys/use-key.ts";
import { decryptByPair, encryptToPair } from "../../keys/use-pair.ts";
import { type Checked, ServiceError } from "../../pipeline/operation.ts";
import { checkPossible, materialFact } from "./crypto-rules.ts";
import { type CiphertextTarget, findByCiphertext } from "./find-by-ciphertext.ts";
import { askerOf, cipherFacts, demandTarget, findAnyKey, type KmsCall, keyOf } from "./find-key.ts";
import { keyUse } from "./key-use.ts";
import { isSymmetric } from "./metadata.ts";

/** Encrypts up to 4 KiB. */
export const encrypt = keyUse("Encrypt", {
  resolve(input: Checked<EncryptRequest>, call: KmsCall) {
    const { KeyId, EncryptionContext: context, GrantTokens: grantTokens } = input;
    return findAnyKey(KeyId, call, { operation: "Encrypt", context, grantTokens });
  },
  context: ({ EncryptionContext, EncryptionAlgorithm }, { reference }, call) =>
    cipherFacts(reference, call, EncryptionContext, EncryptionAlgorithm),
  async handle(target, input, call): Promise<EncryptResponse> {
    const { Plaintext, EncryptionContext, DryRun } = input;
    const { EncryptionAlgorithm = "SYMMETRIC_DEFAULT" } = input;
    const key = keyOf(target);
    const how = { algorithm: EncryptionAlgorithm, context: EncryptionContext };
    const { bytes } = await encryptBy(call, key, Plaintext, how);
    if (DryRun) throw dryRun();
    return { CiphertextBlob: bytes, KeyId: key.arn, EncryptionAlgorithm };
  },
  additional: (target) => materialFact(target?.reference),
});

/** Decrypts. The ciphertext names its key; a KeyId besides must be the same. */
export const decrypt = keyUse("Decrypt", {
  resolve(input: Checked<DecryptRequest>, call: KmsCall): CiphertextTarget {
    const { CiphertextBlob: ciphertext, KeyId, EncryptionContext: context } = input;
    checkPossible(input);
    return findByCiphertext({ ciphertext, keyId: KeyId, ignored: isIgnored(input) }, call, {
      operation: "Decrypt",
      context,
      grantTokens: input.GrantTokens,
    });
  },
  context: ({ EncryptionContext, EncryptionAlgorithm }, { reference }, call) =>
    cipherFacts(reference, call, EncryptionContext, EncryptionAlgorithm),
  async handle(target, input, call): Promise<DecryptResponse> {
    const { EncryptionContext, EncryptionAlgorithm = "SYMMETRIC_DEFAULT", DryRun } = input;
    const key = keyOf(target);
    const how = { algorithm: EncryptionAlgorithm, context: EncryptionContext };
    const used = await open(target, call, how);
    if (DryRun || !used) throw dryRun();
    return {
      KeyId: key.arn,
      Plaintext: used.bytes,
      EncryptionAlgorithm,
      ...(isSymmetric(key.record) && { KeyMaterialId: used.materialId }),
    };
  },
  additional: (target) => materialFact(target?.reference, target?.versionId),
});

/** Moves a ciphertext under another key or context, without showing the plaintext. */
export const reEncrypt = keyUse(
  "ReEncrypt",
  {
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
      ...cipherFacts(
        target.reference,
        call,
        input.SourceEncryptionContext,
        input.SourceEncryptionAlgorithm,
      ),
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
            ...cipherFacts(destination, call, context, input.DestinationEncryptionAlgorithm),
            "kms:reencryptonsamekey": isSameKey(target),
          },
        },
      ];
    },
    async handle(target, input, call): Promise<ReEncryptResponse> {
      const { destination } = target;
      const source = keyOf(target);
      if (!destination.key) throw notFound(destination);
      const from = input.SourceEncryptionAlgorithm ?? "SYMMETRIC_DEFAULT";
      const to = input.DestinationEncryptionAlgorithm ?? "SYMMETRIC_DEFAULT";
      const opened = await open(target, call, {
        algorithm: from,
        context: input.SourceEncryptionContext,
      });
      const plaintext = opened?.bytes ?? Buffer.alloc(0);
      const sealed = await encryptBy(call, destination.key, plaintext, {
        algorithm: to,
        context: input.DestinationEncryptionContext,
      });
      plaintext.fill(0);
      if (input.DryRun || !opened) throw dryRun();
      return {
        CiphertextBlob: sealed.bytes,
        SourceKeyId: source.arn,
        KeyId: destination.key.arn,
        SourceEncryptionAlgorithm: from,
        DestinationEncryptionAlgorithm: to,
        ...(isSymmetric(source.record) && { SourceKeyMaterialId: opened.materialId }),
        ...(isSymmetric(destination.key.record) && {
          DestinationKeyMaterialId: sealed.materialId,
        }),
      };
    },
    additional: (_target, _input, output) =>
      output && {
        ...(output.SourceKeyMaterialId && { sourceKeyMaterialId: output.SourceKeyMaterialId }),
        ...(output.DestinationKeyMaterialId && {
          destinationKeyMaterialId: output.DestinationKeyMaterialId,
        }),
      },
  },
  ({ destination }) => destination.key,
);

interface ReEncryptTarget extends CiphertextTarget {
  readonly destination: KeyReference;
}

const isSameKey = ({ reference, destination }: ReEncryptTarget) =>
  String(reference.arn === destination.arn);

/** A trial run may leave the ciphertext out, when it says so and names the key. */
const isIgnored = (input: Checked<DecryptRequest> | Checked<ReEncryptRequest>) =>
  input.DryRun === true && (input.DryRunModifiers ?? []).includes("IGNORE_CIPHERTEXT");

interface How {
  readonly algorithm: EncryptionAlgorithmSpec;
  readonly context: Context | undefined;
}

/** Refuses an algorithm of another kind of key, and a context that nothing would bind. */
function checkHow(key: KmsKey, { algorithm, context }: How): void {
  if (key.record.usage === "ENCRYPT_DECRYPT") checkAlgorithm(key, algorithm);
  if (isSymmetric(key.record) || Object.keys(context ?? {}).length === 0) return;
  throw new ServiceError(
    "ValidationException",
    "An encryption context is bound by symmetric encryption keys only",
  );
}

function encryptBy(
  call: KmsCall,
  key: KmsKey,
  plaintext: Uint8Array,
  how: How,
): Used | Promise<Used> {
  checkHow(key, how);
  const { own: keys } = call;
  if (isSymmetric(key.record)) {
    return encryptUnder(keys, key, plaintext, how.context ?? {}, askerOf(call));
  }
  return encryptToPair(keys, key, plaintext, how.algorithm);
}

/** The plaintext; undefined when a trial run leaves the ciphertext out. */
function open(target: CiphertextTarget, call: KmsCall, how: How): Used | Promise<Used> | undefined {
  const key = keyOf(target);
  checkHow(key, how);
  if (!target.ciphertext) {
    checkUsable(key);
    checkUsage(key, "ENCRYPT_DECRYPT", "Decrypt");
    return undefined;
  }
  const { own: keys } = call;
  if (isSymmetric(key.record)) {
    return decryptUnder(keys, key, target.ciphertext, how.context ?? {}, askerOf(call));
  }
  return decryptByPair(keys, key, target.ciphertext, how.algorithm);
}
