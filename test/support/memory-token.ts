import { createHmac, randomBytes } from "node:crypto";
import {
  type KeyToken,
  type TokenCluster,
  TokenFailure,
  type TokenSource,
} from "../../src/keys/token.ts";

/** Secrets in memory, to see what the key service asks of a token, and what it does when the token does not answer. */
export interface MemoryToken extends TokenSource {
  readonly secrets: Map<string, Buffer>;
  password: string;
  /** How often somebody tried to log in. */
  logins: number;
  /** The next calls fail so; undefined: they work. */
  fault: ConstructorParameters<typeof TokenFailure>[0] | undefined;
  cluster: { active: boolean; hsms: number; trustAnchor: string | undefined };
  opened: number;
  /** What a call waits for before it answers. */
  pause: Promise<void> | undefined;
}

export const memoryCluster = "cluster-abcdefghijk";

export function memoryToken(account: string): MemoryToken {
  const secrets = new Map<string, Buffer>();
  const check = () => {
    if (source.fault) throw new TokenFailure(source.fault, "the token was told to fail");
  };
  const token: KeyToken = {
    async makeKey(label) {
      check();
      if (secrets.has(label)) throw new TokenFailure("INTERNAL_ERROR", "the label is taken");
      secrets.set(label, randomBytes(32));
    },
    async hmac(label, data) {
      check();
      await source.pause;
      const secret = secrets.get(label);
      if (!secret) throw new TokenFailure("INTERNAL_ERROR", "there is no such key");
      return createHmac("sha256", secret).update(data).digest();
    },
    async labels() {
      check();
      return [...secrets.keys()];
    },
    async random(bytes) {
      check();
      return randomBytes(bytes);
    },
    async destroyKey(label) {
      check();
      secrets.delete(label);
    },
    async close() {
      source.opened -= 1;
    },
  };
  const source: MemoryToken = {
    secrets,
    password: "kmsPassword1",
    fault: undefined,
    cluster: { active: true, hsms: 2, trustAnchor: undefined },
    opened: 0,
    pause: undefined,
    logins: 0,
    find(by, clusterId): TokenCluster | undefined {
      if (by !== account || clusterId !== memoryCluster) return undefined;
      return {
        ...source.cluster,
        async open(password) {
          source.logins += 1;
          check();
          if (password !== source.password) {
            throw new TokenFailure("INVALID_CREDENTIALS", "the password is wrong");
          }
          source.opened += 1;
          return token;
        },
      };
    },
  };
  return source;
}
