import assert from "node:assert/strict";
import { createAccess } from "../../src/access/access.ts";
import { createDirectory } from "../../src/identity/create-directory.ts";
import { systemRandom } from "../../src/lib/random.ts";
import type { Parts } from "../../src/pipeline/call.ts";
import type { Service } from "../../src/pipeline/operation.ts";
import { startPipeline } from "../../src/pipeline/pipeline.ts";
import { Projects } from "../../src/projects/projects.ts";
import { createMemoryStore } from "./memory-store.ts";

/** When the clock of these tests stands still. */
export const startMs = Date.parse("2026-11-22T10:00:00Z");

/** A policy document with this statement, or these. */
export const document = (statement: object): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statement });

/** A policy that allows one thing. */
export const allow = (Action: string | string[], Resource = "*"): string =>
  document({ Effect: "Allow", Action, Resource });

const unreachable: Parts["keys"] = new Proxy({} as Parts["keys"], {
  get() {
    throw new Error("identity uses no keys");
  },
});

/** A service of identity behind the whole pipeline, without a wire. `Answer` is what its operations answer. */
export async function startIdentity<Answer>(service: Service) {
  const store = createMemoryStore();
  const clock = { now: () => startMs };
  const directory = await createDirectory({ store, clock, random: systemRandom });
  const events: { readonly eventName: string; readonly responseElements: unknown }[] = [];
  const pipeline = await startPipeline(
    {
      clock,
      random: systemRandom,
      region: "us-east-1",
      endpoint: () => "https://127.0.0.1",
      store,
      directory,
      access: createAccess({ directory }),
      keys: unreachable,
      projects: new Projects(store),
      trail: {
        record: async (event) => void events.push(event),
        isFailing: () => false,
        find: async () => [],
        findPage: async () => ({ found: [] }),
        close: async () => undefined,
      },
    },
    [service],
    () => null,
  );

  /** Calls as whoever has this access key. */
  const as =
    (key: string) =>
    async (operation: string, input: object = {}): Promise<Answer> => {
      const principal = directory.findCredentials(key)?.principal;
      assert.ok(principal && principal.kind !== "service" && principal.kind !== "anonymous");
      const output = await pipeline.run({
        id: systemRandom.uuid(),
        service: service.name,
        operation,
        principal,
        account: principal.account,
        source: { ip: "127.0.0.1", userAgent: "test", secure: true },
        decode: () => input,
        describe: () => null,
        inner: false,
      });
      return (output ?? {}) as Answer;
    };

  /** A new account, with a way to make users who have an inline policy and a key. */
  const tenant = async (name: string) => {
    const { account, accessKeyId } = await directory.createAccount(name);
    const here = directory.inAccount(account.id);
    const user = async (userName: string, policy?: string) => {
      const record = await here.users.create({ name: userName });
      if (policy) await here.policiesOf.user.putInline(record, "own", policy);
      const key = await here.accessKeys.create(record);
      return { record, key, call: as(key.id) };
    };
    return { id: account.id, rootKey: accessKeyId, root: as(accessKeyId), here, user };
  };
  return { directory, events, as, tenant };
}
