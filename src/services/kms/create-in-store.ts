import type { KmsKey } from "../../keys/kms-key.ts";
import type { NewKey } from "../../keys/new-key.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { KmsCall } from "./find-key.ts";

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
