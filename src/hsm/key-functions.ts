import { createSecretKey, diffieHellman, type KeyObject } from "node:crypto";
import type { Application, Session } from "./application.ts";
import { describe } from "./application.ts";
import { type Attributes, bytesOf, isSet, numberOf, readTemplate } from "./attributes.ts";
import { checkUse, keyFor } from "./check-use.ts";
import { oaep, unwrapBytes, wrapBytes } from "./ciphers.ts";
import { CKA, CKD, CKF, CKM, CKO } from "./constants.ts";
import type { Mechanism, Template } from "./cryptoki.ts";
import { findCurve, isEdwards, readPoint } from "./curves.ts";
import { drawPair } from "./draw-pair.ts";
import { splitTemplate } from "./key-template.ts";
import type { HsmObject } from "./live-partition.ts";
import { checkPair, makeAttributes } from "./make-object.ts";
import { checkSize, importKey, publicKeyAt, readKey, strengthOf, writeKey } from "./material.ts";
import { type MechanismRow, mechanisms } from "./mechanisms.ts";
import { demand, refuse } from "./refuse.ts";

/** Made here, a secret has at least this many bytes: shorter ones, cut from the same secret, would tell it bit by bit. */
const madeBytesMin = 16;

const { PUBLIC_KEY, PRIVATE_KEY, SECRET_KEY } = CKO;

function rowFor({ type }: Mechanism, flag: number): MechanismRow {
  const row = mechanisms.get(type);
  if (!row || (row.flags & flag) === 0) refuse("MECHANISM_INVALID", "no mechanism for this");
  return row;
}

/** The functions of PKCS #11 that make keys, and those that move them wrapped. */
export class KeyFunctions {
  readonly #application: Application;

  constructor(application: Application) {
    this.#application = application;
  }

  async create(session: Session, template: Template): Promise<number> {
    const byOfficer = this.#application.isOfficer(session);
    const making = { origin: "created", byOfficer } as const;
    const read = readTemplate(template);
    const objectClass = numberOf(read, CKA.CLASS);
    const isKey = [PUBLIC_KEY, PRIVATE_KEY, SECRET_KEY].some((one) => one === objectClass);
    if (!isKey) return this.#add(session, "ObjectCreated", makeAttributes(read, undefined, making));
    const { attributes, material, keyType } = splitTemplate(template, "created");
    const key = importKey(objectClass ?? -1, keyType, material);
    const made = makeAttributes(attributes, key, making);
    return this.#add(session, "ObjectCreated", made, key);
  }

  async generate(session: Session, mechanism: Mechanism, template: Template): Promise<number> {
    const row = rowFor(mechanism, CKF.GENERATE);
    const [usualType = -1] = row.keyTypes;
    const given = readTemplate(template);
    const keyType = numberOf(given, CKA.KEY_TYPE) ?? usualType;
    demand(row.keyTypes.includes(keyType), "TEMPLATE_INCONSISTENT", "it makes no such keys");
    const usual = [
      [CKA.CLASS, SECRET_KEY],
      [CKA.KEY_TYPE, keyType],
    ] as const;
    const { attributes, material } = splitTemplate(template, "generated", new Map(usual));
    const size = numberOf(material, CKA.VALUE_LEN);
    demand(size !== undefined, "TEMPLATE_INCOMPLETE", "the length of the value is missing");
    demand(size >= madeBytesMin, "KEY_SIZE_RANGE", "the key is too short");
    checkSize(keyType, size);
    const value = this.#application.cluster.parts.random.bytes(size);
    const key = createSecretKey(value);
    value.fill(0);
    const byOfficer = this.#application.isOfficer(session);
    const making = { origin: "generated", byOfficer, mechanism: mechanism.type } as const;
    const made = makeAttributes(attributes, key, making);
    return this.#add(session, "KeyGenerated", made, key);
  }

