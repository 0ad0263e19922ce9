import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTrail, type OpenTrail } from "../../src/audit/create-trail.ts";
import type { TrailEvent } from "../../src/audit/trail.ts";
import { openKeyring } from "../../src/keys/keyring.ts";
import { openRoot, type RootOfTrust } from "../../src/keys/root-of-trust.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { openStore } from "../../src/storage/open-store.ts";
import type { Key, SealerSource, Store, Table } from "../../src/storage/store.ts";

/** A root of trust for tests: hides nothing. */
const openTrust = {
  wrap: (plain: Uint8Array) => Buffer.from(plain),
  unwrap: (wrapped: Uint8Array) => Buffer.from(wrapped),
} as unknown as RootOfTrust;

/** Tables in memory: all that the trail asks of a store. */
export function memoryStore(): Store {
  const tables = new Map<string, Map<string, unknown>>();
  const table = <Value>(name: string): Table<Value> => {
    const rows = (tables.get(name) ?? new Map()) as Map<string, Value>;
    tables.set(name, rows);
    return {
      find: (key: Key) => rows.get(JSON.stringify(key)),
      range: () => [],
      put: (key: Key, value: Value) => void rows.set(JSON.stringify(key), value),
      remove: (key: Key) => rows.delete(JSON.stringify(key)),
    };
  };
  const system = { account: "system", table } as unknown as Store["system"];
  return {
    system,
    account: () => system,
    transaction: async (body) => body(),
    close: async () => undefined,
  };
}

/** What a trail needs, in a folder of its own that goes when the test ends. */
export interface TrailHome {
  readonly directory: string;
  readonly store: Store;
  readonly sealers: SealerSource;
  open(): Promise<OpenTrail>;
}

/** Makes a home for one trail. */
export async function trailHome(t: { after(done: () => unknown): void }): Promise<TrailHome> {
  const data = await mkdtemp(join(tmpdir(), "bondstore-trail-"));
  t.after(() => rm(data, { recursive: true, force: true }));
  return homeIn(data, memoryStore());
}

/** A home in a folder that exists. */
export function homeIn(data: string, store: Store): TrailHome {
  const directory = join(data, "trail");
  const options = { directory: data, root: openTrust, random: systemRandom };
  const sealers = openKeyring(options);
  return {
    directory,
    store,
    sealers,
    // Each opening has the keys of a new process.
    open: () =>
      createTrail({
        directory,
        store,
        sealers: openKeyring(options),
        clock: systemClock,
        random: systemRandom,
      }),
  };
}

/** A data directory as `up` opens it, as far as the trail goes: real keys, real store. */
export async function openInstallation(data: string) {
  const unlock = { kind: "key-file", path: join(data, "unlock.key") } as const;
  const root = await openRoot({ directory: data, unlock, random: systemRandom, create: true });
  const sealers = openKeyring({ directory: data, root, random: systemRandom });
  const { indexKey } = sealers;
  const store = await openStore({ directory: join(data, "store"), sealers, indexKey });
  const directory = join(data, "trail");
  const openTrail = () =>
    createTrail({ directory, store, sealers, clock: systemClock, random: systemRandom });
  return { directory, store, sealers, openTrail };
}

/** An event, as the pipeline makes them. */
export function sampleEvent(number: number, over: Partial<TrailEvent> = {}): TrailEvent {
  const account = over.recipientAccountId ?? "111122223333";
  return {
    eventVersion: "1.11",
    userIdentity: {
      type: "IAMUser",
      principalId: "AIDAEXAMPLE",
      arn: `arn:aws:iam::${account}:user/alice`,
      accountId: account,
      accessKeyId: "AKIAEXAMPLE",
      userName: "alice",
    },
    eventTime: new Date(1_795_000_000_000 + number * 1000).toISOString().replace(".000Z", "Z"),
    eventSource: "kms.amazonaws.com",
    eventName: "Encrypt",
    awsRegion: "us-east-1",
    sourceIPAddress: "127.0.0.1",
    userAgent: "aws-cli/2",
    requestParameters: { keyId: "alias/orders" },
    responseElements: null,
    requestID: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
    eventID: systemRandom.uuid(),
    readOnly: true,
    resources: [
      { accountId: account, type: "AWS::KMS::Key", ARN: `arn:aws:kms:us-east-1:${account}:key/k1` },
    ],
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: "Management",
    ...over,
  };
}
