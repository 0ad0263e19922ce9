import { ServiceError } from "../lib/service-error.ts";
import { checkPolicy, policySize } from "./compiled.ts";
import { current, keyOf, tableOf, without } from "./holders.ts";
import { limits } from "./limits.ts";
import { dropUse, findUsable, noteUse } from "./policy-uses.ts";
import type { HolderKind, HolderRecords } from "./records.ts";
import { checkName, checkRoom } from "./refusals.ts";
import type { AccountScope } from "./tables.ts";

/** What is judged and then changed. */
interface Judged {
  readonly id: string;
  readonly name: string;
}

/** The policies of users, groups or roles: attached ones and inline ones. */
export interface HolderPolicies {
  /** Attaching twice is attaching once. */
  attach(holder: Judged, arn: string): Promise<void>;
  detach(holder: Judged, arn: string): Promise<void>;
  /** Puts an inline policy in, or replaces the one of that name. */
  putInline(holder: Judged, name: string, text: string): Promise<void>;
  removeInline(holder: Judged, name: string): Promise<void>;
}

export function createHolderPolicies(scope: AccountScope, kind: HolderKind): HolderPolicies {
  const write = (next: HolderRecords[HolderKind]): void =>
    tableOf(scope, kind).put([keyOf(next.name)], next as never);

  return {
    attach: (judged, arn) =>
      scope.change(() => {
        const holder = current(scope, kind, judged);
        findUsable(scope, arn);
        if (holder.attached.includes(arn)) return;
        checkRoom(holder.attached.length, limits.attachedPerHolder, quotaOf[kind]);
        write({ ...holder, attached: [...holder.attached, arn] });
        noteUse(scope, arn, kind, holder.name);
      }),

    detach: (judged, arn) =>
      scope.change(() => {
        const holder = current(scope, kind, judged);
        if (!holder.attached.includes(arn)) {
          throw new ServiceError("NoSuchEntity", `Policy ${arn} was not found.`);
        }
        write({ ...holder, attached: holder.attached.filter((each) => each !== arn) });
        dropUse(scope, arn, kind, holder.name);
      }),

    async putInline(judged, name, text) {
      checkName(name);
      checkPolicy(text, "identity");
      await scope.change(() => {
        const holder = current(scope, kind, judged);
        const inline = { ...holder.inline, [name]: text };
        const size = Object.values(inline).reduce((sum, each) => sum + policySize(each), 0);
        const most = limits.inlineSize[kind];
        if (size > most) {
          throw new ServiceError(
            "LimitExceeded",
            `Maximum policy size of ${most} bytes exceeded for ${kind} ${holder.name}`,
          );
        }
        write({ ...holder, inline });
      });
    },

    async removeInline(judged, name) {
      await scope.change(() => {
        const holder = current(scope, kind, judged);
        if (!Object.hasOwn(holder.inline, name)) throw noSuchInline(kind, name);
        write({ ...holder, inline: without(holder.inline, name) });
      });
    },
  };
}

const quotaOf: Readonly<Record<HolderKind, string>> = {
  user: "PoliciesPerUser",
  group: "PoliciesPerGroup",
  role: "PoliciesPerRole",
};

/** IAM's word for an inline policy that the holder has not got. */
export const noSuchInline = (kind: HolderKind, name: string): ServiceError =>
  new ServiceError("NoSuchEntity", `The ${kind} policy with name ${name} cannot be found.`);
