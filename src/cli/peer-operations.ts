import { readFileSync } from "node:fs";
import type { Peer, Reached } from "../keys/peers/peer.ts";
import { ServiceError } from "../lib/service-error.ts";
import {
  type Administered,
  type AdminOperation,
  checkTrail,
  findAccount,
  record,
} from "./administered.ts";

/** What an administrator agrees on with other Bondstores, which serve other Regions. */
export const peerOperations: Readonly<Record<string, AdminOperation>> = {
  /** Offers another Bondstore to join. The answer is a secret. */
  async "peer-offer"(bondstore, input) {
    const { opened } = bondstore;
    const terms = termsOf(bondstore, input);
    const offer = await opened.elsewhere.peers.offer(terms, hereOf(bondstore));
    await recordFor(bondstore, terms.accounts, "OfferPeer", { id: offer.id });
    return offer;
  },

  /** Takes such an offer. */
  async "peer-join"(bondstore, input) {
    const { opened } = bondstore;
    const terms = termsOf(bondstore, input);
    const peer = await opened.elsewhere.join(input["offer"], terms, hereOf(bondstore));
    await recordFor(bondstore, terms.accounts, "JoinPeer", shown(peer));
    return shown(peer);
  },

  async "peer-list"({ opened }) {
    return opened.elsewhere.peers.all().map(shown);
  },

  /** Ends an agreement, unless keys are related to some of the other's; by force then, too. */
  async "peer-remove"(bondstore, { id, force }) {
    const { opened } = bondstore;
    checkTrail(opened);
    const peer = opened.elsewhere.peers.all().find((one) => one.id === String(id));
    if (!peer) throw new ServiceError("NotFound", `there is no peer \`${String(id)}\``);
    const related = opened.elsewhere.relatedTo(peer);
    if (related !== undefined && force !== true) {
      throw new ServiceError(
        "InvalidState",
        `${related} is related to a key of the peer; --force ends that, too`,
      );
    }
    await opened.elsewhere.part(peer);
    await recordFor(bondstore, peer.accounts, "RemovePeer", { id: peer.id, force: force === true });
    return { removed: peer.id };
  },
};

/** What may be shown of an agreement: all but its secret. */
const shown = ({ id, accounts, regions, endpoint, offeredUntilMs }: Peer) => ({
  ...{ id, accounts: [...accounts], regions: [...regions], endpoint },
  ...(offeredUntilMs !== undefined && { offeredUntilMs }),
});

function termsOf(
  { opened }: Administered,
  { accounts, endpoint }: Readonly<Record<string, unknown>>,
): Pick<Peer, "accounts" | "ownEndpoint"> {
  checkTrail(opened);
  const named = Array.isArray(accounts) ? accounts : [];
  const ids = new Set(named.map((one) => findAccount(opened, one).id));
  if (ids.size === 0) throw new ServiceError("InvalidParameter", "no account is named");
  if (endpoint === undefined) return { accounts: [...ids] };
  if (!/^https?:\/\/[A-Za-z0-9.:[\]-]+$/.test(String(endpoint))) {
    throw new ServiceError("InvalidParameter", `\`${String(endpoint)}\` is no endpoint`);
  }
  return { accounts: [...ids], ownEndpoint: String(endpoint) };
}

/** Where this Bondstore is. Throws where it does not serve: nobody could reach it. */
function hereOf({ endpoint, ca }: Administered): Reached {
  if (endpoint === undefined) {
    throw new ServiceError("NotFound", "peers are met while Bondstore serves: start it with `up`");
  }
  return { endpoint, ...(ca !== undefined && { ca: readFileSync(ca, "utf8") }) };
}

async function recordFor(
  { opened }: Administered,
  accounts: readonly string[],
  eventName: string,
  parameters: Parameters<typeof record>[4],
): Promise<void> {
  for (const account of accounts) await record(opened, account, "kms", eventName, parameters);
}
