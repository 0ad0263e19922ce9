import type { KeyUse } from "../keys/keys.ts";
import type { Call } from "./call.ts";

/** For whom a service uses a customer's key in a call: for its caller, unless it says otherwise. */
export const keyUse = (
  { id, region, principal, account, source }: Call,
  service: string,
  more: Partial<KeyUse> = {},
): KeyUse => ({
  principal,
  // Where a service uses the key of its own accord, nobody is asked for the key.
  ...(source.pointedBy && !more.principal && { pointedBy: source.pointedBy }),
  via: `${service}.${region}.amazonaws.com`,
  account,
  requestId: id,
  sourceIp: source.ip,
  userAgent: source.userAgent,
  ...more,
});
