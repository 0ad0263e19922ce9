import { inspectKeys, type KeyInspection } from "../../keys/inspect.ts";
import { type Keyring, systemAccount } from "../../keys/keyring.ts";
import type { Context } from "../../keys/keys.ts";
import type { Vault } from "../../keys/vault.ts";
import type { Random } from "../../lib/random.ts";
import { logName, type StreamRecord, streamTable } from "../../services/kinesis/stream.ts";
import {
  type ApplicationRecord,
  applicationTable,
} from "../../services/kinesisanalyticsv2/records.ts";
import {
  bucketTable,
  objectTable,
  partTable,
  type Seal,
  uploadTable,
} from "../../services/s3/records.ts";
import {
  type AccountStore,
  type BlobRef,
  Corruption,
  type Sealer,
  type Store,
} from "../../storage/store.ts";
import { createFindings, type Findings, type StoreFinding } from "./findings.ts";
import { createSample, type Sample } from "./sample.ts";
import { accountTables, inEachRegion, systemTables } from "./tables.ts";

/** What was looked at in the store, and what is wrong with it. */
export interface StoreReport {
  readonly accounts: number;
  readonly records: number;
  readonly keys: number;
  /** Data keys under customers' keys, each of which opens. */
  readonly dataKeys: number;
  readonly bodies: { readonly opened: number; readonly of: number };
  readonly streamRecords: number;
  readonly findings: readonly StoreFinding[];
}

export interface StoreCheck {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly vault: Vault;
  readonly random: Random;
  /** Every body and every record of streams, not a sample. */
  readonly full: boolean;
  readonly onProgress: (what: string) => void;
}

/** A body, and what seals it besides its account's own keys. */
interface Body {
  readonly account: string;
  readonly name: string;
  readonly blob: BlobRef;
  readonly seal: Seal | undefined;
}

interface Work extends StoreCheck {
  readonly keys: KeyInspection;
  readonly findings: Findings;
  readonly bodies: Sample<Body>;
  readonly counts: { records: number; keys: number; dataKeys: number; streamRecords: number };
}

const sampleSize = 1000;
const edgeBytes = 64 * 1024;

/**
 * Opens what is stored under its keys and follows every reference to a key. All rows of all tables; of bodies and
 * streams a random sample, or all.
 */
export async function verifyStore(check: StoreCheck): Promise<StoreReport> {
  const work: Work = {
    ...check,
    keys: inspectKeys(check),
    findings: createFindings(),
    bodies: createSample(check.full ? Number.POSITIVE_INFINITY : sampleSize, check.random),
    counts: { records: 0, keys: 0, dataKeys: 0, streamRecords: 0 },
  };
  await checkTables(
    work,
    systemAccount,
    check.store.system,
    inEachRegion(systemTables, check.store),
  );
  const accounts: string[] = [];
  await work.findings.within("changed record", "the list of accounts", () => {
    for (const { key } of check.store.system.table("identity-accounts").range()) {
      accounts.push(String(key[0]));
    }
  });
  for (const account of accounts) await checkAccount(work, account);
  for (const [index, body] of work.bodies.kept.entries()) {
    check.onProgress(`bodies ${index + 1} of ${work.bodies.kept.length}`);
    await checkBody(work, body);
  }
  return {
    accounts: accounts.length,
    ...work.counts,
    bodies: { opened: work.bodies.kept.length, of: work.bodies.offered },
    findings: work.findings.list,
  };
}

async function checkAccount(work: Work, account: string): Promise<void> {
  const { store, keys, findings, keyring } = work;
  work.onProgress(`account ${account}`);
  try {
    // Asking for any data key opens the account's root.
    keyring.find(account, "");
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    findings.add("locked account", `account ${account}`, detail);
    return;
  }
  const own = store.account(account);
  await checkTables(work, account, own, inEachRegion(accountTables, store));
  await findings.within("changed key", `keys of account ${account}`, () => {
    const found = keys.check(account);
    work.counts.keys += found.keys;
    for (const { where, detail } of found.problems) findings.add("changed key", where, detail);
  });
  await findings.within("changed record", `objects of account ${account}`, () =>
    gatherObjects(work, own),
  );
  await findings.within("changed record", `applications of account ${account}`, () => {
    for (const { value } of applicationTable(own).range()) checkApplication(work, own, value);
  });
  const streams: StreamRecord[] = [];
  await findings.within("changed record", `streams of account ${account}`, () => {
    for (const { value } of streamTable(own).range()) streams.push(value);
  });
  for (const stream of streams) await checkStream(work, own, stream);
}

async function checkTables(
  work: Work,
  account: string,
  store: AccountStore,
  tables: readonly string[],
): Promise<void> {
  for (const name of tables) {
    const where = `table ${name} of account ${account}`;
    await work.findings.within("changed record", where, () => {
      for (const _ of store.table(name).range()) {
        work.counts.records += 1;
        if (work.counts.records % 1000 === 0) work.onProgress(`${work.counts.records} records`);
      }
    });
  }
}

