import { CKF, CKR } from "../constants.ts";
import { type Cryptoki, CryptokiError, type Template, type Work } from "../cryptoki.ts";
import type { WireAttribute } from "./attributes.ts";
import type { RpcClient } from "./client.ts";
import { padded, unpadded } from "./messages.ts";

/** The functions of `Cryptoki` where answers take time: those of another process. */
export type AsyncCryptoki = {
  readonly [Name in keyof Cryptoki]: (
    ...values: Parameters<Cryptoki[Name]>
  ) => Promise<Awaited<ReturnType<Cryptoki[Name]>>>;
};

const listRoom = 256;
const outputRoom = 1024;
const valueRoom = 4096;
/** More than any value, list or answer may take; a module that says otherwise is not believed. */
const roomMax = 1024 * 1024;

const initNames = {
  encrypt: "C_EncryptInit",
  decrypt: "C_DecryptInit",
  sign: "C_SignInit",
  verify: "C_VerifyInit",
} as const;
const onceNames = {
  encrypt: "C_Encrypt",
  decrypt: "C_Decrypt",
  digest: "C_Digest",
  sign: "C_Sign",
} as const;
const answeringNames = { encrypt: "C_EncryptUpdate", decrypt: "C_DecryptUpdate" } as const;
const silentNames = {
  digest: "C_DigestUpdate",
  sign: "C_SignUpdate",
  verify: "C_VerifyUpdate",
} as const;
const finalNames = {
  encrypt: "C_EncryptFinal",
  decrypt: "C_DecryptFinal",
  digest: "C_DigestFinal",
  sign: "C_SignFinal",
} as const;

/** Starts the module of the other side, and offers its functions. */
export async function openCryptoki(client: RpcClient): Promise<AsyncCryptoki> {
  const greeting = Buffer.from("PRIVATE-GNOME-KEYRING-PKCS11-PROTOCOL-V-1");
  await client.call("C_Initialize", greeting, 0, Buffer.from("\0"));
  return { ...tokens(client), ...sessions(client), ...objects(client), ...work(client) };
}

/** Asks with some room, and again with what the other side says it needs. */
async function withRoom<Item>(
  first: number,
  ask: (room: number) => Promise<[Item | number]>,
): Promise<Item> {
  let [answer] = await ask(first);
  if (typeof answer === "number" && answer <= roomMax) [answer] = await ask(answer);
  if (typeof answer === "number") throw new CryptokiError(CKR.BUFFER_TOO_SMALL, "a long answer");
  return answer;
}

const bytesWithRoom = async (
  first: number,
  ask: (room: number) => Promise<[Uint8Array | number]>,
): Promise<Buffer> => Buffer.from(await withRoom(first, ask));

const wire = (template: Template): readonly WireAttribute[] => template;

type Part<Names extends keyof AsyncCryptoki> = Pick<AsyncCryptoki, Names>;

const tokens = (
  client: RpcClient,
): Part<
  "slots" | "slotInfo" | "tokenInfo" | "mechanisms" | "mechanismInfo" | "initToken" | "finalize"
> => ({
  slots: (tokenPresent) =>
    withRoom(listRoom, (room) => client.call("C_GetSlotList", tokenPresent ? 1 : 0, room)),
  async slotInfo(slot) {
    const [description, manufacturer, flags] = await client.call("C_GetSlotInfo", slot);
    return {
      description: unpadded(description),
      manufacturer: unpadded(manufacturer),
      tokenPresent: (flags & CKF.TOKEN_PRESENT) !== 0,
    };
  },
  async tokenInfo(slot) {
    const answer = await client.call("C_GetTokenInfo", slot);
    const [label, manufacturer, model, serial, flags, , opened, , openedToWrite, max, min] = answer;
    return {
      label: unpadded(label),
      manufacturer: unpadded(manufacturer),
      model: unpadded(model),
      serial: unpadded(serial),
      flags,
      sessions: opened,
      readWriteSessions: openedToWrite,
      pinBytesMax: max,
      pinBytesMin: min,
    };
  },
  mechanisms: (slot) => withRoom(listRoom, (room) => client.call("C_GetMechanismList", slot, room)),
  async mechanismInfo(slot, mechanism) {
    const [keySizeMin, keySizeMax, flags] = await client.call(
      "C_GetMechanismInfo",
      slot,
      mechanism,
    );
    return { keySizeMin, keySizeMax, flags };
  },
  async initToken(slot, pin, label) {
    await client.call("C_InitToken", slot, pin, padded(label, 32));
  },
  async finalize() {
    await client.call("C_Finalize").catch(() => undefined);
    client.close();
  },
});

const sessions = (
  client: RpcClient,
): Part<
  | "openSession"
  | "closeSession"
  | "closeAllSessions"
  | "sessionInfo"
  | "initPin"
  | "setPin"
  | "login"
  | "logout"
