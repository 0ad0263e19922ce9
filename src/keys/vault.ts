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
  /** Names this vault: a data directory keeps the name, so that none is opened with another. */
  readonly name: string;
  /** A new secret of 32 bytes; it replaces none: `id` has none yet. */
  make(id: string): Buffer;
  find(id: string): Buffer | undefined;
  /** Destroys a secret; does nothing where there is none. */
  destroy(id: string): void;
}

/*
 * The file: a header with the vault's name, then slots of one size, so that a slot is overwritten where it stands.
 *   slot: state 1 | name 16 (of SHA-256 of the id) | secret under the root of trust 60 | zero
 * A slot is written whole within one disk sector: a torn write leaves it as it was or as it is to be.
 */
const format = Buffer.from("bondstore vault 1\n");
const vaultNameBytes = 16;
const slotBytes = 128;
const nameBytes = 16;
const wrappedBytes = 60;
const used = 1;

const bound = (id: string) => `vault ${id}`;
const nameOf = (id: string) => sha256(id).subarray(0, nameBytes).toString("hex");

/**
 * Opens the vault, or makes it where the data directory does not know one yet. Throws when it is missing, is none, or
 * is another one than the directory knows: with another, every key would be lost.
 */
export function openVault(options: {
  readonly path: string;
  readonly root: RootOfTrust;
  readonly random: Random;
  /** Name of the vault that the data directory was made with; undefined at its first start. */
  readonly known: string | undefined;
  /** For tools that only look. */
  readonly readOnly?: boolean;
}): Vault {
  const { path, root, random, known, readOnly = false } = options;
  const there = readIfThere(path);
  if (!there && (known !== undefined || readOnly)) {
    throw new Error(`the vault of this data directory is not at \`${path}\`: --vault names it`);
  }
  const content = there ?? makeFile(path, random);
  if (!content.subarray(0, format.length).equals(format)) {
    throw new Error(`not a vault, or of a newer version: \`${path}\``);
  }
  const name = content.subarray(format.length, format.length + vaultNameBytes).toString("hex");
  if (known !== undefined && name !== known) {
    throw new Error(`\`${path}\` is the vault of another data directory: --vault names this one's`);
  }
  /** Where the secrets stand, by name, and what they are under the root of trust. */
  const slots = new Map<string, { readonly at: number; readonly wrapped: Buffer }>();
  const free: number[] = [];
  let end = slotBytes;
  for (; end + slotBytes <= content.length; end += slotBytes) {
    const slot = content.subarray(end, end + slotBytes);
    if (slot[0] !== used) {
      free.push(end);
      continue;
    }
    const id = slot.subarray(1, 1 + nameBytes).toString("hex");
    const wrapped = Buffer.from(slot.subarray(1 + nameBytes, 1 + nameBytes + wrappedBytes));
    slots.set(id, { at: end, wrapped });
  }

  function write(at: number, slot: Buffer): void {
    assert(!readOnly, "a vault that was opened for reading is not written");
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
    name,
    make(id) {
      const place = nameOf(id);
      assert(!slots.has(place), "what is in the vault is not made again");
      const secret = random.bytes(32);
      const wrapped = root.wrap(secret, bound(id));
      assert(wrapped.length === wrappedBytes, "secrets in the vault have one size");
      const at = free.pop() ?? end;
      const slot = Buffer.concat(
        [Buffer.from([used]), Buffer.from(place, "hex"), wrapped],
        slotBytes,
      );
      write(at, slot);
      if (at === end) end += slotBytes;
      slots.set(place, { at, wrapped });
      return secret;
    },
    find(id) {
      const slot = slots.get(nameOf(id));
      return slot && root.unwrap(slot.wrapped, bound(id));
    },
    destroy(id) {
      const place = nameOf(id);
      const slot = slots.get(place);
      if (!slot) return;
      write(slot.at, Buffer.alloc(slotBytes));
      slots.delete(place);
      slot.wrapped.fill(0);
      free.push(slot.at);
    },
  };
}

function makeFile(path: string, random: Random): Buffer {
  const content = Buffer.concat([format, random.bytes(vaultNameBytes)], slotBytes);
  createOwnerOnly(path, content);
  return content;
}
