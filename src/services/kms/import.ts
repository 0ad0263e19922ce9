import type {
  DeleteImportedKeyMaterialRequest,
  DeleteImportedKeyMaterialResponse,
  GetParametersForImportRequest,
  GetParametersForImportResponse,
  ImportKeyMaterialRequest,
  ImportKeyMaterialResponse,
} from "@aws-sdk/client-kms";
import { dropImported, importMaterial, openToken, sealToken } from "../../keys/import-material.ts";
import {
  checkImportable,
  importValidMs,
  makeWrappingKey,
  toMaterial,
  unwrapMaterial,
} from "../../keys/imported.ts";
import type { KmsKey } from "../../keys/kms-key.ts";
import { pendingDeletion } from "../../keys/use-key.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import {
  factsOf,
  findOwnKey,
  type KeyTarget,
  type KmsCall,
  keyOf,
  plainFacts,
} from "./find-key.ts";
import { notBuilt } from "./metadata.ts";

const yearMs = 365 * 86_400_000;

/** The key, if material can be imported into it. Throws KMS's refusals. */
function externalKey(target: KeyTarget): KmsKey {
  const key = keyOf(target);
  if (key.record.origin !== "EXTERNAL") {
    throw new ServiceError(
      "UnsupportedOperationException",
      `${key.arn} origin is ${key.record.origin} which is not valid for this operation.`,
    );
  }
  if (key.record.state === "PendingDeletion") throw pendingDeletion(key);
  return key;
}

/** Makes a key that material can be wrapped with, and a token that is given back with it, for a day. */
export const readParametersForImport = operation("GetParametersForImport", {
  resolve: ({ KeyId }: Checked<GetParametersForImportRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "GetParametersForImport"),
  context: ({ WrappingAlgorithm, WrappingKeySpec }, { reference }, call) => ({
    ...factsOf(reference, call),
    "kms:wrappingalgorithm": WrappingAlgorithm,
    "kms:wrappingkeyspec": WrappingKeySpec,
  }),
  async handle(target, input, call): Promise<GetParametersForImportResponse> {
    const { WrappingAlgorithm, WrappingKeySpec } = input;
    const key = externalKey(target);
    checkImportable(key.record.spec, WrappingAlgorithm, WrappingKeySpec);
    const { publicKey, privateKey } = await makeWrappingKey(WrappingKeySpec);
    const untilMs = call.timeMs + importValidMs;
    const ImportToken = sealToken(call.own, key.account, {
      keyArn: key.arn,
      algorithm: WrappingAlgorithm,
      privateKey: privateKey.toString("base64"),
      untilMs,
    });
    privateKey.fill(0);
    const ParametersValidTo = new Date(untilMs);
    return { KeyId: key.arn, ImportToken, PublicKey: publicKey, ParametersValidTo };
  },
});

/** Takes in material that was wrapped for the key, for ever or until a time. */
export const importKeyMaterial = operation("ImportKeyMaterial", {
  resolve: ({ KeyId }: Checked<ImportKeyMaterialRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "ImportKeyMaterial"),
  context: ({ ExpirationModel = expires, ValidTo }, { reference }, call) => ({
    ...factsOf(reference, call),
    "kms:expirationmodel": ExpirationModel,
    "kms:validto": ValidTo?.toISOString(),
  }),
  async handle(target, input, call): Promise<ImportKeyMaterialResponse> {
    const key = externalKey(target);
    const { own: keys } = call;
    if (input.ImportType === "NEW_KEY_MATERIAL" && key.record.versions.length > 0) {
      throw notBuilt("A second imported material of a key");
    }
    const validToMs = validToOf(input, call.timeMs);
    const token = openToken(keys, key.account, input.ImportToken);
    if (token?.keyArn !== key.arn) {
      throw new ServiceError("InvalidImportTokenException", "The import token is not of this key");
    }
    if (token.untilMs <= call.timeMs) {
      throw new ServiceError("ExpiredImportTokenException", "The import token has expired");
    }
    const material = unwrapMaterial(token, input.EncryptedKeyMaterial);
    const KeyMaterialId = await importMaterial(keys, key, toMaterial(key.record.spec, material), {
      ...(validToMs !== undefined && { validToMs }),
      ...(input.KeyMaterialDescription !== undefined && {
        description: input.KeyMaterialDescription,
      }),
    });
    return { KeyId: key.arn, KeyMaterialId };
  },
});

const expires = "KEY_MATERIAL_EXPIRES";

function validToOf(
  { ExpirationModel = expires, ValidTo }: Checked<ImportKeyMaterialRequest>,
  nowMs: number,
): number | undefined {
  if ((ExpirationModel === expires) !== (ValidTo !== undefined)) {
    throw new ServiceError(
      "ValidationException",
      `ValidTo goes with ExpirationModel ${expires}, and is needed there`,
    );
  }
  const atMs = ValidTo?.getTime();
  if (atMs !== undefined && (atMs <= nowMs || atMs > nowMs + yearMs)) {
    throw new ServiceError("ValidationException", "ValidTo must be within 365 days from now");
  }
  return atMs;
}

/** Destroys imported material at once; the same material can be imported again. */
export const deleteImportedKeyMaterial = operation("DeleteImportedKeyMaterial", {
  resolve: ({ KeyId }: Checked<DeleteImportedKeyMaterialRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "DeleteImportedKeyMaterial"),
  context: plainFacts,
  async handle(target, { KeyMaterialId }, call): Promise<DeleteImportedKeyMaterialResponse> {
    const key = externalKey(target);
    const [version] = key.record.versions;
    if (KeyMaterialId !== undefined && KeyMaterialId !== version?.id) {
      throw new ServiceError("NotFoundException", `Key material ${KeyMaterialId} is not found`);
    }
    await dropImported(call.own, key);
    return { KeyId: key.arn, ...(version && { KeyMaterialId: version.id }) };
  },
});
