import type {
  CreateAccessKeyRequest,
  CreateAccessKeyResponse,
  DeleteAccessKeyRequest,
  GetAccessKeyLastUsedRequest,
  GetAccessKeyLastUsedResponse,
  ListAccessKeysRequest,
  ListAccessKeysResponse,
  StatusType,
  UpdateAccessKeyRequest,
} from "@aws-sdk/client-iam";
import { noSuchKey } from "../../identity/access-keys.ts";
import { pageOf } from "../../identity/pages.ts";
import { rootArn } from "../../identity/principals.ts";
import type { AccessKeyRecord, UserRecord } from "../../identity/records.ts";
import type { Call } from "../../pipeline/call.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { pageEnd, pageRequest } from "./answers.ts";
import { type Found, findUserOrCaller, type Home, homeOf, making } from "./find.ts";

/** Who has the keys in question: a user, or root when root asks and names nobody. */
type Holder = Found<UserRecord> | (Home & { readonly record: undefined });

const rootTarget = (call: Call): Holder => ({
  ...making("AWS::IAM::User", rootArn(call.account), call),
  record: undefined,
});

function findHolder(name: string | undefined, call: Call): Holder {
  return name === undefined && call.principal.kind === "root"
    ? rootTarget(call)
    : findUserOrCaller(name, call);
}

const statusOf = ({ active }: AccessKeyRecord): StatusType => (active ? "Active" : "Inactive");
const nameOf = (user: UserRecord | undefined): string => user?.name ?? "root";

/** The holder's own key of this id; of no one else. */
function ownKey({ home, record }: Holder, id: string): AccessKeyRecord {
  const found = home.accessKeys.of(record).find((key) => key.id === id);
  if (!found) throw noSuchKey(id);
  return found;
}

/** Makes a key; the answer is the only place where its secret is ever shown. */
export const createAccessKey = operation("CreateAccessKey", {
  resolve: ({ UserName }: Checked<CreateAccessKeyRequest>, call: Call) =>
    findHolder(UserName, call),

  async handle({ home, record }): Promise<CreateAccessKeyResponse> {
    const key = await home.accessKeys.create(record);
    return {
      AccessKey: {
        UserName: nameOf(record),
        AccessKeyId: key.id,
        Status: statusOf(key),
        SecretAccessKey: key.secret,
        CreateDate: new Date(key.createdAtMs),
      },
    };
  },

  responseElements: ({ AccessKey }) => ({
    accessKey: {
      userName: AccessKey?.UserName ?? "",
      accessKeyId: AccessKey?.AccessKeyId ?? "",
      status: AccessKey?.Status ?? "",
    },
  }),
});

export const listAccessKeys = operation("ListAccessKeys", {
  resolve: ({ UserName }: Checked<ListAccessKeysRequest>, call: Call) => findHolder(UserName, call),

  handle({ home, record }, input): ListAccessKeysResponse {
    const page = pageOf(home.accessKeys.of(record), pageRequest(input));
    const AccessKeyMetadata = page.items.map((key) => ({
      UserName: nameOf(record),
      AccessKeyId: key.id,
      Status: statusOf(key),
      CreateDate: new Date(key.createdAtMs),
    }));
    return { AccessKeyMetadata, ...pageEnd(page) };
  },
});

/** Switches a key off or on. */
export const updateAccessKey = operation("UpdateAccessKey", {
  resolve: ({ UserName }: Checked<UpdateAccessKeyRequest>, call: Call) =>
    findHolder(UserName, call),

  async handle(holder, { AccessKeyId, Status }): Promise<void> {
    if (Status !== "Active" && Status !== "Inactive") {
      throw new ServiceError("InvalidInput", `A key cannot be made ${Status}.`);
    }
    await holder.home.accessKeys.switch(ownKey(holder, AccessKeyId), Status === "Active");
  },
});

export const deleteAccessKey = operation("DeleteAccessKey", {
  resolve: ({ UserName }: Checked<DeleteAccessKeyRequest>, call: Call) =>
    findHolder(UserName, call),
  handle: (holder, { AccessKeyId }) => holder.home.accessKeys.remove(ownKey(holder, AccessKeyId)),
});

/** Shows when and for what a key was used last. */
export const getAccessKeyLastUsed = operation("GetAccessKeyLastUsed", {
  resolve({ AccessKeyId }: Checked<GetAccessKeyLastUsedRequest>, call: Call): Holder {
    const key = homeOf(call).accessKeys.find(AccessKeyId);
    if (key?.user !== undefined) return findUserOrCaller(key.user, call);
    return key
      ? rootTarget(call)
      : { ...rootTarget(call), arn: "*", absent: { refusal: noSuchKey(AccessKeyId) } };
  },

  handle({ home, record }, { AccessKeyId }, { region }): GetAccessKeyLastUsedResponse {
    const use = home.accessKeys.lastUse(AccessKeyId);
    return {
      UserName: nameOf(record),
      AccessKeyLastUsed: use
        ? { LastUsedDate: new Date(use.timeMs), ServiceName: use.service, Region: region }
        : { LastUsedDate: undefined, ServiceName: "N/A", Region: "N/A" },
    };
  },
});
