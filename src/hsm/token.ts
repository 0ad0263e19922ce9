import { deriveKey, unwrapUnder, wrapUnder } from "../keys/wrapping.ts";
import type { Random } from "../lib/random.ts";
import { CKA, CKF, CKK, CKM, CKO, CKR, CKU } from "./constants.ts";
import { type Attribute, CryptokiError } from "./cryptoki.ts";
import { ConnectionEnded } from "./rpc/client.ts";
import type { AsyncCryptoki } from "./rpc/remote-cryptoki.ts";

/**
 * One token, ours or another maker's, as custom key stores and the root of trust use it: secrets for HMAC-SHA-256
 * that are made in it and never leave it. Its functions throw `CryptokiError` with the token's code.
 */
export interface Token {
  /** Logs in as the token's user. A PIN that the token refuses is not tried a second time. */
  open(pin: string): Promise<void>;
  /** Makes a secret of 256 bits under a label of its own. Throws where the label is taken. */
  makeKey(label: string): Promise<void>;
  /** HMAC-SHA-256 under the secret of that label. */
  hmac(label: string, data: Uint8Array): Promise<Buffer>;
  destroyKey(label: string): Promise<void>;
  /** Labels of the secrets in the token. */
  labels(): Promise<string[]>;
  /** Bytes of the token's own generator. */
  random(bytes: number): Promise<Buffer>;
  /** Seals up to 64 bytes so that only this token's secret opens them, bound to what they are for. */
  wrap(label: string, plain: Uint8Array, bound: string): Promise<Buffer>;
  /** Undoes `wrap`; undefined when the bytes, the secret or what they were bound to differ. */
  unwrap(label: string, wrapped: Uint8Array, bound: string): Promise<Buffer | undefined>;
  close(): Promise<void>;
}

/** Which token is meant: by its label, or by the serial number that no other has. */
export type TokenName =
  | { readonly label: string; readonly serial?: undefined }
  | { readonly serial: string; readonly label?: undefined };

const secretBytes = 32;
const saltBytes = 32;
const wrappedBytesMax = 64;
const labelsMax = 10_000;

interface Opened {
  readonly hsm: AsyncCryptoki;
  readonly session: number;
}

/**
 * Finds the token with this label behind a connection; `connect` is called again after a connection has ended, and
 * the token then opened again.
 */
export function createToken({
  connect,
  which,
  random,
}: {
  connect(): Promise<AsyncCryptoki>;
  readonly which: TokenName;
  readonly random: Random;
}): Token {
  let pin: Buffer | undefined;
  let opened: Promise<Opened> | undefined;
  // Work of a session is begun and done in two calls: nobody else's may come between.
  let last: Promise<unknown> = Promise.resolve();

  async function login(): Promise<Opened> {
    if (!pin) throw new CryptokiError(CKR.USER_NOT_LOGGED_IN, "the token is not open");
    const hsm = await connect();
    const slot = await slotOf(hsm, which);
    const session = await hsm.openSession(slot, CKF.SERIAL_SESSION | CKF.RW_SESSION);
    const here = { hsm, session };
    await hsm.login(session, CKU.USER, pin).catch(async (error: unknown) => {
      // Some tokens destroy what they hold after a few wrong PINs.
      if (error instanceof CryptokiError) pin = undefined;
      await leave(here);
      throw error;
    });
    return here;
  }

  /** Runs work in the session; after a connection that ended, in a new one, once. */
  function inSession<Result>(work: (opened: Opened) => Promise<Result>): Promise<Result> {
    const done = last.then(async () => {
      for (let attempt = 1; ; attempt += 1) {
        opened ??= login();
        const current = await opened.catch((error: unknown) => {
          opened = undefined;
          throw error;
        });
        try {
          return await work(current);
        } catch (error) {
          if (!endsSession(error)) throw error;
          opened = undefined;
          await leave(current);
          if (attempt > 1) throw error;
        }
      }
    });
    last = done.catch(() => undefined);
    return done;
  }

  async function hmac(label: string, data: Uint8Array): Promise<Buffer> {
    return inSession(async (here) => {
      const key = await findKey(here, label);
      await here.hsm.begin(here.session, "sign", { type: CKM.SHA256_HMAC }, key);
      return here.hsm.once(here.session, "sign", data);
    });
  }

  /** The key of one wrapping: whoever learns it can open that one, and none of the others. */
  const wrappingKey = async (label: string, salt: Uint8Array): Promise<Buffer> =>
    deriveKey(await hmac(label, salt), salt, "token wrap");

  return {
    async open(given) {
      pin = Buffer.from(given);
      opened = undefined;
      await inSession(async () => undefined);
    },
    makeKey: (label) =>
      inSession(async (here) => {
        if ((await findKeys(here, label)).length > 0) {
          throw new CryptokiError(CKR.ATTRIBUTE_VALUE_INVALID, `the token has a key ${label}`);
        }
        await here.hsm.generateKey(
          here.session,
          { type: CKM.GENERIC_SECRET_KEY_GEN },
          secretTemplate(label),
        );
      }),
    hmac,
    destroyKey: (label) =>
      inSession(async (here) => here.hsm.destroyObject(here.session, await findKey(here, label))),
    labels: () =>
      inSession(async (here) => {
        const found = await findKeys(here);
        const labels: string[] = [];
        for (const key of found) {
          const [label] = await here.hsm.attributes(here.session, key, [CKA.LABEL]);
          if (label instanceof Uint8Array) labels.push(Buffer.from(label).toString("utf8"));
        }
        return labels;
      }),
    random: (bytes) => inSession((here) => here.hsm.random(here.session, bytes)),
    async wrap(label, plain, bound) {
      if (plain.length > wrappedBytesMax) {
        throw new CryptokiError(CKR.DATA_LEN_RANGE, "more than 64 bytes");
      }
      const salt = random.bytes(saltBytes);
      const key = await wrappingKey(label, salt);
      const sealed = wrapUnder(key, plain, bound, random);
      key.fill(0);
      return Buffer.concat([salt, sealed]);
    },
    async unwrap(label, wrapped, bound) {
      if (wrapped.length < saltBytes) return undefined;
      const key = await wrappingKey(label, wrapped.subarray(0, saltBytes));
      const plain = unwrapUnder(key, wrapped.subarray(saltBytes), bound);
      key.fill(0);
      return plain;
    },
    async close() {
      pin?.fill(0);
      pin = undefined;
      const here = await opened?.catch(() => undefined);
      opened = undefined;
      if (here) await leave(here);
    },
  };
}

