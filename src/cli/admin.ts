import type { Opened } from "../server.ts";
import { explainRequest } from "./explain-request.ts";

/** What an administrator may do with an open data directory, over its socket or with the directory itself. */
export type AdminOperation = (
  bondstore: {
    readonly opened: Opened;
    /** Undefined when nothing is served. */
    readonly endpoint?: string | undefined;
    readonly ca?: string | undefined;
  },
  input: Readonly<Record<string, unknown>>,
) => Promise<unknown>;

export const adminOperations: Readonly<Record<string, AdminOperation>> = {
  async "account-create"({ opened, endpoint, ca }, { name }) {
    const { parts } = opened;
    const made = await parts.directory.createAccount(String(name));
    return {
      ready: endpoint !== undefined,
      endpoint,
      ca,
      region: parts.region,
      account: made.account.id,
      accessKeyId: made.accessKeyId,
      secretAccessKey: made.secret,
    };
  },

  async "account-list"({ opened }) {
    return opened.parts.directory
      .accounts()
      .map(({ id, name, createdAtMs }) => ({ account: id, name, createdAtMs }));
  },

  async explain({ opened }, { requestId }) {
    return explainRequest(opened, String(requestId));
  },

  async status({ opened, endpoint, ca }) {
    const { size, root } = opened.trail.head();
    return {
      endpoint,
      ca,
      region: opened.parts.region,
      accounts: opened.parts.directory.accounts().length,
      trail: { events: size, root: root.toString("hex") },
    };
  },
};
