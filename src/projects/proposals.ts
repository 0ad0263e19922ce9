import { isSameName } from "../policy/odps/names.ts";
import type { TablePin } from "../protection/exceptions.ts";
import { rankOf } from "./permissions/names.ts";
import type { Permissions, Refusal } from "./permissions/state.ts";
import { reaches } from "./security-language/authority.ts";

/** A command that would open a project, until a second person says yes to it. */
export interface Proposal {
  /** Never given twice: an approval never meets another one than its reader saw. */
  readonly id: string;
  /** As `principalName` has it. */
  readonly by: string;
  readonly atMs: number;
  /** The command as written. */
  readonly text: string;
  /** The schema that its names without one mean, whoever approves it; absent: `default`. */
  readonly schema?: string | undefined;
  /** What it opens, in words. */
  readonly opens: readonly string[];
  /** Tables for which its exceptions are, as they were when it was proposed: no later row is approved. */
  readonly pins: readonly TablePin[];
}

/** A proposal is forgotten after so long. */
const proposalMs = 7 * 24 * 60 * 60 * 1000;
/** Most that wait at a time. */
const proposalsMax = 100;

/** Those that still wait. */
export const waiting = (proposals: readonly Proposal[], nowMs: number): readonly Proposal[] =>
  proposals.filter(({ atMs }) => nowMs - atMs < proposalMs);

/** Puts one to those that wait. */
export function propose(
  proposals: readonly Proposal[],
  made: Proposal,
):
  | { readonly proposals: readonly Proposal[]; readonly refusal?: undefined }
  | { readonly refusal: Refusal } {
  const still = waiting(proposals, made.atMs);
  if (still.length >= proposalsMax) {
    return {
      refusal: { code: "LimitExceeded", message: `${proposalsMax} proposals wait already` },
    };
  }
  return { proposals: [...still, made] };
}

/** The proposal that somebody would approve, or why not. */
export function findProposal(
  proposals: readonly Proposal[],
  id: string,
  state: Permissions,
  approver: string,
  nowMs: number,
): { readonly proposal: Proposal; readonly refusal?: undefined } | { readonly refusal: Refusal } {
  const proposal = waiting(proposals, nowMs).find((one) => one.id === id);
  if (!proposal) {
    return { refusal: { code: "NoSuchObject", message: `no proposal ${id.slice(0, 32)} waits` } };
  }
  if (!reaches(rankOf(state, approver), "super_administrator")) {
    const message = "Access Denied - a proposal is approved by an owner or super_administrator";
    return { refusal: { code: "NoPermission", message } };
  }
  if (isSameName(proposal.by, approver)) {
    const message = "Access Denied - a proposal is approved by somebody else than who made it";
    return { refusal: { code: "NoPermission", message } };
  }
  return { proposal };
}
