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
      const used = [target.reference.key, alsoUsed(target)].filter((key) => key !== undefined);
      for (const key of used) quotas.takeUse(key);
      const output = await parts.handle(target, input, call, judgeAgain);
      const { timeMs: atMs, id: requestId, eventId } = call;
      for (const key of used) lastUsage.note(key, { operation: name, atMs, requestId, eventId });
      return output;
    },
  });
}
