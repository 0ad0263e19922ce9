import { scryptSync } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { assert } from "../lib/assert.ts";
import type { Random } from "../lib/random.ts";
import { createOwnerOnly, readIfThere } from "./durable-file.ts";
import { type KeyToken, TokenFailure } from "./token.ts";
import { deriveKey, unwrapUnder, wrapUnder } from "./wrapping.ts";

/**
 * What every other key hangs from. It wraps account roots and the secrets of the vault, and nothing else. A token or
 * a secret of the operator's opens it once, at the start; then it is in memory.
 */
export interface RootOfTrust {
  /** What the root is kept by, and what that protects from, in words for `doctor`. */
  readonly description: string;
  wrap(plain: Uint8Array, bound: string): Buffer;
  /** Undefined when the bytes, the root or what they were bound to differ. */
  unwrap(wrapped: Uint8Array, bound: string): Buffer | undefined;
}

/** What unlocks the sealed root in the data directory. */
export type Unlock =
  /**
   * A file of 0600, made at first start where there is none. Inside the data directory (the default of `up`) it
   * protects single files, disk blocks and deleted accounts, but not against who copies the whole directory;
   * a path on another disk or a mounted secret protects backups and copies as well.
   */
  | { readonly kind: "key-file"; readonly path: string }
  /** Protects the directory from everybody who does not know it; asked for at each start. */
  | { readonly kind: "passphrase"; readonly passphrase: string }
  /** A file that systemd decrypts for the service (LoadCredentialEncrypted=). Must exist. */
  | { readonly kind: "systemd-credential"; readonly path: string }
  | TokenUnlock;

/**
 * A key that never leaves a token of a PKCS#11 module; made there at first start. Copies of the disk open with that
 * token only.
 */
export interface TokenUnlock {
  readonly kind: "pkcs11-token";
  /** Path of the module: `/usr/lib/softhsm/libsofthsm2.so`. */
  readonly module: string;
  /** Label of the token. */
  readonly token: string;
  /** File that holds the user's PIN. */
  readonly pinFile: string;
}

export interface RootOptions {
  /** Data directory; the sealed root is its `root.key`. */
  readonly directory: string;
  readonly unlock: Unlock;
  readonly random: Random;
  /** Whether a root may be made where there is none. False for tools that only read. */
  readonly create: boolean;
  /** Logs in at a token, where one unlocks the root. Throws `TokenFailure`. */
  readonly openToken?: (unlock: TokenUnlock) => Promise<KeyToken>;
}

/** The root cannot be opened; the message says what to do, never a secret. */
export class RootLocked extends Error {
  override readonly name = "RootLocked";
}

interface SealedRoot {
  readonly format: 1;
  readonly unlock: Unlock["kind"];
  /** Hexadecimal. */
  readonly salt: string;
  /** Cost of scrypt: N, r, p. Only for a passphrase. */
  readonly scrypt?: readonly [number, number, number];
  /** Base64. */
  readonly sealed: string;
}

/** 128 MiB and some 0.4 s per guess. */
const scryptCost = [131_072, 8, 1] as const;
const secretBytesMin = 16;
const bound = "root of trust";
/** Label of the key in a token. */
const tokenLabel = "bondstore root of trust";

/** Opens the root of trust of a data directory, or makes it at first start. Throws `RootLocked`. */
export async function openRoot(options: RootOptions): Promise<RootOfTrust> {
  const path = join(options.directory, "root.key");
  const stored = readIfThere(path);
  if (!stored && !options.create) throw new RootLocked(`there is no root of trust: \`${path}\``);
  const root = stored ? await unseal(parse(stored, path), options) : await makeRoot(path, options);
  return {
    description: describe(options),
    wrap: (plain, boundTo) => wrapUnder(root, plain, boundTo, options.random),
    unwrap: (wrapped, boundTo) => unwrapUnder(root, wrapped, boundTo),
  };
}

