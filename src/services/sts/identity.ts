import type {
  GetAccessKeyInfoRequest,
  GetAccessKeyInfoResponse,
  GetCallerIdentityRequest,
  GetCallerIdentityResponse,
} from "@aws-sdk/client-sts";
import type { Call } from "../../pipeline/call.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";

/** What calls of STS act on that name no role. */
export const callerTarget = (_input: unknown, { account }: Call) => ({ arn: "*", account });

/** Tells the caller who it is; no policy can hide that. */
export const getCallerIdentity = operation("GetCallerIdentity", {
  open: true,
  resolve: (input: Checked<GetCallerIdentityRequest>, call: Call) => callerTarget(input, call),

  handle(_target, _input, { principal }): GetCallerIdentityResponse {
    if (principal.kind === "anonymous" || principal.kind === "service") {
      throw new ServiceError("AccessDenied", "Only a principal of an account has an identity.");
    }
    const { account, id } = principal;
    const Arn = principal.kind === "session" ? principal.sessionArn : principal.arn;
    return { UserId: id, Account: account, Arn };
  },
});

/** Tells which account an access key belongs to, whether it is active or not. */
export const getAccessKeyInfo = operation("GetAccessKeyInfo", {
  resolve: (input: Checked<GetAccessKeyInfoRequest>, call: Call) => callerTarget(input, call),

  handle(_target, { AccessKeyId }, { parts }): GetAccessKeyInfoResponse {
    const account = parts.directory.accountOfKey(AccessKeyId);
    if (account === undefined) {
      throw new ServiceError(
        "ValidationError",
        `Unable to determine the account of ${AccessKeyId}`,
      );
    }
    return { Account: account };
  },
});
