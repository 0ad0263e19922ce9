import type { AccountStore, Key, Table } from "../../storage/store.ts";
import { removeBlocks } from "./tunnel/blocks.ts";
import { downloadRows } from "./tunnel/downloads.ts";
import { forgetFiltered, readRows } from "./tunnel/storage-reads.ts";
import { streamRows } from "./tunnel/streams.ts";
import type { TunnelSession } from "./tunnel/tunnel.ts";
import { uploadRows } from "./tunnel/uploads.ts";
import { upsertRows } from "./tunnel/upserts.ts";
import { removeParts, volumeDownloadRows, volumeUploadRows } from "./volumes/sessions.ts";

/** Rows whose keys begin with their project's id, and what is gone when one of them is. */
export interface Erased<Value> {
  readonly rows: (store: AccountStore) => Table<Value>;
  /** What goes with a row, inside its transaction. */
  readonly also: (store: AccountStore, value: Value, key: Key) => void;
}

/** Rows of any kind, with what goes with each. */
export const erased = <Value>(
  rows: Erased<Value>["rows"],
  also: Erased<Value>["also"] = () => {},
): Erased<unknown> => ({ rows, also }) as Erased<unknown>;

/** Blocks that were committed are the table's: the session has none of them any more. */
const withBlocks = (store: AccountStore, { id }: TunnelSession) => removeBlocks(store, id);

/** All kinds of sessions, of the tunnel, the Storage API and volumes: each is a `TunnelSession`. */
export const sessionKinds: readonly Erased<unknown>[] = [
  erased(downloadRows),
  erased(readRows, forgetFiltered),
  erased(uploadRows, withBlocks),
  erased(upsertRows, withBlocks),
  erased(streamRows),
  erased(volumeUploadRows, (store, _, [project, id]) =>
    removeParts(store, String(project), String(id)),
  ),
  erased(volumeDownloadRows),
];