async function makeRoot(path: string, options: RootOptions): Promise<Buffer> {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const { unlock, random } = options;
  const root = random.bytes(32);
  const salt = random.bytes(32);
  const scrypt = unlock.kind === "passphrase" ? scryptCost : undefined;
  const unlocking = await unlockingKey(salt, scrypt, options);
  const sealed: SealedRoot = {
    format: 1,
    unlock: unlock.kind,
    salt: salt.toString("hex"),
    ...(scrypt && { scrypt }),
    sealed: wrapUnder(unlocking, root, bound, random).toString("base64"),
  };
  createOwnerOnly(path, Buffer.from(`${JSON.stringify(sealed)}\n`));
  return root;
}

async function unseal(stored: SealedRoot, options: RootOptions): Promise<Buffer> {
  if (stored.unlock !== options.unlock.kind) {
    throw new RootLocked(
      `the root of trust is locked by a ${stored.unlock}, not by a ${options.unlock.kind}`,
    );
  }
  const key = await unlockingKey(Buffer.from(stored.salt, "hex"), stored.scrypt, {
    ...options,
    create: false,
  });
  const root = unwrapUnder(key, Buffer.from(stored.sealed, "base64"), bound);
  if (!root) throw new RootLocked(`the ${stored.unlock} does not open the root of trust`);
  return root;
}

async function unlockingKey(
  salt: Buffer,
  scrypt: SealedRoot["scrypt"],
  { unlock, random, create, openToken }: RootOptions,
): Promise<Buffer> {
  if (unlock.kind === "pkcs11-token") {
    const derived = await deriveInToken(unlock, salt, create, openToken);
    return deriveKey(derived, salt, `unlock by ${unlock.kind}`);
  }
  if (unlock.kind === "passphrase") {
    assert(scrypt, "a root under a passphrase keeps the cost of scrypt");
    const [N, r, p] = scrypt;
    const secret = unlock.passphrase.normalize("NFKC");
    return scryptSync(secret, salt, 32, { N, r, p, maxmem: 256 * N * r });
  }
  let secret = readIfThere(unlock.path);
  if (!secret && unlock.kind === "key-file" && create) {
    secret = random.bytes(32);
    createOwnerOnly(unlock.path, secret);
  }
  if (!secret) throw new RootLocked(`the ${unlock.kind} is missing: \`${unlock.path}\``);
  if (secret.length < secretBytesMin) {
    throw new RootLocked(`the ${unlock.kind} is shorter than ${secretBytesMin} bytes`);
  }
  return deriveKey(secret, salt, `unlock by ${unlock.kind}`);
}

async function deriveInToken(
  unlock: TokenUnlock,
  salt: Buffer,
  create: boolean,
  openToken: RootOptions["openToken"],
): Promise<Buffer> {
  assert(openToken, "who opens a root under a token says how tokens are opened");
  try {
    const token = await openToken(unlock);
    try {
      const isThere = (await token.labels()).includes(tokenLabel);
      if (!isThere && create) await token.makeKey(tokenLabel);
      return await token.hmac(tokenLabel, salt);
    } finally {
      await token.close();
    }
  } catch (error) {
    if (!(error instanceof TokenFailure)) throw error;
    throw new RootLocked(`the token \`${unlock.token}\` does not open it: ${error.message}`);
  }
}

function parse(stored: Buffer, path: string): SealedRoot {
  try {
    const value: Partial<SealedRoot> = JSON.parse(stored.toString());
    const { format, unlock, salt, sealed, scrypt } = value;
    if (format === 1 && unlock && salt && sealed) {
      return { format, unlock, salt, sealed, ...(scrypt && { scrypt }) };
    }
  } catch {
    // Told below, without the parser's words: they may quote the file.
  }
  throw new RootLocked(`not a root of trust, or of a newer version: \`${path}\``);
}

function describe({ unlock, directory }: RootOptions): string {
  if (unlock.kind === "passphrase") return "sealed by a passphrase";
  if (unlock.kind === "systemd-credential") return "sealed by a systemd credential";
  if (unlock.kind === "pkcs11-token") return `sealed by a key in the token \`${unlock.token}\``;
  return unlock.path.startsWith(join(directory, "/"))
    ? "sealed by a key file inside the data directory: who copies the whole directory can read it"
    : "sealed by a key file outside the data directory";
}
