import type {
  ConnectCustomKeyStoreRequest,
  ConnectCustomKeyStoreResponse,
  ConnectionErrorCodeType,
  CreateCustomKeyStoreRequest,
  CreateCustomKeyStoreResponse,
  CustomKeyStoresListEntry,
  DeleteCustomKeyStoreRequest,
  DeleteCustomKeyStoreResponse,
  DescribeCustomKeyStoresRequest,
  DescribeCustomKeyStoresResponse,
  DisconnectCustomKeyStoreRequest,
  DisconnectCustomKeyStoreResponse,
  UpdateCustomKeyStoreRequest,
  UpdateCustomKeyStoreResponse,
} from "@aws-sdk/client-kms";
import type { CustomKeyStore } from "../../keys/custom-key-stores.ts";
import { hasKeys, storeNotFound, storeState } from "../../keys/custom-store-refusals.ts";
import type { ExternalKeyStore } from "../../keys/external/external-key-store.ts";
import { type Checked, operation, ServiceError, type Target } from "../../pipeline/operation.ts";
import { createExternalStore, externalEntry, updateExternalStore } from "./external-key-stores.ts";
import { callerFacts, inAccount, type KmsCall } from "./find-key.ts";
import { afterMarker, pageOf } from "./page.ts";

/** A custom key store of the caller's account, of one of the two kinds. */
interface StoreTarget extends Target {
  readonly store?: CustomKeyStore;
  readonly external?: ExternalKeyStore;
}

function findStore(id: string, { own: keys, account }: KmsCall): StoreTarget {
  const store = keys.customStores.find(account, id);
  const external = keys.externalStores.find(account, id);
  const target = { arn: "*", account };
  if (store) return { ...target, store };
  return external ? { ...target, external } : { ...target, absent: { refusal: storeNotFound(id) } };
}

function storeOf({ store }: StoreTarget): CustomKeyStore {
  if (!store) throw storeNotFound("");
  return store;
}

/** The id of a store, and those of its kind, which connect and disconnect it. */
function kindOf({ store, external }: StoreTarget, { own: keys }: KmsCall) {
  const id = (store ?? external)?.id;
  if (id === undefined) throw storeNotFound("");
  return { id, stores: external ? keys.externalStores : keys.customStores };
}

/**
 * Makes a key store whose keys are in an HSM cluster of the account, or are used with those behind a proxy. It is not
 * connected yet.
 */
export const createCustomKeyStore = operation("CreateCustomKeyStore", {
  resolve: (input: Checked<CreateCustomKeyStoreRequest>, call: KmsCall) => inAccount(input, call),
  context: callerFacts,
  // Who binds a cluster to KMS may see the cluster.
  also: ({ CustomKeyStoreType }, target) =>
    CustomKeyStoreType === "EXTERNAL_KEY_STORE"
      ? []
      : [{ action: "cloudhsm:DescribeClusters", target }],
  async handle(_account, input, call): Promise<CreateCustomKeyStoreResponse> {
    if (input.CustomKeyStoreType === "EXTERNAL_KEY_STORE") {
      return { CustomKeyStoreId: await createExternalStore(input, call) };
    }
    const { own: keys, account } = call;
    const { CustomKeyStoreName: name, CloudHsmClusterId: clusterId } = input;
    const { KeyStorePassword: password, TrustAnchorCertificate: trustAnchor } = input;
    if (clusterId === undefined || password === undefined || trustAnchor === undefined) {
      throw new ServiceError(
        "ValidationException",
        "CloudHsmClusterId, KeyStorePassword and TrustAnchorCertificate must be given",
      );
    }
    const cluster = keys.customStores.cluster(account, clusterId);
    if (!cluster) throw clusterNotFound(clusterId);
    if (!cluster.active) {
      throw new ServiceError(
        "CloudHsmClusterNotActiveException",
        `The cluster ${clusterId} is not active: set up a partition first`,
      );
    }
    if (cluster.trustAnchor !== undefined && !isSame(cluster.trustAnchor, trustAnchor)) {
      throw new ServiceError(
        "IncorrectTrustAnchorException",
        "The trust anchor certificate is not the one of the cluster",
      );
    }
    const given = { name, clusterId, password, trustAnchor };
    const { id } = await keys.customStores.create(account, given);
    return { CustomKeyStoreId: id };
  },
  responseElements: ({ CustomKeyStoreId }) => ({ customKeyStoreId: CustomKeyStoreId }),
});

/** Begins to log in at the cluster; DescribeCustomKeyStores tells what came of it. */
export const connectCustomKeyStore = operation("ConnectCustomKeyStore", {
  resolve: ({ CustomKeyStoreId }: Checked<ConnectCustomKeyStoreRequest>, call: KmsCall) =>
    findStore(CustomKeyStoreId, call),
  context: callerFacts,
  async handle(target, _input, call): Promise<ConnectCustomKeyStoreResponse> {
    // After a failure it is disconnected first: each attempt may cost a login of three.
    const { stores, id } = kindOf(target, call);
    await stores.connect(call.account, id);
    return {};
  },
});

/** Logs out: the keys in the store are unavailable until it is connected again. */
export const disconnectCustomKeyStore = operation("DisconnectCustomKeyStore", {
  resolve: ({ CustomKeyStoreId }: Checked<DisconnectCustomKeyStoreRequest>, call: KmsCall) =>
    findStore(CustomKeyStoreId, call),
  context: callerFacts,
  async handle(target, _input, call): Promise<DisconnectCustomKeyStoreResponse> {
    const { stores, id } = kindOf(target, call);
    await stores.disconnect(call.account, id);
    return {};
  },
});

