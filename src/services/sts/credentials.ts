import type { Credentials } from "@aws-sdk/client-sts";
import type { NewCredentials } from "../../identity/directory.ts";

/** New credentials as STS answers them. */
export const toCredentials = (made: NewCredentials): Credentials => ({
  AccessKeyId: made.accessKeyId,
  SecretAccessKey: made.secret,
  SessionToken: made.token,
  Expiration: new Date(made.expiresAtMs),
});

/** What the trail may show of them: no secret and no token. */
export const shownCredentials = (given: Credentials | undefined) => ({
  accessKeyId: given?.AccessKeyId ?? "",
  expiration: given?.Expiration?.toISOString() ?? "",
});
