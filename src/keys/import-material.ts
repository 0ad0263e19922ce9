import { assert } from "../lib/assert.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { MadeMaterial } from "./algorithms/kinds.ts";
import { type ImportToken, importedId } from "./imported.ts";
import type { KeyVersion } from "./key-record.ts";
import type { KeyStore } from "./key-store.ts";
import type { KmsKey } from "./kms-key.ts";
import { pendingDeletion } from "./use-key.ts";

/** A token that only this installation can make and read, for a key of the account. */
export const sealToken = ({ keyring }: KeyStore, account: string, token: ImportToken): Buffer =>
  keyring.wrap(account, Buffer.from(JSON.stringify(token)), "import token");

/** Undefined for what is no token of this account. */
export function openToken(
  { keyring }: KeyStore,
  account: string,
  sealed: Uint8Array,
): ImportToken | undefined {
  const opened = keyring.unwrap(account, sealed, "import token");
  return opened && JSON.parse(opened.toString());
}

/** Takes in a material of a key that waits for it, or has had the same one before. Throws KMS's refusals. */
export async function importMaterial(
  keys: KeyStore,
  key: KmsKey,
  { bytes, publicKey }: MadeMaterial,
  imported: NonNullable<KeyVersion["imported"]>,
): Promise<string> {
  const { account, record } = key;
  assert(record.importSecret, "a key with imported material has a secret for its names");
  const id = importedId(record.importSecret, bytes);
  if (!keys.vault.find(key.arn)) keys.vault.make(key.arn);
  const given = { id, bytes, imported, ...(publicKey && { publicKey }) };
  const version = keys.newVersion(account, record.id, given);
  await keys.change(key, (now) => {
    if (now.versions.some((one) => one.id !== id)) throw otherMaterial(key);
    if (now.state === "PendingDeletion") throw pendingDeletion(key);
    const state = now.state === "PendingImport" ? "Enabled" : now.state;
    return { ...now, state, versions: [version] };
  });
  return id;
}

/** Takes the imported material of a key away, in every copy: what it encrypted waits for its return. */
export async function dropImported(keys: KeyStore, key: KmsKey): Promise<void> {
  // First, so that a kill leaves nothing that opens; the next import makes another secret.
  keys.vault.destroy(key.arn);
  await keys.change(key, (now) => ({
    ...now,
    state: now.state === "PendingDeletion" ? now.state : "PendingImport",
    versions: now.versions.map(({ wrapped: _, ...version }) => version),
  }));
}

const otherMaterial = ({ arn }: KmsKey) =>
  new ServiceError(
    "IncorrectKeyMaterialException",
    `The key material is not the one that ${arn} has had before`,
  );
