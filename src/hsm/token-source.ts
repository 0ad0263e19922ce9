import { type KeyToken, TokenFailure, type TokenFault, type TokenSource } from "../keys/token.ts";
import type { Random } from "../lib/random.ts";
import { CKR } from "./constants.ts";
import type { Clusters } from "./control/clusters.ts";
import { CryptokiError } from "./cryptoki.ts";
import { connectInProcess } from "./rpc/client.ts";
import { type AsyncCryptoki, openCryptoki } from "./rpc/remote-cryptoki.ts";
import { createToken, type Token, type TokenName } from "./token.ts";

/** The crypto user as which KMS logs in at a cluster (KMS Developer Guide, "kmsuser"). */
const kmsUser = "kmsuser";

const isKms = (name: string) => name === kmsUser;

/** The clusters of this Bondstore as custom key stores use them: over PKCS#11, in this process. */
export function createTokenSource(
  clusters: Clusters,
  random: Random,
  log: (line: string) => void,
): TokenSource {
  return {
    find(account, clusterId) {
      const cluster = clusters.find(account, clusterId);
      const contents = cluster && clusters.contents(cluster);
      if (!cluster || !contents) return undefined;
      return {
        active: clusters.isActive(cluster),
        hsms: cluster.hsms.length,
        trustAnchor: cluster.anchor,
        async open(password) {
          const [partition, another] = contents
            .partitions()
            .filter(({ users }) => users.some(isKms));
          if (!partition) throw new TokenFailure("USER_NOT_FOUND", `there is no user ${kmsUser}`);
          // Who may connect could else set up a partition of their own for KMS's keys.
          const alone = !another && partition.users.every(isKms);
          if (!alone) throw new TokenFailure("INTERNAL_ERROR", `${kmsUser} is to be alone`);
          const connect = async () => {
            const hsm = clusters.connect(clusterId, "kms.amazonaws.com");
            if (!hsm) throw new TokenFailure("NETWORK_ERRORS", "the cluster admits nobody");
            return openCryptoki(connectInProcess(hsm, log));
          };
          return openKeyToken(
            connect,
            { serial: partition.serial },
            `${kmsUser}:${password}`,
            random,
          );
        },
      };
    },
  };
}

/** Logs in at a token and answers what key stores and the root of trust ask of it. Throws `TokenFailure`. */
export async function openKeyToken(
  connect: () => Promise<AsyncCryptoki>,
  which: TokenName,
  pin: string,
  random: Random,
): Promise<KeyToken> {
  const token = createToken({ connect, which, random });
  await inWords(token.open(pin));
  return {
    makeKey: (label) => inWords(token.makeKey(label)),
    hmac: (label, data) => inWords(token.hmac(label, Buffer.from(data))),
    labels: () => inWords(token.labels()),
    random: (bytes) => inWords(token.random(bytes)),
    destroyKey: (label) => inWords(destroy(token, label)),
    close: () => inWords(token.close()),
  };
}

async function destroy(token: Token, label: string): Promise<void> {
  if ((await token.labels()).includes(label)) await token.destroyKey(label);
}

const faults: ReadonlyMap<number, TokenFault> = new Map([
  [CKR.PIN_INCORRECT, "INVALID_CREDENTIALS"],
  [CKR.PIN_LOCKED, "INVALID_CREDENTIALS"],
  [CKR.PIN_INVALID, "INVALID_CREDENTIALS"],
  [CKR.PIN_LEN_RANGE, "INVALID_CREDENTIALS"],
  [CKR.USER_PIN_NOT_INITIALIZED, "USER_NOT_FOUND"],
  [CKR.TOKEN_NOT_PRESENT, "CLUSTER_NOT_FOUND"],
  [CKR.DEVICE_REMOVED, "NETWORK_ERRORS"],
]);

async function inWords<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof TokenFailure) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const fault = error instanceof CryptokiError ? faults.get(error.code) : "NETWORK_ERRORS";
    throw new TokenFailure(fault ?? "INTERNAL_ERROR", message);
  }
}
