import type { Who } from "./application.ts";
import { triesMax } from "./cluster.ts";
import { CKF, CKS } from "./constants.ts";
import { type LivePartition, worstOf } from "./live-partition.ts";

/** What CK_TOKEN_INFO says of a partition that is set up. Tries are counted over officer and users alike. */
export function stateFlags({ state }: LivePartition): number {
  let flags = CKF.TOKEN_INITIALIZED as number;
  if (Object.keys(state.users).length > 0) flags |= CKF.USER_PIN_INITIALIZED;
  if (worstOf(state) > 0) flags |= CKF.USER_PIN_COUNT_LOW | CKF.SO_PIN_COUNT_LOW;
  if (worstOf(state) === triesMax - 1) flags |= CKF.USER_PIN_FINAL_TRY | CKF.SO_PIN_FINAL_TRY;
  return flags;
}

/** The state of a session (PKCS #11 2.40, 6.7). */
export function stateOf(login: Who | undefined, readWrite: boolean): number {
  if (login?.kind === "officer") return CKS.RW_SO;
  if (login) return readWrite ? CKS.RW_USER : CKS.RO_USER;
  return readWrite ? CKS.RW_PUBLIC : CKS.RO_PUBLIC;
}
