import { ServiceError } from "../lib/service-error.ts";
import type { Opened } from "../server.ts";
import { type AdminOperation, checkTrail, findAccount, record } from "./administered.ts";
import { explainRequest } from "./explain-request.ts";
import { peerOperations } from "./peer-operations.ts";
import { projectOperations } from "./project-operations.ts";
import { readLogs } from "./read-logs.ts";
import { releaseOperations } from "./release-operations.ts";

export const adminOperations: Readonly<Record<string, AdminOperation>> = {
  logs: ({ logs }, input) => readLogs(logs, input),
  ...peerOperations,
  ...projectOperations,
  ...releaseOperations,

  async "account-create"(bondstore, { name, id }) {
    const { opened, endpoint, ca } = bondstore;
    const made = await createAccount(
      opened,
      String(name),
      id === undefined ? undefined : String(id),
    );
    return {
      ready: endpoint !== undefined,
      endpoint,
      ca,
      region: opened.parts.region,
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

  async "access-key-create"({ opened }, { account: wanted }) {
    const { directory } = opened.parts;
    const account = wanted === undefined ? directory.accounts()[0] : findAccount(opened, wanted);
    if (!account) throw new ServiceError("NotFound", "there is no account yet");
    checkTrail(opened);
    const key = await directory.inAccount(account.id).accessKeys.create();
    await record(opened, account.id, "iam", "CreateAccessKey", { accessKeyId: key.id });
    return { account: account.id, accessKeyId: key.id, secretAccessKey: key.secret };
  },

  /** Tells whether a key may still be used, and whose it is; never its secret. */
  async "access-key-status"({ opened }, { accessKeyId }) {
    const { directory } = opened.parts;
    const account = directory.accountOfKey(String(accessKeyId));
    if (account === undefined) return { active: false };
    const key = directory.inAccount(account).accessKeys.find(String(accessKeyId));
    return { active: key?.active ?? false, account };
  },

  async "access-key-delete"({ opened }, { accessKeyId }) {
    const { directory } = opened.parts;
    const account = directory.accountOfKey(String(accessKeyId));
    if (account === undefined) return { deleted: false };
    const { accessKeys } = directory.inAccount(account);
    const key = accessKeys.find(String(accessKeyId));
    if (!key) return { deleted: false };
    checkTrail(opened);
    await accessKeys.remove(key);
    await record(opened, account, "iam", "DeleteAccessKey", { accessKeyId: key.id });
    return { deleted: true };
  },

  /** The socket by which the user that runs Bondstore reaches an HSM cluster. */
  async "hsm-socket"({ hsmWays }, { cluster }) {
    if (!hsmWays) throw new ServiceError("NotFound", "HSMs are reached while Bondstore serves");
    const path = await hsmWays.socketOf(String(cluster));
    if (path === undefined) throw noCluster(cluster);
    return { P11_KIT_SERVER_ADDRESS: `unix:path=${path}` };
  },

  /** Gives a token of another maker's module to an account, for its custom key stores. */
  async "hsm-attach"({ opened }, { account, module, token }) {
    checkTrail(opened);
    const { id } = findAccount(opened, account);
    const attached = { account: id, module: String(module), token: String(token) };
    const cluster = await opened.modules.attach(attached);
    await record(opened, id, "cloudhsm", "AttachModule", { cluster, ...attached });
    return { cluster };
  },

  async "hsm-attached"({ opened }) {
    return [...opened.modules.all()].map(({ id: cluster, ...attached }) => ({
      cluster,
      ...attached,
    }));
  },

  /** Takes such a token back from its account, unless a custom key store keeps keys in it. */
  async "hsm-detach"({ opened }, { cluster }) {
    checkTrail(opened);
    const id = String(cluster);
    let owner = "";
    await opened.modules.detach(id, ({ account }) => {
      owner = account;
      const [user] = opened.keyStoresIn(account, id);
      if (user) throw new ServiceError("InvalidState", `the key store ${user.name} uses the token`);
    });
    await record(opened, owner, "cloudhsm", "DetachModule", { cluster: id });
    return { detached: id };
  },

  /** A sensor of the host says that somebody tampers: every key in the cluster is destroyed, now. */
  async "hsm-tamper"({ opened }, { cluster }) {
    const { clusters } = opened.hsms;
    const found = [...clusters.everybodys()].find(({ id }) => id === String(cluster));
    const contents = found && clusters.contents(found);
    if (!contents) throw noCluster(cluster);
    await contents.zeroize("the host's sensor reported tampering");
    await record(opened, found.account, "cloudhsm", "ReportTampering", { cluster: found.id });
    return { zeroized: found.id };
  },

  async explain({ opened }, { id }) {
    return explainRequest(opened, String(id));
  },

  async status({ opened, endpoint, ca }) {
    const { size, root } = opened.trail.head();
    return {
      endpoint,
      ca,
      region: opened.parts.region,
      accounts: opened.parts.directory.accounts().length,
      root: opened.root.description,
      trail: { events: size, root: root.toString("hex") },
    };
  },
};

const noCluster = (id: unknown) =>
  new ServiceError("NotFound", `there is no HSM cluster \`${String(id)}\``);

/** Makes an account, and has it in the trail. */
export async function createAccount(
  opened: Opened,
  name: string,
  wantedId?: string,
): ReturnType<Opened["parts"]["directory"]["createAccount"]> {
  checkTrail(opened);
  const made = await opened.parts.directory.createAccount(name, wantedId);
  const { id } = made.account;
  await record(opened, id, "organizations", "CreateAccount", { accountName: name, accountId: id });
  return made;
}
