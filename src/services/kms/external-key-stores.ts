import type {
  CreateCustomKeyStoreRequest,
  CustomKeyStoresListEntry,
  UpdateCustomKeyStoreRequest,
} from "@aws-sdk/client-kms";
import { storeState } from "../../keys/custom-store-refusals.ts";
import type { ExternalKeyStore, GivenStore } from "../../keys/external/external-key-store.ts";
import { inStoreWords } from "../../keys/external/refusals.ts";
import { type Checked, ServiceError } from "../../pipeline/operation.ts";
import type { KmsCall } from "./find-key.ts";

const invalid = (message: string) => new ServiceError("ValidationException", message);

/** Members that belong to stores of HSM clusters. */
const clusterMembers = [
  "CloudHsmClusterId",
  "KeyStorePassword",
  "TrustAnchorCertificate",
] as const satisfies readonly (keyof CreateCustomKeyStoreRequest)[];

/** Refuses what is of the other kind, and what is not built. */
function checkMembers(
  input: Partial<CreateCustomKeyStoreRequest> & Partial<UpdateCustomKeyStoreRequest>,
): void {
  for (const name of clusterMembers) {
    if (input[name] !== undefined) throw invalid(`${name} is not of an external key store`);
  }
  const byVpc = input.XksProxyConnectivity === "VPC_ENDPOINT_SERVICE";
  if (byVpc || input.XksProxyVpcEndpointServiceName !== undefined) {
    throw new ServiceError(
      "UnsupportedOperationException",
      "XksProxyConnectivity VPC_ENDPOINT_SERVICE is not built in this Bondstore: there are no VPCs",
    );
  }
}

/** Makes an external key store, once its proxy has answered. It is not connected yet. */
export async function createExternalStore(
  input: Checked<CreateCustomKeyStoreRequest>,
  { own: keys, account }: KmsCall,
): Promise<string> {
  checkMembers(input);
  const { XksProxyUriEndpoint: endpoint, XksProxyUriPath: path } = input;
  const { AccessKeyId: accessKeyId, RawSecretAccessKey: secret } =
    input.XksProxyAuthenticationCredential ?? {};
  const missing =
    input.XksProxyConnectivity === undefined ||
    endpoint === undefined ||
    path === undefined ||
    accessKeyId === undefined ||
    secret === undefined;
  if (missing) {
    throw invalid(
      "XksProxyConnectivity, XksProxyUriEndpoint, XksProxyUriPath and XksProxyAuthenticationCredential must be given",
    );
  }
  const given = { name: input.CustomKeyStoreName, endpoint, path, accessKeyId, secret };
  try {
    return (await keys.externalStores.create(account, given)).id;
  } catch (error) {
    throw inStoreWords(error);
  }
}

/** Changes an external key store; what says where its proxy is, only while it is disconnected. */
export async function updateExternalStore(
  store: ExternalKeyStore,
  input: Checked<UpdateCustomKeyStoreRequest>,
  { own: keys, account }: KmsCall,
): Promise<void> {
  checkMembers(input);
  const { XksProxyUriEndpoint, XksProxyUriPath, XksProxyAuthenticationCredential: given } = input;
  const place = {
    ...(XksProxyUriEndpoint !== undefined && { endpoint: XksProxyUriEndpoint }),
    ...(XksProxyUriPath !== undefined && { path: XksProxyUriPath }),
    ...(given && { accessKeyId: given.AccessKeyId, secret: given.RawSecretAccessKey }),
  } as Partial<GivenStore>;
  const { NewCustomKeyStoreName: name } = input;
  const moves = XksProxyUriEndpoint !== undefined || XksProxyUriPath !== undefined;
  const check = (now: ExternalKeyStore): void => {
    if (moves && now.wanted) throw storeState(store.id, "DISCONNECTED");
    // Tried was what it would be with the rest as it was.
    if (now.path !== store.path || now.endpoint !== store.endpoint) {
      throw storeState(store.id, "in which it was when this was asked");
    }
  };
  check(store);
  try {
    if (Object.keys(place).length > 0) {
      await keys.externalStores.tryOut(account, keys.externalStores.placeOf(account, store, place));
    }
  } catch (error) {
    throw inStoreWords(error);
  }
  const changes = { ...place, ...(name !== undefined && { name }) };
  await keys.externalStores.change(account, store.id, changes, check);
}

/** An external key store as DescribeCustomKeyStores shows it: without the secret of its credential. */
export function externalEntry(
  store: ExternalKeyStore,
  { own: keys }: KmsCall,
): CustomKeyStoresListEntry {
  const { state, fault } = keys.externalStores.state(store);
  return {
    CustomKeyStoreId: store.id,
    CustomKeyStoreName: store.name,
    ConnectionState: state,
    ...(fault && { ConnectionErrorCode: fault }),
    CreationDate: new Date(store.createdAtMs),
    CustomKeyStoreType: "EXTERNAL_KEY_STORE",
    XksProxyConfiguration: {
      Connectivity: "PUBLIC_ENDPOINT",
      AccessKeyId: store.accessKeyId,
      UriEndpoint: store.endpoint,
      UriPath: store.path,
    },
  };
}
