import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Trail, TrailEvent } from "../../src/audit/trail.ts";
import type { HsmParts } from "../../src/hsm/cluster.ts";
import { CKA, CKF, CKK, CKM, CKO, CKR, CKU } from "../../src/hsm/constants.ts";
import { createHsms } from "../../src/hsm/create-hsms.ts";
import { type Cryptoki, CryptokiError, type Template } from "../../src/hsm/cryptoki.ts";
import type { HsmCluster, Hsms } from "../../src/hsm/hsm.ts";
import type { Vault } from "../../src/keys/vault.ts";
import { systemRandom } from "../../src/lib/random.ts";
import type { Store } from "../../src/storage/store.ts";
import { openBelow } from "./open-below.ts";

export const acme = "111122223333";
export const clusterId = "cluster-a1b2c3d4e5f";
export const soPin = Buffer.from("officer pin");
export const userPin = Buffer.from("alice:correct horse");

export interface HsmBench {
  readonly hsms: Hsms;
  readonly parts: HsmParts;
  readonly store: Store;
  readonly vault: Vault;
  readonly events: TrailEvent[];
  /** What the trail does before it takes an event; may throw. */
  readonly trail: { before: (event: TrailEvent) => void };
  cluster(): HsmCluster;
  /** The same HSMs as a start after this finds them. */
  reopen(): Promise<Hsms>;
  close(): Promise<void>;
}

/** The HSMs of a directory with a real store, keyring and vault. */
export async function openHsms(
  directory: string,
  change: (parts: HsmParts) => HsmParts = (parts) => parts,
): Promise<HsmBench> {
  const { store, keyring, vault } = await openBelow(directory);
  const events: TrailEvent[] = [];
  const hooks = { before: (_event: TrailEvent): void => undefined };
  const trail: Trail = {
    async record(event) {
      hooks.before(event);
      events.push(event);
    },
    isFailing: () => false,
    find: async () => [],
    findPage: async () => ({ found: [] }),
    close: async () => undefined,
  };
  const clock = { now: () => Date.UTC(2026, 10, 22) };
  const below = { store, keyring, vault, trail, clock, random: systemRandom, region: "us-east-1" };
  const parts = change(below);
  const hsms = await createHsms(parts);
  return {
    hsms,
    parts,
    store,
    vault,
    events,
    trail: hooks,
    cluster() {
      const cluster = hsms.find(acme, clusterId);
      assert.ok(cluster);
      return cluster;
    },
    reopen: () => createHsms(parts),
    close: () => store.close(),
  };
}

/** A new directory with one cluster in it. */
export async function startHsms(t: TestContext): Promise<HsmBench> {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-hsm-"));
  const bench = await openHsms(directory);
  t.after(async () => {
    await bench.close();
    rmSync(directory, { recursive: true, force: true });
  });
  await bench.hsms.create(acme, clusterId);
  return bench;
}

/** Sets up a partition with one user; answers its slot. */
export async function setUp(cluster: HsmCluster, slot = 0): Promise<number> {
  const officer = cluster.connect("setup");
  await officer.initToken(slot, soPin, "orders");
  const session = officer.openSession(slot, CKF.SERIAL_SESSION | CKF.RW_SESSION);
  await officer.login(session, CKU.SO, soPin);
  await officer.initPin(session, userPin);
  officer.finalize();
  return slot;
}

export interface UserBench {
  readonly token: Cryptoki;
  readonly session: number;
}

/** A connection with a session in which the user is logged in. */
export async function logIn(cluster: HsmCluster, slot = 0): Promise<UserBench> {
  const token = cluster.connect("192.0.2.7");
  const session = token.openSession(slot, CKF.SERIAL_SESSION | CKF.RW_SESSION);
  await token.login(session, CKU.USER, userPin);
  return { token, session };
}

/** One partition with a user who is logged in. */
export async function startUser(t: TestContext): Promise<HsmBench & UserBench> {
  const bench = await startHsms(t);
  await setUp(bench.cluster());
  return { ...bench, ...(await logIn(bench.cluster())) };
}

/** `{ LABEL: "a" }` as a template. */
export const template = (
  values: Partial<Record<keyof typeof CKA, number | boolean | string | Uint8Array>>,
): Template =>
  Object.entries(values).map(([name, value]) => ({
    type: CKA[name as keyof typeof CKA],
    value: typeof value === "string" ? Buffer.from(value) : value,
  }));

export const p256 = Buffer.from("06082a8648ce3d030107", "hex");

export const makeAes = (
  { token, session }: UserBench,
  values: Parameters<typeof template>[0] = {},
): Promise<number> =>
  token.generateKey(
    session,
    { type: CKM.AES_KEY_GEN },
    template({ TOKEN: true, VALUE_LEN: 32, LABEL: "aes", ...values }),
  );

export const makePair = (
  { token, session }: UserBench,
  type: number,
  outer: Parameters<typeof template>[0],
  inner: Parameters<typeof template>[0] = {},
) =>
  token.generateKeyPair(
    session,
    { type },
    template({ TOKEN: true, ...outer }),
    template({ TOKEN: true, ...inner }),
  );

export const importAes = (
  { token, session }: UserBench,
  VALUE: Uint8Array,
  values: Parameters<typeof template>[0] = {},
): Promise<number> =>
  token.createObject(
    session,
    template({ CLASS: CKO.SECRET_KEY, KEY_TYPE: CKK.AES, VALUE, ...values }),
  );

/** Expects a function of PKCS #11 to answer with this code. */
export async function refuses(
  what: () => unknown,
  code: keyof typeof CKR,
  why?: string,
): Promise<void> {
  await assert.rejects(
    async () => what(),
    (error) => {
      assert.ok(error instanceof CryptokiError, String((error as Error).stack));
      const name = Object.entries(CKR).find(([, number]) => number === error.code)?.[0];
      assert.equal(name, code, `${why ?? ""}: ${error.message}`);
      return true;
    },
  );
}
