import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Config } from "../../src/config.ts";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import { type Bondstore, open, realEnvironment, serve } from "../../src/server.ts";

/** Credentials as the AWS SDK takes them. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A tenant with what its root needs to make clients. */
export interface Tenant {
  readonly account: string;
  readonly root: Keys;
}

export interface Running {
  readonly bondstore: Bondstore;
  readonly endpoint: string;
  readonly region: string;
  readonly data: string;
  readonly logged: string[];
  tenant(name: string): Promise<Tenant>;
  /** What every client of the AWS SDK is made with. */
  client(credentials: Keys): {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: Keys;
    readonly maxAttempts: number;
  };
  close(): Promise<void>;
}

export const testConfig = (data: string, more: Partial<Config> = {}): Config => ({
  data,
  host: "127.0.0.1",
  port: 0,
  hsmPort: undefined,
  moduleEnv: {},
  region: "us-east-1",
  furtherRegions: [],
  plainHttp: true,
  hostNames: [],
  admitSignatureV2: false,
  shardLimits: "enforce",
  unconfinedCells: "refuse",
  xks: { proxies: [], authority: undefined, answerWithinMs: 1_000 },
  root: { kind: "key-file", path: join(data, "root.secret") },
  vault: join(data, "vault"),
  engines: { cache: join(process.env["HOME"] ?? "", ".cache", "bondstore") },
  ...more,
});

/** A directory that is gone after the test. */
export function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Starts a Bondstore of its own for a test, on a free port, in plain HTTP. */
export async function startBondstore(
  t: TestContext,
  more: Partial<Config> = {},
  kept?: string,
  clock: Clock = systemClock,
): Promise<Running> {
  const data = kept ?? mkdtempSync(join(tmpdir(), "bondstore-"));
  const logged: string[] = [];
  const environment = { ...realEnvironment((line) => void logged.push(line)), clock };
  const config = testConfig(data, more);
  const bondstore = await serve(config, await open(config, environment), environment);
  let open_ = true;
  const close = async () => {
    if (open_) await bondstore.close();
    open_ = false;
    if (kept === undefined) rmSync(data, { recursive: true, force: true });
  };
  t.after(close);
  return {
    bondstore,
    endpoint: bondstore.endpoint,
    region: config.region,
    data,
    logged,
    close,
    async tenant(name) {
      const made = await bondstore.opened.parts.directory.createAccount(name);
      const root = { accessKeyId: made.accessKeyId, secretAccessKey: made.secret };
      return { account: made.account.id, root };
    },
    client: (credentials) => ({
      endpoint: bondstore.endpoint,
      region: config.region,
      credentials,
      maxAttempts: 1,
    }),
  };
}