function gatherObjects(work: Work, store: AccountStore): void {
  const { account } = store;
  const buckets = new Map<string, string>();
  for (const { value } of bucketTable(store).range()) {
    buckets.set(value.id, value.name);
    const keyArn = value.serviceSealing?.keyArn;
    if (keyArn !== undefined && !work.keys.has(keyArn)) {
      work.findings.add(
        "unresolved key",
        `bucket ${value.name}`,
        `it names ${keyArn}, which is gone`,
      );
    }
  }
  for (const { key, value } of objectTable(store).range()) {
    const name = `s3://${buckets.get(String(key[0])) ?? key[0]}/${value.key}`;
    openSeal(work, name, value.seal);
    for (const blob of value.blobs) work.bodies.offer({ account, name, blob, seal: value.seal });
  }
  const seals = new Map<string, Seal | undefined>();
  for (const { value } of uploadTable(store).range()) {
    seals.set(value.id, value.seal);
    openSeal(work, `upload ${value.id}`, value.seal);
  }
  for (const { key, value } of partTable(store).range()) {
    const name = `part ${value.number} of upload ${key[0]}`;
    work.bodies.offer({ account, name, blob: value.blob, seal: seals.get(String(key[0])) });
  }
}

/** Every wrapped data key must open, whether its body is in the sample or not. */
function openSeal(work: Work, name: string, seal: Seal | undefined): Sealer | undefined {
  return seal && openDataKey(work, name, seal.wrapped, seal.context);
}

function openDataKey(
  { keys, findings, counts }: Work,
  name: string,
  wrapped: Uint8Array,
  context: Context,
): Sealer | undefined {
  const opened = keys.open(wrapped, context);
  if (typeof opened === "string") findings.add("unresolved key", name, opened);
  if (typeof opened !== "object") return undefined;
  counts.dataKeys += 1;
  return opened;
}

function checkApplication(work: Work, { account }: AccountStore, record: ApplicationRecord): void {
  const { code, encryption, name } = record;
  const where = `application ${name}`;
  if (code.kind === "zip") {
    work.bodies.offer({ account, name: `code of ${where}`, blob: code.blob, seal: undefined });
  }
  if (encryption.type === "CUSTOMER_MANAGED_KEY" && !work.keys.has(encryption.keyArn)) {
    work.findings.add("unresolved key", where, `it names ${encryption.keyArn}, which is gone`);
  }
}

async function checkBody({ store, keys, findings, full }: Work, body: Body): Promise<void> {
  const { account, name, blob, seal } = body;
  const opened = seal && keys.open(seal.wrapped, seal.context);
  const sealer = typeof opened === "object" ? opened : undefined;
  // Told already, when its data key was followed; or its key is not kept here.
  if (seal && !sealer) return;
  const { blobs } = store.account(account);
  const { size } = blob;
  const edges = [
    { start: 0, end: Math.min(size, edgeBytes) },
    { start: Math.max(0, size - edgeBytes), end: size },
  ];
  const ranges = full || size <= edgeBytes ? [{ start: 0, end: size }] : edges;
  await findings.within("changed object", name, async () => {
    for (const range of ranges) {
      const read = blobs.read(blob, range, sealer);
      if (Buffer.isBuffer(read)) continue;
      for await (const _ of read);
    }
  });
}

const readLimits = { records: 1000, bytes: 4 * 1024 * 1024 };

/** Opens records of a stream: the first and the last, or all. */
async function checkStream(work: Work, store: AccountStore, stream: StreamRecord): Promise<void> {
  const { findings, counts, full } = work;
  const sealers = new Map<string, Sealer | undefined>();
  const wrapped = store.table<{ readonly wrapped: Uint8Array }>("kinesis-data-keys");
  const context = { "aws:kinesis:arn": stream.arn };
  await findings.within("changed record", `data keys of ${stream.arn}`, () => {
    for (const { key, value } of wrapped.range({ prefix: [stream.id] })) {
      const name = `data key ${key[1]} of ${stream.arn}`;
      sealers.set(String(key[1]), openDataKey(work, name, value.wrapped, context));
    }
  });
  // Told already, or the key is not kept here.
  if ([...sealers.values()].includes(undefined)) return;
  for (const shard of stream.shards) {
    const where = `${shard.id} of ${stream.arn}`;
    work.onProgress(where);
    await findings.within("changed stream", where, async () => {
      const log = await store.log(logName(stream, shard));
      let next = log.firstOffset;
      while (next < log.nextOffset) {
        const records = await log.read(next, readLimits, (id) => {
          const sealer = sealers.get(id);
          if (sealer) return sealer;
          throw new Corruption(
            `its records from ${next} on name data key ${id}, which is not at hand`,
          );
        });
        counts.streamRecords += records.length;
        next += records.length;
        if (!full) next = Math.max(next, log.nextOffset - readLimits.records);
        if (records.length === 0) break;
      }
    });
  }
}
