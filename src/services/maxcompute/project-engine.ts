import type { Volume } from "../../cells/volume.ts";
import type { WarehouseEngine } from "../../engines/duckdb/engine.ts";
import type { Parts } from "../../pipeline/call.ts";
import type { PlacedFile } from "./relations.ts";

/** Copies of tables that a cell may keep when nobody uses it. */
const cacheBytesMax = 20 * 1024 ** 3;

/** DuckDB in the cell of one project, with copies of the files that queries read. */
export class ProjectEngine {
  readonly engine: WarehouseEngine;
  readonly #volume: Volume;
  readonly #parts: Parts;
  readonly #account: string;
  /** Files in the cell, the one used last at the end, with their sizes. */
  readonly #placed = new Map<string, { readonly bytes: number; readonly done: Promise<void> }>();

  constructor(
    engine: WarehouseEngine,
    volume: Volume,
    { parts, account }: { readonly parts: Parts; readonly account: string },
  ) {
    this.engine = engine;
    this.#volume = volume;
    this.#parts = parts;
    this.#account = account;
  }

  /** Puts copies of files into the cell where they are not there yet, opened with the keys that sealed them. */
  async place(files: readonly PlacedFile[]): Promise<void> {
    await Promise.all(
      files.map(({ name, record }) => {
        const known = this.#placed.get(name);
        if (known) this.#placed.delete(name);
        const done = known?.done ?? this.#copy(name, record.blob);
        this.#placed.set(name, { bytes: record.blob.size, done });
        done.catch(() => this.#placed.delete(name));
        return done;
      }),
    );
  }

  async #copy(name: string, blob: PlacedFile["record"]["blob"]): Promise<void> {
    const body = this.#parts.store.account(this.#account).blobs.read(blob);
    await this.engine.put(name, Buffer.isBuffer(body) ? once(body) : body);
  }

  /** Seals a file of the cell: it then belongs to nobody until it is kept. */
  async seal(name: string, rows: number): Promise<PlacedFile["record"]> {
    const { store, random } = this.#parts;
    const blob = await store.account(this.#account).blobs.write(this.engine.give(name));
    return { id: random.uuid(), blob, rows };
  }

  /** Removes the copies that were not used for longest, while nobody uses any. */
  async forgetOld(): Promise<void> {
    let bytes = 0;
    for (const { bytes: one } of this.#placed.values()) bytes += one;
    for (const [name, file] of this.#placed) {
      if (bytes <= cacheBytesMax) return;
      this.#placed.delete(name);
      bytes -= file.bytes;
      await this.engine.remove(name);
    }
  }

  /** Resolves when its volume can be used no more. */
  get failed(): Promise<string> {
    return this.#volume.failed;
  }

  async stop(): Promise<void> {
    await this.engine.stop();
    await this.#volume.close();
  }
}

async function* once(body: Buffer): AsyncIterable<Buffer> {
  yield body;
}
