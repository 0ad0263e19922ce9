import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { assert } from "../lib/assert.ts";
import { sha256 } from "../lib/hash.ts";
import type { Random } from "../lib/random.ts";
import { createOwnerOnly, readIfThere } from "./durable-file.ts";
import type { RootOfTrust } from "./root-of-trust.ts";

/**
 * Secrets of things that can be destroyed for good: each KMS key and each HSM partition has one, and nothing of it
 * opens without it. They are in one file that is overwritten in place and kept out of backups, so that what is
 * destroyed here is destroyed in every copy of the data directory as well.
 *
 * Each call is on disk when it returns.
 */
export interface Vault {
  /** Where the file is. */
  readonly path: string;
  /** A new secret of 32 bytes; it replaces none: `id` has none yet. */
  make(id: string): Buffer;
  find(id: string): Buffer | undefined;
  /** Destroys a secret; does nothing where there is none. */
  destroy(id: string): void;
}

/*
 * The file: a header, then slots of one size, so that a slot is overwritten where it stands.
 *   slot: state 1 | name 16 (of SHA-256 of the id) | secret under the root of trust 60 | zero
 * A slot is written whole within one disk sector: a torn write leaves it as it was or as it is to be.
 */
const header = Buffer.from("bondstore vault 1\n".padEnd(128, "\0"));
const slotBytes = 128;
const nameBytes = 16;
const wrappedBytes = 60;
const used = 1;

const bound = (id: string) => `vault ${id}`;
const nameOf = (id: string) => sha256(id).subarray(0, nameBytes).toString("hex");

/** Opens the vault, or makes it at first start, unless it only reads. */
export function openVault(options: {
  readonly path: string;
  readonly root: RootOfTrust;
  readonly random: Random;
  /** False for tools that only read. */
  readonly create: boolean;
}): Vault {
  const { path, root, random, create } = options;
  const content = readIfThere(path) ?? makeFile(path, create);
  if (!content.subarray(0, header.length).equals(header)) {
    throw new Error(`not a vault, or of a newer version: \`${path}\``);
  }
  /** Where the secrets stand, by name, and what they are under the root of trust. */
  const slots = new Map<string, { readonly at: number; readonly wrapped: Buffer }>();
  const free: number[] = [];
  let end = header.length;
  for (; end + slotBytes <= content.length; end += slotBytes) {
    const slot = content.subarray(end, end + slotBytes);
    if (slot[0] !== used) {
      free.push(end);
      continue;
    }
    const name = slot.subarray(1, 1 + nameBytes).toString("hex");
    const wrapped = Buffer.from(slot.subarray(1 + nameBytes, 1 + nameBytes + wrappedBytes));
    slots.set(name, { at: end, wrapped });
  }

  function write(at: number, slot: Buffer): void {
    assert(create, "a vault that was opened for reading is not written");
    const file = openSync(path, "r+");
    try {
      const count = writeSync(file, slot, 0, slotBytes, at);
      assert(count === slotBytes, "a slot is written whole");
      fdatasyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  return {
    path,
    make(id) {
      const name = nameOf(id);
      assert(!slots.has(name), "what is in the vault is not made again");
      const secret = random.bytes(32);
      const wrapped = root.wrap(secret, bound(id));
      assert(wrapped.length === wrappedBytes, "secrets in the vault have one size");
      const at = free.pop() ?? end;
      const slot = Buffer.concat(
        [Buffer.from([used]), Buffer.from(name, "hex"), wrapped],
        slotBytes,
      );
      write(at, slot);
      if (at === end) end += slotBytes;
      slots.set(name, { at, wrapped });
      return secret;
    },
    find(id) {
      const slot = slots.get(nameOf(id));
      return slot && root.unwrap(slot.wrapped, bound(id));
    },
    destroy(id) {
      const name = nameOf(id);
      const slot = slots.get(name);
      if (!slot) return;
      write(slot.at, Buffer.alloc(slotBytes));
      slots.delete(name);
      slot.wrapped.fill(0);
      free.push(slot.at);
    },
  };
}

function makeFile(path: string, create: boolean): Buffer {
  if (!create) throw new Error(`there is no vault: \`${path}\``);
  createOwnerOnly(path, header);
  return header;
}
