import type { ClusterAddress } from "./engines/spark/cluster/address.ts";
import type { TokenUnlock } from "./keys/root-of-trust.ts";

/** Everything that can be set, each field with its value. `main.ts` fills it; nothing else has defaults. */
export interface Config {
  /** Data directory. */
  readonly data: string;
  readonly host: string;
  /** 0: a free port. */
  readonly port: number;
  /** Port of HSMs over mutual TLS, at the same address; 0: a free one; undefined: none. */
  readonly hsmPort: number | undefined;
  /** The home Region, which has every service. */
  readonly region: string;
  /** Further Regions to serve, which have the services that are in every Region. */
  readonly furtherRegions: readonly string[];
  /** Plain HTTP instead of HTTPS; only on a loopback address. */
  readonly plainHttp: boolean;
  /** Further host names that clients reach this Bondstore by. */
  readonly hostNames: readonly string[];
  /** Accept SigV2 query signatures (old presigned URLs of S3). */
  readonly admitSignatureV2: boolean;
  /** Hold the per-shard limits of Kinesis, or let the hardware decide. */
  readonly shardLimits: "enforce" | "lift";
  /** `refuse`, or `accept` to run engines without a sandbox where namespaces are not permitted. */
  readonly unconfinedCells: "refuse" | "accept";
  /** How the root of trust is opened. */
  readonly root:
    | { readonly kind: "key-file"; readonly path: string }
    | { readonly kind: "passphrase"; readonly passphrase: string }
    | { readonly kind: "systemd-credential"; readonly path: string }
    | TokenUnlock;
  /** All that PKCS#11 modules see of the environment. */
  readonly moduleEnv: Readonly<Record<string, string>>;
  /** Proxies of external key stores that are not on the internet, who vouches for proxies besides, PEM, and their time. */
  readonly xks: {
    readonly proxies: readonly {
      readonly host: string;
      readonly address: string;
      readonly port: number;
    }[];
    readonly authority: string | undefined;
    readonly answerWithinMs: number;
  };
  /** The vault: secrets of what can be destroyed for good. Kept out of backups. */
  readonly vault: string;
  /** Where engines are kept: the cache, or an existing Flink. */
  readonly engines: { readonly cache: string; readonly flinkHome?: string };
  /** The Spark cluster to which projects may let statements go. */
  readonly sparkCluster?: ClusterAddress;
}
