import type { ProxyPlace } from "./proxy.ts";
import type { XksConnectionFault } from "./refusals.ts";

/** An external key store as its account's table keeps it. */
export interface ExternalKeyStore {
  /** `cks-` and 17 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly endpoint: string;
  readonly path: string;
  readonly accessKeyId: string;
  /** Secret of the proxy's credential, under the account's root. */
  readonly secret: Uint8Array;
  readonly createdAtMs: number;
  /** Whether it is to be connected, also after a restart. */
  readonly wanted: boolean;
  /** Why it could not be connected. */
  readonly fault?: XksConnectionFault;
  /** Ids of KMS keys by the external keys that they are made with. */
  readonly keys: Readonly<Record<string, string>>;
}

/** What of a store is given. */
export type GivenStore = ProxyPlace & { readonly name: string };
