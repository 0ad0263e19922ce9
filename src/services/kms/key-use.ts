import type { KeyStore } from "../../keys/key-store.ts";
import type { KmsKey } from "../../keys/kms-key.ts";
import { type Operation, type OperationParts, operation } from "../../pipeline/operation.ts";
import type { KeyTarget } from "./find-key.ts";

/** Declares an operation that uses the material of a key: counted against its quota, and noted as its last use. */
export function keyUse<Input, Output, On extends KeyTarget>(
  name: string,
  parts: OperationParts<Input, Output, On, KeyStore>,
  alsoUsed: (target: On) => KmsKey | undefined = () => undefined,
): Operation {
  return operation<Input, Output, On, KeyStore>(name, {
    ...parts,
    async handle(target, input, call, judgeAgain): Promise<Output> {
      const { quotas, lastUsage } = call.own;
      const { key } = target.reference;
      const further = alsoUsed(target);
      if (key) quotas.takeUse(key);
      if (further) quotas.takeUse(further);
      const output = await parts.handle(target, input, call, judgeAgain);
      const { timeMs: atMs, id: requestId, eventId } = call;
      const usage = { operation: name, atMs, requestId, eventId };
      if (key) lastUsage.note(key, usage);
      if (further) lastUsage.note(further, usage);
      return output;
    },
  });
}