/** Shows the custom key stores of the account, and whether they are connected. */
export const describeCustomKeyStores = operation("DescribeCustomKeyStores", {
  resolve: (input: Checked<DescribeCustomKeyStoresRequest>, call: KmsCall) =>
    inAccount(input, call),
  context: callerFacts,
  handle(_account, input, call): DescribeCustomKeyStoresResponse {
    const { own: keys, account } = call;
    const { CustomKeyStoreId: id, CustomKeyStoreName: name, Limit = 100, Marker } = input;
    const after = afterMarker(Marker);
    const found = [
      ...[...keys.customStores.all(account, after)].map((store) =>
        entryOf(store, keys.customStores),
      ),
      ...[...keys.externalStores.all(account, after)].map((store) => externalEntry(store, call)),
    ]
      .filter(
        ({ CustomKeyStoreId, CustomKeyStoreName }) =>
          CustomKeyStoreId === (id ?? CustomKeyStoreId) &&
          CustomKeyStoreName === (name ?? CustomKeyStoreName),
      )
      .sort((left, right) => (idOf(left) < idOf(right) ? -1 : 1));
    if (found.length === 0 && (id !== undefined || name !== undefined)) {
      throw storeNotFound(id ?? name ?? "");
    }
    const { items, ...rest } = pageOf(found, Limit, idOf);
    return { CustomKeyStores: items, ...rest };
  },
});

/** Changes a store that is disconnected: its name, the password it logs in with, a related cluster. */
export const updateCustomKeyStore = operation("UpdateCustomKeyStore", {
  resolve: ({ CustomKeyStoreId }: Checked<UpdateCustomKeyStoreRequest>, call: KmsCall) =>
    findStore(CustomKeyStoreId, call),
  context: callerFacts,
  async handle(target, input, call): Promise<UpdateCustomKeyStoreResponse> {
    if (target.external) {
      await updateExternalStore(target.external, input, call);
      return {};
    }
    const { own, account } = call;
    const { id } = storeOf(target);
    const { KeyStorePassword: password, CloudHsmClusterId: clusterId } = input;
    const stores = own.customStores;
    if (clusterId !== undefined && !stores.cluster(account, clusterId)) {
      throw clusterNotFound(clusterId);
    }
    await stores.change(account, id, (now) => {
      if (stores.state(now).state !== "DISCONNECTED") throw storeState(id, "DISCONNECTED");
      if (clusterId !== undefined && clusterId !== now.clusterId) {
        throw new ServiceError(
          "CloudHsmClusterNotRelatedException",
          `The cluster ${clusterId} has no backup in common with ${now.clusterId}`,
        );
      }
      return {
        ...now,
        name: input.NewCustomKeyStoreName ?? now.name,
        password:
          password === undefined ? now.password : stores.wrapPassword(account, id, password),
      };
    });
    return {};
  },
});

/**
 * Removes a store that is disconnected and has no keys, and whose token has no secrets left to destroy, unless the
 * token is gone. The cluster stays as it is.
 */
export const deleteCustomKeyStore = operation("DeleteCustomKeyStore", {
  resolve: ({ CustomKeyStoreId }: Checked<DeleteCustomKeyStoreRequest>, call: KmsCall) =>
    findStore(CustomKeyStoreId, call),
  context: callerFacts,
  async handle(target, _input, call): Promise<DeleteCustomKeyStoreResponse> {
    const { own: keys, account } = call;
    const { id } = kindOf(target, call);
    const holds = (what: string) =>
      new ServiceError("CustomKeyStoreHasCMKsException", `Custom key store ${id} ${what}`);
    const checkEmpty = ({ wanted }: { readonly wanted: boolean }): void => {
      if (wanted) throw storeState(id, "DISCONNECTED");
      for (const keyId of keys.ids(account)) {
        const { record } = keys.findDue({ account, keyId }) ?? {};
        if (record?.customKeyStore !== id) continue;
        throw hasKeys(id);
      }
    };
    if (target.external) {
      await keys.externalStores.remove(account, id, checkEmpty);
      return {};
    }
    await keys.customStores.remove(account, id, (now) => {
      checkEmpty(now);
      if (now.orphans.length > 0 && keys.customStores.cluster(account, now.clusterId)) {
        throw holds("has secrets of deleted keys in its token: connect it, and they are destroyed");
      }
    });
    return {};
  },
});

function entryOf(
  store: CustomKeyStore,
  stores: KmsCall["own"]["customStores"],
): CustomKeyStoresListEntry {
  const { state, fault } = stores.state(store);
  return {
    CustomKeyStoreId: store.id,
    CustomKeyStoreName: store.name,
    CloudHsmClusterId: store.clusterId,
    TrustAnchorCertificate: store.trustAnchor,
    ConnectionState: state,
    ...(fault && { ConnectionErrorCode: fault satisfies ConnectionErrorCodeType }),
    CreationDate: new Date(store.createdAtMs),
    CustomKeyStoreType: "AWS_CLOUDHSM",
  };
}

const idOf = ({ CustomKeyStoreId = "" }: CustomKeyStoresListEntry): string => CustomKeyStoreId;

const clusterNotFound = (id: string) =>
  new ServiceError("CloudHsmClusterNotFoundException", `The cluster ${id} is not found`);

/** The same certificate, however its lines end. */
const isSame = (left: string, right: string): boolean =>
  left.replace(/\s/g, "") === right.replace(/\s/g, "");
