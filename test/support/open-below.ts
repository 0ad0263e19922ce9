import { join } from "node:path";
import { openKeyring } from "../../src/keys/keyring.ts";
import { openRoot } from "../../src/keys/root-of-trust.ts";
import { openVault } from "../../src/keys/vault.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { openStore } from "../../src/storage/open-store.ts";

/** What lies below keys and HSMs in a directory: a keyring, a store that it seals, a vault. */
export async function openBelow(directory: string) {
  const unlock = { kind: "key-file", path: join(directory, "unlock.key") } as const;
  const root = await openRoot({ directory, unlock, random: systemRandom, create: true });
  const keyring = openKeyring({ directory, root, random: systemRandom });
  const store = await openStore({
    directory: join(directory, "store"),
    sealers: keyring,
    indexKey: keyring.indexKey,
  });
  const path = join(directory, "vault");
  const vault = openVault({ path, root, random: systemRandom, known: undefined });
  return { keyring, store, vault };
}
