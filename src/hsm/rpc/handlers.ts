import { CKF, CKR } from "../constants.ts";
import { type Cryptoki, CryptokiError, type Mechanism, type Work } from "../cryptoki.ts";
import { lengthOf, templateOf, type WireAttribute } from "./attributes.ts";
import { unavailable } from "./bytes.ts";
import type { CallName, RequestSignature, ResponseSignature } from "./calls.ts";
import { padded, unpadded, type Values } from "./messages.ts";
import type { Outputs } from "./outputs.ts";

/** What a handler works on. */
export interface Served {
  readonly hsm: Cryptoki;
  readonly outputs: Outputs;
}

type Answer<Name extends CallName> = Values<ResponseSignature<Name>>;

/** Handlers by call. What has none is answered by CKR_FUNCTION_NOT_SUPPORTED. */
export type Handlers = {
  readonly [Name in CallName]?: (
    served: Served,
    ...values: Values<RequestSignature<Name>>
  ) => Answer<Name> | Promise<Answer<Name>>;
};

/** PKCS#11 2.40; what C_GetInfo says of this module. */
const cryptokiVersion = [2, 40] as const;
const ownVersion = [1, 0] as const;
const maker = "Bondstore";
const randomBytesMax = 1024 * 1024;
const noTime = padded("", 16);

function given(bytes: Uint8Array | number): Uint8Array {
  if (typeof bytes === "number") throw new CryptokiError(CKR.ARGUMENTS_BAD, "no data");
  return bytes;
}

function asked(mechanism: Mechanism | undefined): Mechanism {
  if (!mechanism) throw new CryptokiError(CKR.ARGUMENTS_BAD, "no mechanism");
  return mechanism;
}

/** A list, or its length where that was asked for or does not fit. */
const list = (all: readonly number[], room: number): [readonly number[] | number] => [
  room < all.length || room === 0 ? all.length : all,
];

const sized = (bytes: Uint8Array, room: number): [Uint8Array | number] => [
  room === 0 || bytes.length > room ? bytes.length : bytes,
];

const begins =
  (work: Work) =>
  ({ outputs }: Served, session: number, mechanism: Mechanism | undefined, key?: number): [] => {
    outputs.begin(session, work, mechanism, key);
    return [];
  };

const works =
  (work: Work, step: "once" | "update") =>
  (
    { outputs }: Served,
    session: number,
    data: Uint8Array | number,
    room: number,
  ): [Uint8Array | number] =>
    outputs.answer(session, work, step, given(data), room);

const finishes =
  (work: Work) =>
  ({ outputs }: Served, session: number, room: number): [Uint8Array | number] =>
    outputs.answer(session, work, "finish", noTime.subarray(0, 0), room);

const feeds =
  (work: Work) =>
  ({ outputs }: Served, session: number, data: Uint8Array | number): [] => {
    outputs.feed(session, work, given(data));
    return [];
  };

async function initToken(
  { hsm }: Served,
  slot: number,
  pin: Uint8Array | number,
  label: Uint8Array | undefined,
): Promise<[]> {
  // p11-kit 0.24 takes the label for a text that ends with a zero, and sends what lies behind it in memory.
  await hsm.initToken(slot, given(pin), unpadded((label ?? noTime).subarray(0, 32)));
  return [];
}

const sessions: Handlers = {
  C_GetInfo: () => [cryptokiVersion, padded(maker, 32), 0, padded("Bondstore HSM", 32), ownVersion],
  C_GetSlotList: ({ hsm }, present, room) => list(hsm.slots(present !== 0), room),
  C_GetSlotInfo({ hsm }, slot) {
    const { description, manufacturer, tokenPresent } = hsm.slotInfo(slot);
    const flags = tokenPresent ? CKF.TOKEN_PRESENT : 0;
    return [padded(description, 64), padded(manufacturer, 32), flags, ownVersion, ownVersion];
  },
  C_GetTokenInfo({ hsm }, slot) {
    const token = hsm.tokenInfo(slot);
    return [
      padded(token.label, 32),
      padded(token.manufacturer, 32),
      padded(token.model, 16),
      padded(token.serial, 16),
      token.flags,
      // CK_EFFECTIVELY_INFINITE: how many sessions there may be is not told.
      0,
      token.sessions,
      0,
      token.readWriteSessions,
      token.pinBytesMax,
      token.pinBytesMin,
      ...([unavailable, unavailable, unavailable, unavailable] as const),
      ownVersion,
      ownVersion,
      noTime,
    ];
  },
  C_GetMechanismList: ({ hsm }, slot, room) => list(hsm.mechanisms(slot), room),
  C_GetMechanismInfo({ hsm }, slot, mechanism) {
    const { keySizeMin, keySizeMax, flags } = hsm.mechanismInfo(slot, mechanism);
    return [keySizeMin, keySizeMax, flags];
  },
  C_InitToken: initToken,
  C_InitToken2: initToken,
  C_OpenSession: ({ hsm }, slot, flags) => [hsm.openSession(slot, flags)],
  C_CloseSession({ hsm, outputs }, session) {
    outputs.forget(session);
    hsm.closeSession(session);
    return [];
  },
  C_CloseAllSessions({ hsm, outputs }, slot) {
    outputs.forget();
    hsm.closeAllSessions(slot);
    return [];
  },
  C_GetSessionInfo({ hsm }, session) {
    const { slot, state, flags } = hsm.sessionInfo(session);
    return [slot, state, flags, 0];
  },
  async C_InitPIN({ hsm }, session, pin) {
    await hsm.initPin(session, given(pin));
    return [];
  },
  async C_SetPIN({ hsm }, session, oldPin, newPin) {
    await hsm.setPin(session, given(oldPin), given(newPin));
    return [];
  },
  async C_Login({ hsm }, session, userType, pin) {
    await hsm.login(session, userType, given(pin));
    return [];
  },
  C_Logout({ hsm, outputs }, session) {
    outputs.forget();
    hsm.logout(session);
    return [];
  },
};

