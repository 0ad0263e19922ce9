import { equalSecrets, sha256 } from "../../lib/hash.ts";
import type { Credentials } from "../directory.ts";
import { refusal } from "./refusals.ts";

/** Whose secret is used where nobody has the key: a signature by an unknown key costs as much as a wrong one. */
export const nobody: Credentials = {
  accessKeyId: "nobody",
  secret: "nobody's signature is ever compared with this",
  active: false,
  principal: { kind: "anonymous" },
};

/** Temporary credentials come with their token, unexpired; long-term keys with none. */
export function checkToken(
  credentials: Credentials,
  token: string | undefined,
  nowMs: number,
): void {
  if (credentials.token === undefined) {
    if (token !== undefined) throw refusal("wrong-token");
    return;
  }
  if (token === undefined) {
    throw refusal("missing-token", { AWSAccessKeyId: credentials.accessKeyId });
  }
  // Compared as hashes: of equal length, so that the time taken says nothing about the token.
  if (!equalSecrets(sha256(token), sha256(credentials.token))) throw refusal("wrong-token");
  if (credentials.expiresAtMs !== undefined && nowMs >= credentials.expiresAtMs) {
    throw refusal("expired-token");
  }
}
