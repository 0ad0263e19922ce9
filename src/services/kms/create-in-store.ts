import type { KmsKey } from "../../keys/kms-key.ts";
import type { NewKey } from "../../keys/new-key.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import { askerOf, type KmsCall } from "./find-key.ts";

/** A cluster must survive the loss of one HSM before keys are made in it. */
const hsmsMin = 2;

/** Makes a key whose material is made in the token of a custom key store and stays there. */
export async function createInStore(
  storeId: string | undefined,
  given: NewKey,
  { own: keys, account }: KmsCall,
): Promise<KmsKey> {
  if (storeId === undefined) {
    throw new ServiceError("ValidationException", "Origin AWS_CLOUDHSM needs a CustomKeyStoreId");
  }
  checkKind(keys, { account, storeId }, "AWS_CLOUDHSM");
  await keys.customStores.token(account, storeId);
  const store = keys.customStores.find(account, storeId);
  const cluster = store && keys.customStores.cluster(account, store.clusterId);
  if ((cluster?.hsms ?? 0) < hsmsMin) {
    throw new ServiceError(
      "CloudHsmClusterInvalidConfigurationException",
      `The cluster of custom key store ${storeId} has less than ${hsmsMin} active HSMs`,
    );
  }
  const id = keys.random.uuid();
  return keys.customStores.makeSecret(account, storeId, id, () =>
    keys.create(
      account,
      { ...given, origin: "AWS_CLOUDHSM", customKeyStore: storeId },
      { id, material: { bytes: "in a token" } },
    ),
  );
}

/** Makes a key with material of its own, whose ciphertexts an external key encrypts again. */
export async function createWithExternal(
  {
    storeId,
    externalKey,
  }: { readonly storeId: string | undefined; readonly externalKey: string | undefined },
  given: NewKey,
  call: KmsCall,
): Promise<KmsKey> {
  const { own: keys, account } = call;
  if (storeId === undefined || externalKey === undefined) {
    throw new ServiceError(
      "ValidationException",
      "Origin EXTERNAL_KEY_STORE needs a CustomKeyStoreId and an XksKeyId",
    );
  }
  if (/^\.+$/.test(externalKey)) {
    throw new ServiceError("ValidationException", "XksKeyId would be a step in a path");
  }
  checkKind(keys, { account, storeId }, "EXTERNAL_KEY_STORE");
  const wanted = { externalId: externalKey, asker: askerOf(call) };
  return keys.externalStores.makeKey(account, storeId, wanted, (id) =>
    keys.create(
      account,
      { ...given, origin: "EXTERNAL_KEY_STORE", customKeyStore: storeId, externalKey },
      { id },
    ),
  );
}

/** Refuses a key store of the other kind. */
function checkKind(
  keys: KmsCall["own"],
  { account, storeId }: { readonly account: string; readonly storeId: string },
  origin: "AWS_CLOUDHSM" | "EXTERNAL_KEY_STORE",
): void {
  const others = origin === "AWS_CLOUDHSM" ? keys.externalStores : keys.customStores;
  if (!others.find(account, storeId)) return;
  throw new ServiceError(
    "UnsupportedOperationException",
    `Custom key store ${storeId} is not of a kind that has keys of Origin ${origin}`,
  );
}
