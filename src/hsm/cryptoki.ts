/**
 * What an application may ask of its tokens, function by function: the interface of PKCS#11 ("Cryptoki") 2.40,
 * OASIS PKCS #11 Cryptographic Token Interface Base Specification. One value of this type serves one connection:
 * sessions, their objects and the login belong to it and end with it.
 *
 * Functions throw `CryptokiError` with one of `CKR`; anything else that they throw is a fault of ours.
 */
export interface Cryptoki {
  slots(tokenPresent: boolean): readonly number[];
  slotInfo(slot: number): SlotInfo;
  tokenInfo(slot: number): TokenInfo;
  mechanisms(slot: number): readonly number[];
  mechanismInfo(slot: number, mechanism: number): MechanismInfo;
  /** Sets up the partition of a slot, or empties it: only its security officer may. Label of at most 32 bytes. */
  initToken(slot: number, pin: Uint8Array, label: string): Promise<void>;

  openSession(slot: number, flags: number): number;
  closeSession(session: number): void;
  closeAllSessions(slot: number): void;
  sessionInfo(session: number): SessionInfo;
  initPin(session: number, pin: Uint8Array): Promise<void>;
  setPin(session: number, oldPin: Uint8Array, newPin: Uint8Array): Promise<void>;
  login(session: number, userType: number, pin: Uint8Array): Promise<void>;
  logout(session: number): void;
  /** Ends everything: sessions, their objects, the login. */
  finalize(): void;

  createObject(session: number, template: Template): Promise<number>;
  copyObject(session: number, object: number, template: Template): Promise<number>;
  destroyObject(session: number, object: number): Promise<void>;
  objectSize(session: number, object: number): number;
  /**
   * Values of the attributes asked for, in order; `undefined` where the object has no such attribute and `"sensitive"`
   * where it may not be shown.
   */
  attributes(
    session: number,
    object: number,
    types: readonly number[],
  ): readonly (AttributeValue | undefined | "sensitive")[];
  setAttributes(session: number, object: number, template: Template): Promise<void>;
  findObjectsInit(session: number, template: Template): void;
  findObjects(session: number, max: number): readonly number[];
  findObjectsFinal(session: number): void;

  /** Begins work of one kind with a key; each session has at most one of a kind under way. `digest` has no key. */
  begin(session: number, work: Work, mechanism: Mechanism, key?: number): void;
  /** The work in one piece. For `verify` there is no answer but the absence of an error. */
  once(session: number, work: Work, data: Uint8Array, signature?: Uint8Array): Buffer;
  update(session: number, work: Work, data: Uint8Array): Buffer;
  finish(session: number, work: Work, signature?: Uint8Array): Buffer;
  /** Adds the value of a secret key to a digest. */
  digestKey(session: number, key: number): void;

  generateKey(session: number, mechanism: Mechanism, template: Template): Promise<number>;
  generateKeyPair(
    session: number,
    mechanism: Mechanism,
    publicTemplate: Template,
    privateTemplate: Template,
  ): Promise<readonly [publicKey: number, privateKey: number]>;
  wrapKey(session: number, mechanism: Mechanism, wrappingKey: number, key: number): Promise<Buffer>;
  unwrapKey(
    session: number,
    mechanism: Mechanism,
    unwrappingKey: number,
    wrapped: Uint8Array,
    template: Template,
  ): Promise<number>;
  deriveKey(
    session: number,
    mechanism: Mechanism,
    baseKey: number,
    template: Template,
  ): Promise<number>;
  seedRandom(session: number, seed: Uint8Array): void;
  random(session: number, bytes: number): Buffer;
}

export type Work = "encrypt" | "decrypt" | "digest" | "sign" | "verify";

/** Numbers (CK_ULONG) and booleans as such; everything else as its bytes. */
export type AttributeValue = number | boolean | Uint8Array;

export interface Attribute {
  /** One of `CKA`. */
  readonly type: number;
  readonly value: AttributeValue;
}

export type Template = readonly Attribute[];

/** A mechanism with its parameter, decoded. */
export interface Mechanism {
  /** One of `CKM`. */
  readonly type: number;
  readonly parameter?: MechanismParameter;
}

export type MechanismParameter =
  /** AES-CBC, and whatever else takes one block of bytes. */
  | { readonly kind: "iv"; readonly iv: Uint8Array }
  | {
      readonly kind: "gcm";
      readonly iv: Uint8Array;
      readonly aad: Uint8Array;
      readonly tagBits: number;
    }
  | { readonly kind: "ctr"; readonly counterBits: number; readonly block: Uint8Array }
  | {
      readonly kind: "pss";
      readonly hash: number;
      readonly mgf: number;
      readonly saltBytes: number;
    }
  | {
      readonly kind: "oaep";
      readonly hash: number;
      readonly mgf: number;
      readonly label: Uint8Array;
    }
  | {
      readonly kind: "ecdh";
      readonly kdf: number;
      readonly sharedData: Uint8Array;
      readonly publicData: Uint8Array;
    }
  /** Length of a MAC in bytes. */
  | { readonly kind: "length"; readonly bytes: number };

export interface SlotInfo {
  readonly description: string;
  readonly manufacturer: string;
  readonly tokenPresent: boolean;
}

export interface TokenInfo {
  readonly label: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  readonly flags: number;
  readonly sessions: number;
  readonly readWriteSessions: number;
  readonly pinBytesMax: number;
  readonly pinBytesMin: number;
}

export interface MechanismInfo {
  readonly keySizeMin: number;
  readonly keySizeMax: number;
  readonly flags: number;
}

export interface SessionInfo {
  readonly slot: number;
  readonly state: number;
  readonly flags: number;
}

/** A function of PKCS#11 did not do what it was asked for. */
export class CryptokiError extends Error {
  override readonly name = "CryptokiError";
  /** One of `CKR`. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
