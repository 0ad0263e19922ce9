import { CKM, CKR } from "../constants.ts";
import { CryptokiError, type Mechanism, type MechanismParameter } from "../cryptoki.ts";
import type { Reader, Writer } from "./bytes.ts";

/** The version of the protocol from which a mechanism says whether it has a parameter (p11-kit 0.25.6). */
const saysWhether = 2;
/** In place of a mechanism: the work under way is to be cancelled. */
const cancel = 0xffffffff;

type Kind = MechanismParameter["kind"];

/** Mechanisms that may have a parameter on the wire, and which. The others of `CKM` have none. */
const kindOf = new Map<number, Kind>([
  [CKM.RSA_PKCS_OAEP, "oaep"],
  [CKM.RSA_PKCS_PSS, "pss"],
  [CKM.SHA224_RSA_PKCS_PSS, "pss"],
  [CKM.SHA256_RSA_PKCS_PSS, "pss"],
  [CKM.SHA384_RSA_PKCS_PSS, "pss"],
  [CKM.SHA512_RSA_PKCS_PSS, "pss"],
  [CKM.ECDH1_DERIVE, "ecdh"],
  [CKM.AES_CBC, "iv"],
  [CKM.AES_CBC_PAD, "iv"],
  [CKM.AES_CTR, "ctr"],
  [CKM.AES_GCM, "gcm"],
  // Unknown to p11-kit up to 0.26: whatever they have, it has as bytes.
  [CKM.AES_KEY_WRAP, "iv"],
  [CKM.AES_KEY_WRAP_PAD, "iv"],
  [CKM.EDDSA, "iv"],
  [CKM.EC_EDWARDS_KEY_PAIR_GEN, "iv"],
]);

const known: ReadonlySet<number> = new Set(Object.values(CKM));

interface Codec<K extends Kind> {
  read(reader: Reader): Extract<MechanismParameter, { kind: K }> | undefined;
  write(writer: Writer, parameter: Extract<MechanismParameter, { kind: K }>): void;
}

/** The source of an OAEP label, CKZ_DATA_SPECIFIED: PKCS#11 has no other. */
const dataSpecified = 1;
const noBytes = Buffer.alloc(0);
const own = (bytes: Buffer | undefined): Buffer => (bytes ? Buffer.from(bytes) : noBytes);

const codecs: { readonly [K in Exclude<Kind, "length">]: Codec<K> } = {
  iv: {
    read(reader) {
      const iv = own(reader.bytes());
      return iv.length === 0 ? undefined : { kind: "iv", iv };
    },
    write: (writer, { iv }) => writer.bytes(iv),
  },
  pss: {
    read: (reader) => ({
      kind: "pss",
      hash: reader.ulong(),
      mgf: reader.ulong(),
      saltBytes: reader.ulong(),
    }),
    write(writer, { hash, mgf, saltBytes }) {
      for (const one of [hash, mgf, saltBytes]) writer.ulong(one);
    },
  },
  oaep: {
    read(reader) {
      const [hash, mgf] = [reader.ulong(), reader.ulong()];
      reader.ulong();
      return { kind: "oaep", hash, mgf, label: own(reader.bytes()) };
    },
    write(writer, { hash, mgf, label }) {
      for (const one of [hash, mgf, dataSpecified]) writer.ulong(one);
      writer.bytes(label.length === 0 ? undefined : label);
    },
  },
  ecdh: {
    read: (reader) => ({
      kind: "ecdh",
      kdf: reader.ulong(),
      sharedData: own(reader.bytes()),
      publicData: own(reader.bytes()),
    }),
    write(writer, { kdf, sharedData, publicData }) {
      writer.ulong(kdf);
      writer.bytes(sharedData.length === 0 ? undefined : sharedData);
      writer.bytes(publicData);
    },
  },
  ctr: {
    read: (reader) => ({ kind: "ctr", counterBits: reader.ulong(), block: own(reader.bytes()) }),
    write(writer, { counterBits, block }) {
      writer.ulong(counterBits);
      writer.bytes(block);
    },
  },
  gcm: {
    read(reader) {
      const iv = own(reader.bytes());
      reader.ulong();
      return { kind: "gcm", iv, aad: own(reader.bytes()), tagBits: reader.ulong() };
    },
    write(writer, { iv, aad, tagBits }) {
      writer.bytes(iv);
      writer.ulong(iv.length * 8);
      writer.bytes(aad.length === 0 ? undefined : aad);
      writer.ulong(tagBits);
    },
  },
};

/** Reads a mechanism; `version` is the highest that the other side speaks. Undefined asks to cancel. */
export function readMechanism(reader: Reader, version: number): Mechanism | undefined {
  const type = reader.uint32();
  if (type === cancel) return undefined;
  // What follows is of an unknown form, and of no use: the rest of the message is left unread.
  if (!known.has(type)) throw new CryptokiError(CKR.MECHANISM_INVALID, "an unknown mechanism");
  const kind = kindOf.get(type);
  if (version >= saysWhether) {
    if (kind === undefined || reader.byte() === 0) return { type };
  }
  const parameter = codecs[kind === undefined || kind === "length" ? "iv" : kind].read(reader);
  return parameter === undefined ? { type } : { type, parameter };
}

export function writeMechanism(
  writer: Writer,
  mechanism: Mechanism | undefined,
  version: number,
): void {
  writer.uint32(mechanism?.type ?? cancel);
  if (!mechanism) return;
  const { type, parameter } = mechanism;
  const kind = kindOf.get(type);
  if (parameter && parameter.kind !== kind) {
    throw new CryptokiError(CKR.MECHANISM_PARAM_INVALID, "a parameter of another mechanism");
  }
  if (version >= saysWhether) {
    if (kind !== undefined) writer.byte(parameter ? 1 : 0);
    if (parameter) writeParameter(writer, parameter);
    return;
  }
  const asBytes = kind === undefined || kind === "iv";
  if (!parameter && !asBytes) {
    throw new CryptokiError(CKR.MECHANISM_PARAM_INVALID, "the mechanism needs its parameter");
  }
  // p11-kit 0.24 reads every parameter but these two as bytes: structures would be garbage to the module.
  const structured = asBytes || type === CKM.RSA_PKCS_OAEP || type === CKM.RSA_PKCS_PSS;
  if (version === 0 && !structured) {
    throw new CryptokiError(CKR.MECHANISM_INVALID, "p11-kit 0.24 cannot pass this mechanism on");
  }
  if (parameter) writeParameter(writer, parameter);
  else writer.bytes(undefined);
}

/** Writes by the table. */
function writeParameter(writer: Writer, parameter: MechanismParameter): void {
  if (parameter.kind === "length") {
    throw new CryptokiError(CKR.MECHANISM_PARAM_INVALID, "lengths of MACs are not built");
  }
  // The kind that is looked up is the parameter's own.
  (codecs[parameter.kind] as Codec<Kind>).write(writer, parameter);
}
