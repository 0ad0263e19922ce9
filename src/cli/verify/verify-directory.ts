import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Report } from "../../audit/report.ts";
import { findTrailSecrets } from "../../audit/secrets.ts";
import { verifyTrail } from "../../audit/verify.ts";
import type { Config } from "../../config.ts";
import { openToken } from "../../engines/pkcs11/open-token.ts";
import { type Keyring, openKeyring, systemAccount } from "../../keys/keyring.ts";
import { openRoot, type RootOfTrust } from "../../keys/root-of-trust.ts";
import { openVault, type Vault } from "../../keys/vault.ts";
import type { Random } from "../../lib/random.ts";
import { openStore } from "../../storage/open-store.ts";
import { Corruption, type Store } from "../../storage/store.ts";
import { type StoreReport, verifyStore } from "./store.ts";

/** Something that is not as it was written. */
export interface Found {
  readonly part: "trail" | "store";
  readonly what: string;
  readonly where: string;
  readonly detail: string;
}

/** What the verification of a data directory found. */
export interface DirectoryReport {
  readonly ok: boolean;
  readonly data: string;
  readonly findings: readonly Found[];
  readonly trail: Omit<Report, "findings" | "ok">;
  /** Undefined where the trail alone was verified, or the store does not open. */
  readonly store?: Omit<StoreReport, "findings">;
}

export interface VerifyRequest {
  readonly data: string;
  /** How the root of trust opens; undefined: the trail alone, by what everybody may know. */
  readonly root: Config["root"] | undefined;
  /** All that a PKCS#11 module sees of the environment, where one has the key. */
  readonly moduleEnv: Config["moduleEnv"];
  /** Where the vault is. */
  readonly vault: string;
  /** Content of `trail.pub` as an auditor keeps it. */
  readonly publicKey: string | undefined;
  readonly full: boolean;
  readonly random: Random;
  readonly onProgress: (what: string) => void;
}

/**
 * Verifies trail and store from the files alone, at one instant. Writes nothing and needs no Bondstore, so it may be
 * one that runs, one that was stopped, or a copy.
 */
export async function verifyDirectory(request: VerifyRequest): Promise<DirectoryReport> {
  const first = await look(request);
  // Beside a Bondstore that writes, files can go between two glances: only what is found twice is so.
  if (first.ok || !existsSync(join(request.data, "admin.sock"))) return first;
  const second = await look(request);
  const again = new Set(second.findings.map(nameOf));
  const findings = first.findings.filter((found) => again.has(nameOf(found)));
  return { ...second, ok: findings.length === 0, findings };
}

const nameOf = ({ part, what, where }: Found): string => `${part} ${what} ${where}`;

async function look(request: VerifyRequest): Promise<DirectoryReport> {
  const { data, random, full, onProgress, publicKey } = request;
  const opened = await openToLook(request);
  const secrets = opened.store && trailSecretsOf(opened.store);
  const {
    findings: inTrail,
    ok: _,
    ...trail
  } = await verifyTrail({
    directory: join(data, "trail"),
    systemAccount,
    ...(publicKey !== undefined && { publicKey }),
    ...(opened.keyring && { sealers: withoutLocked(opened.keyring) }),
    ...(secrets && {
      signer: secrets.signer,
      witnesses: secrets.lastNote ? [secrets.lastNote.text] : [],
    }),
    onProgress: (events) => onProgress(`${events} events of the trail`),
  });
  const findings: Found[] = [
    ...opened.findings,
    ...inTrail.map((finding) => ({ part: "trail" as const, ...finding })),
  ];
  const { store, keyring, vault } = opened;
  if (!store || !keyring || !vault) {
    await store?.close();
    return { ok: findings.length === 0, data, findings, trail };
  }
  const checked = await verifyStore({ store, keyring, vault, random, full, onProgress });
  await store.close();
  const { findings: inStore, ...rest } = checked;
  findings.push(...inStore.map((finding) => ({ part: "store" as const, ...finding })));
  return { ok: findings.length === 0, data, findings, trail, store: rest };
}

/** Events of an account whose keys do not open stay sealed; that they do not is told with the store. */
const withoutLocked = (keyring: Keyring): Pick<Keyring, "find"> => ({
  find(account, id) {
    try {
      return keyring.find(account, id);
    } catch {
      return undefined;
    }
  },
});

interface ToLookAt {
  readonly findings: readonly Found[];
  readonly keyring?: Keyring;
  readonly store?: Store;
  readonly vault?: Vault;
}

async function openToLook({
  data,
  root,
  random,
  vault,
  moduleEnv,
}: VerifyRequest): Promise<ToLookAt> {
  if (!root) return { findings: [] };
  const trust = await openRoot({
    directory: data,
    unlock: root,
    random,
    create: false,
    openToken: openToken(moduleEnv),
  });
  const systemKeys = join(data, "keys", systemAccount);
  // The keyring makes what is missing; to look must change nothing.
  if (!existsSync(systemKeys)) return { findings: [lost(systemKeys, "it is missing")] };
  try {
    const keyring = openKeyring({ directory: data, root: trust, random });
    const directory = join(data, "store");
    const reading = { directory, sealers: keyring, indexKey: keyring.indexKey, readOnly: true };
    const store = await openStore(reading);
    return { keyring, store, ...openVaultToLook(vault, trust, random, store) };
  } catch (error) {
    return { findings: [lost(join(data, "store"), textOf(error))] };
  }
}

function openVaultToLook(
  path: string,
  root: RootOfTrust,
  random: Random,
  store: Store,
): Pick<ToLookAt, "findings" | "vault"> {
  try {
    const known = store.system.table<string>("settings").find(["vault"]);
    return { findings: [], vault: openVault({ path, root, random, known, readOnly: true }) };
  } catch (error) {
    return { findings: [lost(path, textOf(error))] };
  }
}

function trailSecretsOf(store: Store): ReturnType<typeof findTrailSecrets> {
  try {
    return findTrailSecrets(store);
  } catch (error) {
    // Told with the tables, which this is one of.
    if (error instanceof Corruption) return undefined;
    throw error;
  }
}

const lost = (where: string, detail: string): Found => ({
  part: "store",
  what: "does not open",
  where,
  detail,
});

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Reads the auditor's copy of the public key. */
export const readPublicKey = (path: string): Promise<string> => readFile(path, "utf8");
