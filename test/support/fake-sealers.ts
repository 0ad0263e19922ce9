import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { Corruption, type Sealer, type SealerSource } from "../../src/storage/store.ts";

/** AES-256-GCM under a key made from the name: the same in every process. For tests of storage only. */
export function createFakeSealer(id: string): Sealer {
  const key = createHash("sha256").update(id).digest();
  return {
    id,
    sealPieces(plain, bound) {
      return [this.seal(plain, bound)];
    },
    seal(plain, bound) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(bound);
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, bound) {
      if (sealed.length < 28) throw new Corruption("sealed bytes are cut short");
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12));
      decipher.setAAD(bound).setAuthTag(sealed.subarray(-16));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
      } catch {
        throw new Corruption("sealed bytes are not what was written");
      }
    },
  };
}

/** Data keys for every account; those in `destroyed` are gone. */
export function createFakeSealers(destroyed: ReadonlySet<string> = new Set()): SealerSource {
  const sealers = new Map<string, Sealer>();
  function find(account: string): Sealer | undefined {
    if (destroyed.has(account)) return undefined;
    const sealer = sealers.get(account) ?? createFakeSealer(`key of ${account}`);
    sealers.set(account, sealer);
    return sealer;
  }
  return {
    find: (account, id) => (id === `key of ${account}` ? find(account) : undefined),
    current(account) {
      const sealer = find(account);
      if (!sealer) throw new Error(`account ${account} has no data key`);
      return sealer;
    },
  };
}
