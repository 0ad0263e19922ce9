import { readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import type { Reached } from "../../src/keys/peers/peer.ts";
import { type Running, startBondstore } from "./bondstore.ts";
import { regionsOf } from "./peers.ts";

/** Where a Bondstore is, and what vouches for it. */
export const placeOf = ({ endpoint, ca }: Running["bondstore"]): Reached => ({
  endpoint,
  ...(ca !== undefined && { ca: readFileSync(ca, "utf8") }),
});

/** The same tenant in two Bondstores that have joined. */
export async function startTwo(t: TestContext, { plainHttp }: { readonly plainHttp: boolean }) {
  const near = await startBondstore(t, { plainHttp });
  const distant = await startBondstore(t, { plainHttp, region: regionsOf.second[0] });
  const ours = await near.tenant("acme");
  const made = await distant.bondstore.opened.parts.directory.createAccount("acme", ours.account);
  const theirs = { accessKeyId: made.accessKeyId, secretAccessKey: made.secret };
  const terms = { accounts: [ours.account] };
  const { peers } = near.bondstore.opened.elsewhere;
  const offered = await peers.offer(terms, placeOf(near.bondstore));
  const { elsewhere } = distant.bondstore.opened;
  return { near, distant, ours, theirs, terms, offered, elsewhere };
}
