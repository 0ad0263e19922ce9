import type { GetSessionTokenRequest, GetSessionTokenResponse } from "@aws-sdk/client-sts";
import type { Call } from "../../pipeline/call.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { shownCredentials, toCredentials } from "./credentials.ts";
import { callerTarget } from "./identity.ts";

const userSecondsDefault = 43_200;
const rootSecondsMax = 3600;

/** Temporary credentials for oneself: with the caller's permissions, but without IAM and most of STS. */
export const getSessionToken = operation("GetSessionToken", {
  open: true,
  resolve: (input: Checked<GetSessionTokenRequest>, call: Call) => callerTarget(input, call),

  async handle(_target, input, call): Promise<GetSessionTokenResponse> {
    const { principal, parts, timeMs } = call;
    const longTerm = principal.kind === "user" || principal.kind === "root";
    if (!longTerm || principal.session || principal.accessKeyId === undefined) {
      throw new ServiceError(
        "AccessDenied",
        "Cannot call GetSessionToken with session credentials",
      );
    }
    if (input.TokenCode !== undefined || input.SerialNumber !== undefined) {
      // Nobody has an MFA device here, so no code can be right.
      throw new ServiceError(
        "AccessDenied",
        "MultiFactorAuthentication failed with invalid MFA one time pass code.",
      );
    }
    const wanted = input.DurationSeconds ?? userSecondsDefault;
    const seconds = principal.kind === "root" ? Math.min(wanted, rootSecondsMax) : wanted;
    const expiresAtMs = timeMs + seconds * 1000;
    const made = await parts.directory.startUserSession(principal, { expiresAtMs, mfa: false });
    return { Credentials: toCredentials(made) };
  },

  responseElements: ({ Credentials }) => ({ credentials: shownCredentials(Credentials) }),
});