> => ({
  async openSession(slot, flags) {
    const [session] = await client.call("C_OpenSession", slot, flags);
    return session;
  },
  async closeSession(session) {
    await client.call("C_CloseSession", session);
  },
  async closeAllSessions(slot) {
    await client.call("C_CloseAllSessions", slot);
  },
  async sessionInfo(session) {
    const [slot, state, flags] = await client.call("C_GetSessionInfo", session);
    return { slot, state, flags };
  },
  async initPin(session, pin) {
    await client.call("C_InitPIN", session, pin);
  },
  async setPin(session, oldPin, newPin) {
    await client.call("C_SetPIN", session, oldPin, newPin);
  },
  async login(session, userType, pin) {
    await client.call("C_Login", session, userType, pin);
  },
  async logout(session) {
    await client.call("C_Logout", session);
  },
});

const objects = (
  client: RpcClient,
): Part<
  | "createObject"
  | "copyObject"
  | "destroyObject"
  | "objectSize"
  | "attributes"
  | "setAttributes"
  | "findObjectsInit"
  | "findObjects"
  | "findObjectsFinal"
> => ({
  async createObject(session, template) {
    const [object] = await client.call("C_CreateObject", session, wire(template));
    return object;
  },
  async copyObject(session, object, template) {
    const [copy] = await client.call("C_CopyObject", session, object, wire(template));
    return copy;
  },
  async destroyObject(session, object) {
    await client.call("C_DestroyObject", session, object);
  },
  async objectSize(session, object) {
    const [size] = await client.call("C_GetObjectSize", session, object);
    return size;
  },
  async attributes(session, object, types) {
    const rooms = types.map((type) => ({ type, room: valueRoom }));
    const [found, code] = await client.call("C_GetAttributeValue", session, object, rooms);
    if (found.length !== types.length)
      throw new CryptokiError(CKR.DEVICE_ERROR, "other attributes");
    const withheld = code === CKR.ATTRIBUTE_SENSITIVE ? "sensitive" : undefined;
    return found.map(({ value }) =>
      typeof value === "object" && !(value instanceof Uint8Array) ? undefined : (value ?? withheld),
    );
  },
  async setAttributes(session, object, template) {
    await client.call("C_SetAttributeValue", session, object, wire(template));
  },
  async findObjectsInit(session, template) {
    await client.call("C_FindObjectsInit", session, wire(template));
  },
  async findObjects(session, max) {
    const [found] = await client.call("C_FindObjects", session, max);
    return typeof found === "number" ? [] : found;
  },
  async findObjectsFinal(session) {
    await client.call("C_FindObjectsFinal", session);
  },
});

type WorkNames = "begin" | "once" | "update" | "finish" | "digestKey" | "seedRandom" | "random";
type KeyNames = "generateKey" | "generateKeyPair" | "wrapKey" | "unwrapKey" | "deriveKey";

const nothing = Buffer.alloc(0);
const signatureOf = (signature: Uint8Array | undefined): Uint8Array => signature ?? nothing;
const answers = (task: Work): task is "encrypt" | "decrypt" =>
  task === "encrypt" || task === "decrypt";

const work = (client: RpcClient): Part<WorkNames | KeyNames> => ({
  async begin(session, task, mechanism, key) {
    if (task === "digest") await client.call("C_DigestInit", session, mechanism);
    else await client.call(initNames[task], session, mechanism, key ?? 0);
  },
  async once(session, task, data, signature) {
    if (task === "verify") {
      await client.call("C_Verify", session, data, signatureOf(signature));
      return nothing;
    }
    return bytesWithRoom(data.length + outputRoom, (room) =>
      client.call(onceNames[task], session, data, room),
    );
  },
  async update(session, task, data) {
    if (!answers(task)) {
      await client.call(silentNames[task], session, data);
      return nothing;
    }
    return bytesWithRoom(data.length + outputRoom, (room) =>
      client.call(answeringNames[task], session, data, room),
    );
  },
  async finish(session, task, signature) {
    if (task === "verify") {
      await client.call("C_VerifyFinal", session, signatureOf(signature));
      return nothing;
    }
    return bytesWithRoom(outputRoom, (room) => client.call(finalNames[task], session, room));
  },
  async digestKey(session, key) {
    await client.call("C_DigestKey", session, key);
  },
  async generateKey(session, mechanism, template) {
    const [key] = await client.call("C_GenerateKey", session, mechanism, wire(template));
    return key;
  },
  async generateKeyPair(session, mechanism, publicTemplate, privateTemplate) {
    const templates = [wire(publicTemplate), wire(privateTemplate)] as const;
    return client.call("C_GenerateKeyPair", session, mechanism, ...templates);
  },
  wrapKey: (session, mechanism, wrappingKey, key) =>
    bytesWithRoom(valueRoom, (room) =>
      client.call("C_WrapKey", session, mechanism, wrappingKey, key, room),
    ),
  async unwrapKey(session, mechanism, unwrappingKey, wrapped, template) {
    const values = [session, mechanism, unwrappingKey, wrapped, wire(template)] as const;
    const [key] = await client.call("C_UnwrapKey", ...values);
    return key;
  },
  async deriveKey(session, mechanism, baseKey, template) {
    const values = [session, mechanism, baseKey, wire(template)] as const;
    const [key] = await client.call("C_DeriveKey", ...values);
    return key;
  },
  async seedRandom(session, seed) {
    await client.call("C_SeedRandom", session, seed);
  },
  async random(session, bytes) {
    const [drawn] = await client.call("C_GenerateRandom", session, bytes);
    return Buffer.from(typeof drawn === "number" ? nothing : drawn);
  },
});
