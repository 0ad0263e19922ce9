import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { assert, BrokenInvariant } from "../lib/assert.ts";
import type { Random } from "../lib/random.ts";
import type { Sealer, SealerSource } from "../storage/store.ts";
import { appendLine, createOwnerOnly, destroyFile, readIfThere } from "./durable-file.ts";
import type { RootOfTrust } from "./root-of-trust.ts";
import { type CountingSealer, createSealer } from "./sealer.ts";
import { deriveKey, unwrapUnder, wrapUnder } from "./wrapping.ts";

/** The account of records that belong to none. */
export const systemAccount = "system";

/**
 * Account roots and the data keys of storage.
 *
 * Each account has a file in the data directory's `keys` folder: its root, wrapped by the root of trust, and one
 * line per data key, wrapped under that root. The files stand beside the tables, not in them: a key is on disk before
 * its first use whatever becomes of the transaction that needed it.
 */
export interface Keyring extends SealerSource {
  /** Encrypts the index of the tables. */
  readonly indexKey: Buffer;
  /** Wraps a secret under the account's root. */
  wrap(account: string, plain: Uint8Array, bound: string): Buffer;
  /** Undefined when the bytes, the account or what they were bound to differ. */
  unwrap(account: string, wrapped: Uint8Array, bound: string): Buffer | undefined;
  /** Destroys the account's root: nothing it sealed can be read again, by anybody. */
  destroy(account: string): void;
}

interface AccountKeys {
  readonly root: Buffer;
  readonly wrappingKey: Buffer;
  /** Wrapped data keys by id, as on disk. */
  readonly stored: Map<string, Buffer>;
  readonly open: Map<string, Sealer>;
  current?: CountingSealer;
  /** Where the last whole line of the file ends. */
  size: number;
}

/** Opens the keys of a data directory; makes the system's root at first start, unless it only reads. */
export function openKeyring(options: {
  readonly directory: string;
  readonly root: RootOfTrust;
  readonly random: Random;
  /** False for tools that only read: nothing is made, and a missing root is an error. */
  readonly create?: boolean;
}): Keyring {
  const { root, random, create = true } = options;
  const folder = join(options.directory, "keys");
  if (create) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const accounts = new Map<string, AccountKeys>();
  const none = Buffer.alloc(0);

  function fileOf(account: string): string {
    assert(/^[a-z0-9-]{1,64}$/.test(account), "an account's id is plain");
    return join(folder, account);
  }

  function find(account: string): AccountKeys | undefined {
    const known = accounts.get(account);
    if (known) return known;
    const content = readIfThere(fileOf(account));
    if (!content) return undefined;
    const loaded = parse(account, content, root);
    accounts.set(account, loaded);
    return loaded;
  }

  function findOrMake(account: string): AccountKeys {
    const found = find(account);
    if (found) return found;
    if (!create) throw new Error(`there are no keys of account \`${account}\``);
    const line = `root ${root.wrap(random.bytes(32), rootOf(account)).toString("base64")}\n`;
    createOwnerOnly(fileOf(account), Buffer.from(line));
    const made = find(account);
    assert(made, "an account's keys are read back");
    return made;
  }

  function makeDataKey(account: string, keys: AccountKeys): CountingSealer {
    const id = random.bytes(9).toString("base64url");
    const key = random.bytes(32);
    const wrapped = wrapUnder(keys.wrappingKey, key, dataKeyOf(account, id), random);
    const line = `data ${id} ${wrapped.toString("base64")}`;
    keys.size = appendLine(fileOf(account), line, keys.size);
    keys.stored.set(id, wrapped);
    const sealer = createSealer(id, key, { oneProcess: true });
    keys.open.set(id, sealer);
    return sealer;
  }

  return {
    indexKey: deriveKey(findOrMake(systemAccount).root, none, "index of the tables"),
    current(account) {
      const keys = findOrMake(account);
      if (!keys.current || keys.current.exhausted) keys.current = makeDataKey(account, keys);
      return keys.current;
    },
    find(account, id) {
      const keys = find(account);
      const open = keys?.open.get(id);
      if (!keys || open) return open;
      const wrapped = keys.stored.get(id);
      const key = wrapped && unwrapUnder(keys.wrappingKey, wrapped, dataKeyOf(account, id));
      if (!key) return undefined;
      const sealer = readOnly(createSealer(id, key, { oneProcess: true }));
      keys.open.set(id, sealer);
      return sealer;
    },
    wrap: (account, plain, bound) =>
      wrapUnder(findOrMake(account).wrappingKey, plain, `${account} ${bound}`, random),
    unwrap(account, wrapped, bound) {
      const keys = find(account);
      return keys && unwrapUnder(keys.wrappingKey, wrapped, `${account} ${bound}`);
    },
    destroy(account) {
      const keys = find(account);
      destroyFile(fileOf(account));
      accounts.delete(account);
      keys?.root.fill(0);
      keys?.wrappingKey.fill(0);
    },
  };
}

const rootOf = (account: string) => `root of account ${account}`;
const dataKeyOf = (account: string, id: string) => `${account} data key ${id}`;

/** Keys of an earlier process may not seal again: their counters are not known. */
function readOnly({ id, open }: Sealer): Sealer {
  const seal = () => {
    throw new BrokenInvariant("a data key of an earlier process only opens");
  };
  return { id, open, seal, sealPieces: seal };
}

function parse(account: string, content: Buffer, trust: RootOfTrust): AccountKeys {
  // A line without its end was torn by a crash, and never used.
  const size = content.lastIndexOf("\n") + 1;
  const [first = "", ...rest] = content.subarray(0, size).toString().split("\n");
  const [word, wrappedRoot = ""] = first.split(" ");
  const root =
    word === "root" ? trust.unwrap(Buffer.from(wrappedRoot, "base64"), rootOf(account)) : undefined;
  if (!root)
    throw new Error(`the keys of account \`${account}\` do not open under this root of trust`);
  const stored = new Map<string, Buffer>();
  for (const line of rest) {
    const [kind, id, wrapped] = line.split(" ");
    if (kind === "data" && id && wrapped) stored.set(id, Buffer.from(wrapped, "base64"));
  }
  const wrappingKey = deriveKey(root, Buffer.alloc(0), "wrapping under an account's root");
  return { root, wrappingKey, stored, open: new Map(), size };
}