  async generatePair(
    session: Session,
    mechanism: Mechanism,
    publicTemplate: Template,
    privateTemplate: Template,
  ): Promise<readonly [number, number]> {
    const [keyType = -1] = rowFor(mechanism, CKF.GENERATE_KEY_PAIR).keyTypes;
    const half = (template: Template, objectClass: number) => {
      const usual = [
        [CKA.CLASS, objectClass],
        [CKA.KEY_TYPE, keyType],
      ] as const;
      return splitTemplate(template, "generated", new Map(usual));
    };
    const [outer, inner] = [half(publicTemplate, PUBLIC_KEY), half(privateTemplate, PRIVATE_KEY)];
    // What may not be made is refused before a second is spent on making it.
    this.#application.checkMay(session, new Map([...inner.attributes, [CKA.PRIVATE, true]]));
    const { publicKey, privateKey } = await drawPair(keyType, outer.material);
    this.#application.session(session.handle);
    const byOfficer = this.#application.isOfficer(session);
    const making = { origin: "generated", byOfficer, mechanism: mechanism.type } as const;
    const made = [
      { attributes: makeAttributes(outer.attributes, publicKey, making), key: publicKey },
      { attributes: makeAttributes(inner.attributes, privateKey, making), key: privateKey },
    ] as const;
    checkPair(made[0].attributes, made[1].attributes);
    const handles = await this.#application.add(session, "KeyPairGenerated", made);
    return [handles[0] ?? 0, handles[1] ?? 0];
  }

  /** The value of an extractable key under another key, which was made here or is trusted, and is no easier to break. */
  async wrap(
    session: Session,
    mechanism: Mechanism,
    wrapping: HsmObject,
    object: HsmObject,
  ): Promise<Buffer> {
    checkUse(wrapping.attributes, mechanism, CKA.WRAP, rowFor(mechanism, CKF.WRAP));
    const own = isSet(wrapping.attributes, CKA.LOCAL) || isSet(wrapping.attributes, CKA.TRUSTED);
    demand(own, "KEY_FUNCTION_NOT_PERMITTED", "a key from outside wraps only if it is trusted");
    const { attributes } = object;
    const secret = [PRIVATE_KEY, SECRET_KEY].some((one) => one === numberOf(attributes, CKA.CLASS));
    demand(secret, "KEY_NOT_WRAPPABLE", "only private and secret keys are wrapped");
    demand(isSet(attributes, CKA.EXTRACTABLE), "KEY_UNEXTRACTABLE", "the key never leaves");
    const trusted =
      !isSet(attributes, CKA.WRAP_WITH_TRUSTED) || isSet(wrapping.attributes, CKA.TRUSTED);
    demand(trusted, "KEY_NOT_WRAPPABLE", "the key is wrapped with trusted keys only");
    const symmetric = numberOf(wrapping.attributes, CKA.CLASS) === SECRET_KEY;
    const strong = !symmetric || strengthOf(wrapping.attributes) >= strengthOf(attributes);
    demand(strong, "KEY_NOT_WRAPPABLE", "a key is not wrapped by an easier one");
    const value = writeKey(this.#application.keyOf(session, object));
    try {
      const wrapped = this.#wrapValue(mechanism, this.#key(session, wrapping), value);
      const detail = `${describe(object)} with ${describe(wrapping)}`;
      await this.#application.record(session, { what: "KeyWrapped", detail });
      return wrapped;
    } finally {
      value.fill(0);
    }
  }

  #wrapValue(mechanism: Mechanism, key: KeyObject, value: Buffer): Buffer {
    const { type, parameter } = mechanism;
    if (type === CKM.RSA_PKCS_OAEP) {
      const running = oaep({ encrypts: true, key, parameter });
      running.update(value);
      return running.finish();
    }
    return wrapBytes(type === CKM.AES_KEY_WRAP ? "plain" : "padded", key, value);
  }

