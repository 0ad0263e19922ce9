import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Peer, PeerTransport } from "../../src/keys/peers/peer.ts";
import { openAnswer, sealRequest } from "../../src/keys/peers/sealed-messages.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { type Around, acme, type KmsBench, openKms } from "./kms.ts";

/** The Regions of three Bondstores, by name. */
export const regionsOf = {
  first: ["us-east-1"],
  second: ["eu-west-1", "eu-central-1"],
  third: ["ap-northeast-1"],
} as const;

export type Name = keyof typeof regionsOf;

/** What is done to messages on their way; it may throw, answer something else, or look at them. */
export type OnTheWay = (to: Name, id: string, request: Buffer) => Promise<Buffer> | undefined;

/** Bondstores in one process, which reach each other without a network. */
export interface Neighbours {
  readonly at: Readonly<Record<Name, KmsBench>>;
  /** Those that are out of reach. */
  readonly cut: Set<Name>;
  /** Looks at what is sent, or answers in the place of the one that it is sent to. */
  watch: OnTheWay | undefined;
  /** Joins two for accounts. */
  join(offerer: Name, joiner: Name, accounts?: readonly string[]): Promise<void>;
  /** What is yet to be told is told, to all that are in reach. */
  deliver(): Promise<void>;
  close(): Promise<void>;
}

const endpointOf = (name: Name) => `http://${name}.test:4566`;

/** Opens them in directories below one, which stay. */
export async function openNeighbours(
  directory: string,
  around: Pick<Around, "step" | "nowMs"> = {},
): Promise<Neighbours> {
  const cut = new Set<Name>();
  const opened = new Map<Name, Awaited<ReturnType<typeof openKms>>>();
  const world: { watch: OnTheWay | undefined } = { watch: undefined };
  const names = Object.keys(regionsOf) as Name[];
  const transport: PeerTransport = async ({ id, endpoint }, sealed) => {
    const to = names.find((name) => endpointOf(name) === endpoint);
    const answered = to && world.watch?.(to, id, sealed);
    if (answered) return answered;
    const answer =
      to && !cut.has(to) && (await opened.get(to)?.keys.regions.elsewhere.receive(id, sealed));
    if (!answer) throw new Error("nobody is there");
    return answer;
  };
  const openOne = async (name: Name) => {
    const given = { ...around, regions: regionsOf[name], transport };
    const kms = await openKms(join(directory, name), given);
    opened.set(name, kms);
    return kms;
  };
  const at = {
    first: await openOne("first"),
    second: await openOne("second"),
    third: await openOne("third"),
  };
  return Object.assign(world, {
    at,
    cut,
    async join(offerer: Name, joiner: Name, accounts: readonly string[] = [acme]) {
      const offer = await at[offerer].keys.regions.elsewhere.peers.offer(
        { accounts },
        { endpoint: endpointOf(offerer) },
      );
      await at[joiner].keys.regions.elsewhere.join(
        offer,
        { accounts },
        { endpoint: endpointOf(joiner) },
      );
    },
    async deliver() {
      for (const name of names) {
        const { elsewhere } = at[name].keys.regions;
        // As after a minute: who was silent may be there again.
        at[name].clock.nowMs += 60_000;
        elsewhere.deliverSoon();
        await elsewhere.delivered();
      }
    },
    async close() {
      for (const kms of opened.values()) await kms.close();
    },
  });
}

/** A refusal as it is in the answer to a message. */
export interface Refused {
  readonly refusal?: { readonly code: string; readonly message: string };
}

/** The agreement of two, as the first of them has it. */
export function agreementOf({ at }: Neighbours, from: Name, to: Name): Peer {
  const peer = at[from].keys.regions.elsewhere.peers.serving(regionsOf[to][0]);
  assert.ok(peer);
  return peer;
}

let told = 0;

/** Sends one a message that another has sealed as it likes. Who is not heard is told nothing. */
export async function tell<Answer = Refused>(
  world: Neighbours,
  message: Record<string, unknown>,
  [from, to]: readonly [Name, Name] = ["first", "second"],
): Promise<Answer> {
  const peer = agreementOf(world, from, to);
  const { keys, clock } = world.at[to];
  told += 1;
  const request = sealRequest(peer, { sentAtMs: clock.nowMs + told, ...message }, systemRandom);
  const answer = await keys.regions.elsewhere.receive(peer.id, request);
  return (answer ? openAnswer(peer, answer, request) : {}) as Answer;
}

/** The same for a test; all of them are joined. */
export async function startNeighbours(t: TestContext): Promise<Neighbours> {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-peers-"));
  const neighbours = await openNeighbours(directory);
  t.after(async () => {
    await neighbours.close();
    rmSync(directory, { recursive: true });
  });
  await neighbours.join("first", "second");
  await neighbours.join("second", "third");
  await neighbours.join("third", "first");
  return neighbours;
}
