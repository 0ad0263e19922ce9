import type {
  DeleteImportedKeyMaterialRequest,
  DeleteImportedKeyMaterialResponse,
  GetParametersForImportRequest,
  GetParametersForImportResponse,
  ImportKeyMaterialRequest,
  ImportKeyMaterialResponse,
} from "@aws-sdk/client-kms";
import {
  isWrappingAlgorithm,
  isWrappingPair,
  wrappingAlgorithms,
} from "../../keys/import-wrapping.ts";
import { isReplica } from "../../keys/key-record.ts";
import { specOf } from "../../keys/key-specs.ts";
import { checkState } from "../../keys/key-states.ts";
import type { KmsKey } from "../../keys/kms-key.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { factsOf, findOwnKey, type KmsCall, keyOf, plainFacts } from "./find-key.ts";

const validForMs = { min: 1_000, max: 365 * 86_400_000 };

const invalid = (message: string) => new ServiceError("ValidationException", message);

/** Gives what material is wrapped with, and what brings it in. */
export const readParametersForImport = operation("GetParametersForImport", {
  resolve: ({ KeyId }: Checked<GetParametersForImportRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "GetParametersForImport"),
  context: ({ WrappingAlgorithm, WrappingKeySpec }, { reference }, call) => ({
    ...factsOf(reference, call),
    "kms:wrappingalgorithm": WrappingAlgorithm,
    "kms:wrappingkeyspec": WrappingKeySpec,
  }),
  async handle(target, input, call): Promise<GetParametersForImportResponse> {
    const { WrappingAlgorithm: algorithm, WrappingKeySpec: spec } = input;
    const { own: keys, account } = call;
    const key = keyOf(target);
    checkImported(key);
    checkState("GetParametersForImport", key);
    if (!isWrappingAlgorithm(algorithm)) {
      // Withdrawn by AWS on October 10, 2023.
      throw unsupported(`The wrapping algorithm ${algorithm} is not supported any more.`);
    }
    if (!isWrappingPair(algorithm, spec)) {
      throw invalid(`WrappingAlgorithm ${algorithm} is not compatible with ${spec}`);
    }
    if (specOf(key.record.spec).kind === "rsa" && !wrappingAlgorithms[algorithm].any) {
      throw unsupported(
        `Key spec ${key.record.spec} needs a wrapping algorithm RSA_AES_KEY_WRAP or SM2PKE.`,
      );
    }
    keys.quotas.takeWrappingKey(account);
    const made = await keys.imports.parameters(key, algorithm, spec);
    if (!made) throw unsupported(`This platform has no ${spec}.`);
    const { publicKey, token, validToMs } = made;
    return {
      KeyId: key.arn,
      PublicKey: publicKey,
      ImportToken: token,
      ParametersValidTo: new Date(validToMs),
    };
  },
});

/** Brings material in: the first, the same again, or another for the next rotation. */
export const importKeyMaterial = operation("ImportKeyMaterial", {
  resolve: ({ KeyId }: Checked<ImportKeyMaterialRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "ImportKeyMaterial"),
  context: ({ ExpirationModel, ValidTo }, { reference }, call) => ({
    ...factsOf(reference, call),
    "kms:expirationmodel": ExpirationModel ?? "KEY_MATERIAL_EXPIRES",
    "kms:validto": ValidTo?.toISOString(),
  }),
  async handle(target, input, call): Promise<ImportKeyMaterialResponse> {
    const key = keyOf(target);
    checkImported(key);
    checkState("ImportKeyMaterial", key);
    const validToMs = validToOf(input, call.timeMs);
    checkSymmetricOnly(key, input);
    const { own } = call;
    const { versions } = key.record;
    const further = input.ImportType === "NEW_KEY_MATERIAL" && versions.length > 0;
    if (further && isReplica(key.record, own.region)) {
      throw unsupported(`${key.arn} is a replica: new key material comes into its primary first.`);
    }
    const { ImportType, KeyMaterialId, KeyMaterialDescription } = input;
    const id = await own.imports.put(key, {
      token: input.ImportToken,
      wrapped: input.EncryptedKeyMaterial,
      ...(ImportType && { type: ImportType }),
      ...(KeyMaterialId !== undefined && { materialId: KeyMaterialId }),
      ...(KeyMaterialDescription !== undefined && { description: KeyMaterialDescription }),
      ...(validToMs !== undefined && { validToMs }),
    });
    return { KeyId: key.arn, KeyMaterialId: id };
  },
  responseElements: ({ KeyId, KeyMaterialId }) => ({ keyId: KeyId, keyMaterialId: KeyMaterialId }),
});

/** Destroys imported material, here and in every copy; the key waits for the same again. */
export const deleteImportedKeyMaterial = operation("DeleteImportedKeyMaterial", {
  resolve: ({ KeyId }: Checked<DeleteImportedKeyMaterialRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "DeleteImportedKeyMaterial"),
  context: plainFacts,
  async handle(target, { KeyMaterialId }, call): Promise<DeleteImportedKeyMaterialResponse> {
    const key = keyOf(target);
    checkImported(key);
    checkState("DeleteImportedKeyMaterial", key);
    const id = await call.own.imports.delete(key, KeyMaterialId);
    return { KeyId: key.arn, ...(id !== undefined && { KeyMaterialId: id }) };
  },
  responseElements: ({ KeyId, KeyMaterialId }) => ({
    keyId: KeyId,
    keyMaterialId: KeyMaterialId ?? null,
  }),
});

const unsupported = (message: string) => new ServiceError("UnsupportedOperationException", message);

/** Only keys that were made for it have material from outside. */
function checkImported({ arn, record }: KmsKey): void {
  if (record.origin === "EXTERNAL") return;
  throw unsupported(`${arn} origin is ${record.origin} which is not valid for this operation.`);
}

/** When the material ends; undefined for never. */
function validToOf(
  { ExpirationModel = "KEY_MATERIAL_EXPIRES", ValidTo }: Checked<ImportKeyMaterialRequest>,
  nowMs: number,
): number | undefined {
  const expires = ExpirationModel === "KEY_MATERIAL_EXPIRES";
  if (expires !== (ValidTo !== undefined)) {
    throw invalid(`ValidTo must ${expires ? "" : "not "}be given with ${ExpirationModel}`);
  }
  if (!ValidTo) return undefined;
  const leftMs = ValidTo.getTime() - nowMs;
  if (!(leftMs >= validForMs.min && leftMs <= validForMs.max)) {
    throw invalid("ValidTo must be in the future, and at most 365 days from now");
  }
  return ValidTo.getTime();
}

/** Other keys have one material for ever: there is nothing to tell apart. */
function checkSymmetricOnly({ record }: KmsKey, input: Checked<ImportKeyMaterialRequest>): void {
  const { ImportType, KeyMaterialId, KeyMaterialDescription } = input;
  if (ImportType === "NEW_KEY_MATERIAL" && KeyMaterialId !== undefined) {
    throw invalid("KeyMaterialId must not be given with ImportType NEW_KEY_MATERIAL");
  }
  const given = [ImportType, KeyMaterialId, KeyMaterialDescription].some(
    (one) => one !== undefined,
  );
  if (given && record.spec !== "SYMMETRIC_DEFAULT") {
    throw invalid(
      "ImportType, KeyMaterialId and KeyMaterialDescription are for symmetric encryption keys only",
    );
  }
}