/** Shows values where they may be shown and there is room; and the code that goes with them (section 5.7.5). */
const attributeValues: Handlers["C_GetAttributeValue"] = ({ hsm }, session, object, rooms) => {
  const found = hsm.attributes(
    session,
    object,
    rooms.map(({ type }) => type),
  );
  let code: number = CKR.OK;
  const shown = rooms.map(({ type, room }, place): WireAttribute => {
    const value = found[place];
    const refused =
      value === "sensitive"
        ? CKR.ATTRIBUTE_SENSITIVE
        : value === undefined
          ? CKR.ATTRIBUTE_TYPE_INVALID
          : undefined;
    if (value === undefined || value === "sensitive") {
      code = refused ?? code;
      return { type, value: undefined };
    }
    const length = lengthOf(value);
    if (room === 0) return { type, value: { length } };
    if (length <= room) return { type, value };
    if (code === CKR.OK) code = CKR.BUFFER_TOO_SMALL;
    return { type, value: undefined };
  });
  return [shown, code];
};

const objects: Handlers = {
  C_CreateObject: async ({ hsm }, session, template) => [
    await hsm.createObject(session, templateOf(template)),
  ],
  C_CopyObject: async ({ hsm }, session, object, template) => [
    await hsm.copyObject(session, object, templateOf(template)),
  ],
  async C_DestroyObject({ hsm }, session, object) {
    await hsm.destroyObject(session, object);
    return [];
  },
  C_GetObjectSize: ({ hsm }, session, object) => [hsm.objectSize(session, object)],
  C_GetAttributeValue: attributeValues,
  async C_SetAttributeValue({ hsm }, session, object, template) {
    await hsm.setAttributes(session, object, templateOf(template));
    return [];
  },
  C_FindObjectsInit({ hsm }, session, template) {
    hsm.findObjectsInit(session, templateOf(template));
    return [];
  },
  C_FindObjects: ({ hsm }, session, room) => [hsm.findObjects(session, room)],
  C_FindObjectsFinal({ hsm }, session) {
    hsm.findObjectsFinal(session);
    return [];
  },
};

const work: Handlers = {
  C_EncryptInit: begins("encrypt"),
  C_Encrypt: works("encrypt", "once"),
  C_EncryptUpdate: works("encrypt", "update"),
  C_EncryptFinal: finishes("encrypt"),
  C_DecryptInit: begins("decrypt"),
  C_Decrypt: works("decrypt", "once"),
  C_DecryptUpdate: works("decrypt", "update"),
  C_DecryptFinal: finishes("decrypt"),
  C_DigestInit: begins("digest"),
  C_Digest: works("digest", "once"),
  C_DigestUpdate: feeds("digest"),
  C_DigestKey({ hsm }, session, key) {
    hsm.digestKey(session, key);
    return [];
  },
  C_DigestFinal: finishes("digest"),
  C_SignInit: begins("sign"),
  C_Sign: works("sign", "once"),
  C_SignUpdate: feeds("sign"),
  C_SignFinal: finishes("sign"),
  C_VerifyInit: begins("verify"),
  C_Verify({ hsm }, session, data, signature) {
    hsm.once(session, "verify", given(data), given(signature));
    return [];
  },
  C_VerifyUpdate: feeds("verify"),
  C_VerifyFinal({ hsm }, session, signature) {
    hsm.finish(session, "verify", given(signature));
    return [];
  },
};

const keyManagement: Handlers = {
  C_GenerateKey: async ({ hsm }, session, mechanism, template) => [
    await hsm.generateKey(session, asked(mechanism), templateOf(template)),
  ],
  async C_GenerateKeyPair({ hsm }, session, mechanism, publicTemplate, privateTemplate) {
    const [publicOnes, privateOnes] = [templateOf(publicTemplate), templateOf(privateTemplate)];
    const pair = await hsm.generateKeyPair(session, asked(mechanism), publicOnes, privateOnes);
    return [...pair];
  },
  C_WrapKey: async ({ hsm }, session, mechanism, wrappingKey, key, room) =>
    sized(await hsm.wrapKey(session, asked(mechanism), wrappingKey, key), room),
  C_UnwrapKey: async ({ hsm }, session, mechanism, unwrappingKey, wrapped, template) => [
    await hsm.unwrapKey(
      session,
      asked(mechanism),
      unwrappingKey,
      given(wrapped),
      templateOf(template),
    ),
  ],
  C_DeriveKey: async ({ hsm }, session, mechanism, key, template) => [
    await hsm.deriveKey(session, asked(mechanism), key, templateOf(template)),
  ],
  C_DeriveKey2: async ({ hsm }, session, mechanism, key, template) => [
    CKR.OK,
    undefined,
    await hsm.deriveKey(session, asked(mechanism), key, templateOf(template)),
  ],
  C_SeedRandom({ hsm }, session, seed) {
    hsm.seedRandom(session, given(seed));
    return [];
  },
  C_GenerateRandom({ hsm }, session, bytes) {
    if (bytes > randomBytesMax) throw new CryptokiError(CKR.ARGUMENTS_BAD, "too much randomness");
    return [hsm.random(session, bytes)];
  },
};

export const handlers: Handlers = { ...sessions, ...objects, ...work, ...keyManagement };