  async unwrap(
    session: Session,
    mechanism: Mechanism,
    unwrapping: HsmObject,
    wrapped: Uint8Array,
    template: Template,
  ): Promise<number> {
    checkUse(unwrapping.attributes, mechanism, CKA.UNWRAP, rowFor(mechanism, CKF.UNWRAP));
    const { attributes, material, objectClass, keyType } = splitTemplate(template, "unwrapped");
    const secret = objectClass === PRIVATE_KEY || objectClass === SECRET_KEY;
    demand(secret, "TEMPLATE_INCONSISTENT", "only private and secret keys are unwrapped");
    const value = this.#unwrapValue(mechanism, this.#key(session, unwrapping), wrapped);
    const key = readWrapped(objectClass, keyType, value);
    const size = material.get(CKA.VALUE_LEN) ?? key.symmetricKeySize;
    demand(size === key.symmetricKeySize, "TEMPLATE_INCONSISTENT", "the key has another length");
    const byOfficer = this.#application.isOfficer(session);
    const made = makeAttributes(attributes, key, { origin: "unwrapped", byOfficer });
    return this.#add(session, "KeyUnwrapped", made, key);
  }

  #unwrapValue({ type, parameter }: Mechanism, key: KeyObject, wrapped: Uint8Array): Buffer {
    if (type !== CKM.RSA_PKCS_OAEP) {
      return unwrapBytes(type === CKM.AES_KEY_WRAP ? "plain" : "padded", key, Buffer.from(wrapped));
    }
    const running = oaep({ encrypts: false, key, parameter });
    try {
      running.update(wrapped);
      return running.finish();
    } catch {
      refuse("WRAPPED_KEY_INVALID", "it does not open");
    }
  }

  /** A secret by ECDH (SP 800-56A, 5.7.1.2) with the public key of another; its last bytes. */
  async derive(
    session: Session,
    mechanism: Mechanism,
    base: HsmObject,
    template: Template,
  ): Promise<number> {
    checkUse(base.attributes, mechanism, CKA.DERIVE, rowFor(mechanism, CKF.DERIVE));
    const { parameter } = mechanism;
    demand(parameter?.kind === "ecdh", "MECHANISM_PARAM_INVALID", "ECDH has parameters");
    const plain = parameter.kdf === CKD.NULL && parameter.sharedData.length === 0;
    demand(plain, "MECHANISM_PARAM_INVALID", "the key derivation is CKD_NULL");
    const isPrivate = numberOf(base.attributes, CKA.CLASS) === PRIVATE_KEY;
    demand(isPrivate, "KEY_TYPE_INCONSISTENT", "ECDH needs a private key");
    const curve = findCurve(bytesOf(base.attributes, CKA.EC_PARAMS));
    const point = curve && !isEdwards(curve) && readPoint(curve, parameter.publicData);
    if (!curve || !point) refuse("MECHANISM_PARAM_INVALID", "not a point of the key's curve");
    const usual = new Map([[CKA.CLASS, SECRET_KEY]]);
    const { attributes, material, keyType } = splitTemplate(template, "derived", usual);
    const size = numberOf(material, CKA.VALUE_LEN) ?? curve.bytes;
    const fits = size >= madeBytesMin && size <= curve.bytes;
    demand(fits, "KEY_SIZE_RANGE", "the secret has not this many bytes");
    const privateKey = this.#key(session, base);
    const secret = diffieHellman({ privateKey, publicKey: publicKeyAt(curve, point) });
    checkSize(keyType, size);
    const key = createSecretKey(secret.subarray(secret.length - size));
    secret.fill(0);
    const byOfficer = this.#application.isOfficer(session);
    const made = makeAttributes(attributes, key, { origin: "derived", byOfficer });
    return this.#add(session, "KeyDerived", made, key);
  }

  #key(session: Session, object: HsmObject): KeyObject {
    return keyFor(this.#application, session, object);
  }

  async #add(
    session: Session,
    what: string,
    attributes: Attributes,
    key?: KeyObject,
  ): Promise<number> {
    const [handle = 0] = await this.#application.add(session, what, [{ attributes, key }]);
    return handle;
  }
}

/** Whatever is wrong with what was in a wrapping is told by one error: it tells nothing of the value. */
function readWrapped(objectClass: number, keyType: number, value: Buffer): KeyObject {
  try {
    return readKey(objectClass, keyType, value);
  } catch {
    refuse("WRAPPED_KEY_INVALID", "it holds no key of this type");
  } finally {
    value.fill(0);
  }
}