const leave = ({ hsm, session }: Opened): Promise<void> =>
  hsm.closeSession(session).catch(() => undefined);

const isCode = (error: unknown, ...codes: readonly number[]): boolean =>
  error instanceof CryptokiError && codes.includes(error.code);

/** The session is gone, with the process that held it or without. */
const endsSession = (error: unknown): boolean =>
  error instanceof ConnectionEnded ||
  isCode(
    error,
    ...[CKR.SESSION_HANDLE_INVALID, CKR.SESSION_CLOSED, CKR.DEVICE_REMOVED],
    ...[CKR.USER_NOT_LOGGED_IN, CKR.CRYPTOKI_NOT_INITIALIZED],
  );

/** The one slot with a token of a name. Throws `CryptokiError` where there is none, or more than one. */
export async function slotOf(hsm: AsyncCryptoki, which: TokenName): Promise<number> {
  const name = which.label ?? which.serial;
  const found: number[] = [];
  for (const slot of await hsm.slots(true)) {
    const token = await hsm.tokenInfo(slot).catch(() => undefined);
    const own = which.label === undefined ? token?.serial : token?.label;
    if (own === name) found.push(slot);
  }
  const [slot, another] = found;
  if (slot === undefined) throw new CryptokiError(CKR.TOKEN_NOT_PRESENT, `no token ${name}`);
  if (another !== undefined) {
    throw new CryptokiError(CKR.TOKEN_NOT_RECOGNIZED, `more than one token ${name}`);
  }
  return slot;
}

const secretTemplate = (label: string): Attribute[] => [
  ...keyTemplate(label),
  { type: CKA.VALUE_LEN, value: secretBytes },
  { type: CKA.ID, value: Buffer.from(label).subarray(0, 64) },
  { type: CKA.TOKEN, value: true },
  { type: CKA.PRIVATE, value: true },
  { type: CKA.SENSITIVE, value: true },
  { type: CKA.EXTRACTABLE, value: false },
  { type: CKA.SIGN, value: true },
];

const keyTemplate = (label?: string): Attribute[] => [
  { type: CKA.CLASS, value: CKO.SECRET_KEY },
  { type: CKA.KEY_TYPE, value: CKK.GENERIC_SECRET },
  ...(label === undefined ? [] : [{ type: CKA.LABEL, value: Buffer.from(label) }]),
];

async function findKeys({ hsm, session }: Opened, label?: string): Promise<readonly number[]> {
  await hsm.findObjectsInit(session, keyTemplate(label));
  try {
    return await hsm.findObjects(session, label === undefined ? labelsMax : 2);
  } finally {
    await hsm.findObjectsFinal(session).catch(() => undefined);
  }
}

async function findKey(here: Opened, label: string): Promise<number> {
  const [key, another] = await findKeys(here, label);
  if (key === undefined) throw new CryptokiError(CKR.OBJECT_HANDLE_INVALID, `no key ${label}`);
  if (another !== undefined) {
    throw new CryptokiError(CKR.KEY_HANDLE_INVALID, `more than one key ${label}`);
  }
  return key;
}
