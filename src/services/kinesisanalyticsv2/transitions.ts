import type { Parts } from "../../pipeline/call.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { AccountStore } from "../../storage/store.ts";
import { type ApplicationRecord, applicationTable } from "./records.ts";

/** Changes the very application that was judged, if it is still there; answers its new record. */
export async function change(
  { id, name }: ApplicationRecord,
  store: AccountStore,
  parts: Pick<Parts, "store">,
  how: (now: ApplicationRecord) => ApplicationRecord,
): Promise<ApplicationRecord> {
  const table = applicationTable(store);
  return parts.store.transaction(() => {
    const now = table.find([name]);
    if (now?.id !== id) {
      throw new ServiceError(
        "ResourceNotFoundException",
        `The request was rejected because the application ${name} does not exist.`,
      );
    }
    const changed = how(now);
    table.put([name], changed);
    return changed;
  });
}
