/**
 * The calls of p11-kit's RPC (p11-kit 0.24.1 to 0.26, `rpc-message.h`): name, signature of the request, signature of
 * the response. A call's place in this list is its number on the wire.
 *
 * `u` CK_ULONG · `y` byte · `ay` bytes · `fy` room for bytes · `au` numbers · `fu` room for numbers · `aA` attributes ·
 * `fA` attributes with room for their values · `M` mechanism · `s` text padded with spaces · `z` text · `v` version ·
 * `P` what changed in a mechanism's parameter
 */
const rows = [
  ["ERROR", "", "u"],
  ["C_Initialize", "ayyay", ""],
  ["C_Finalize", "", ""],
  ["C_GetInfo", "", "vsusv"],
  ["C_GetSlotList", "yfu", "au"],
  ["C_GetSlotInfo", "u", "ssuvv"],
  ["C_GetTokenInfo", "u", "ssssuuuuuuuuuuuvvs"],
  ["C_GetMechanismList", "ufu", "au"],
  ["C_GetMechanismInfo", "uu", "uuu"],
  ["C_InitToken", "uayz", ""],
  ["C_OpenSession", "uu", "u"],
  ["C_CloseSession", "u", ""],
  ["C_CloseAllSessions", "u", ""],
  ["C_GetSessionInfo", "u", "uuuu"],
  ["C_InitPIN", "uay", ""],
  ["C_SetPIN", "uayay", ""],
  ["C_GetOperationState", "ufy", "ay"],
  ["C_SetOperationState", "uayuu", ""],
  ["C_Login", "uuay", ""],
  ["C_Logout", "u", ""],
  ["C_CreateObject", "uaA", "u"],
  ["C_CopyObject", "uuaA", "u"],
  ["C_DestroyObject", "uu", ""],
  ["C_GetObjectSize", "uu", "u"],
  ["C_GetAttributeValue", "uufA", "aAu"],
  ["C_SetAttributeValue", "uuaA", ""],
  ["C_FindObjectsInit", "uaA", ""],
  ["C_FindObjects", "ufu", "au"],
  ["C_FindObjectsFinal", "u", ""],
  ["C_EncryptInit", "uMu", ""],
  ["C_Encrypt", "uayfy", "ay"],
  ["C_EncryptUpdate", "uayfy", "ay"],
  ["C_EncryptFinal", "ufy", "ay"],
  ["C_DecryptInit", "uMu", ""],
  ["C_Decrypt", "uayfy", "ay"],
  ["C_DecryptUpdate", "uayfy", "ay"],
  ["C_DecryptFinal", "ufy", "ay"],
  ["C_DigestInit", "uM", ""],
  ["C_Digest", "uayfy", "ay"],
  ["C_DigestUpdate", "uay", ""],
  ["C_DigestKey", "uu", ""],
  ["C_DigestFinal", "ufy", "ay"],
  ["C_SignInit", "uMu", ""],
  ["C_Sign", "uayfy", "ay"],
  ["C_SignUpdate", "uay", ""],
  ["C_SignFinal", "ufy", "ay"],
  ["C_SignRecoverInit", "uMu", ""],
  ["C_SignRecover", "uayfy", "ay"],
  ["C_VerifyInit", "uMu", ""],
  ["C_Verify", "uayay", ""],
  ["C_VerifyUpdate", "uay", ""],
  ["C_VerifyFinal", "uay", ""],
  ["C_VerifyRecoverInit", "uMu", ""],
  ["C_VerifyRecover", "uayfy", "ay"],
  ["C_DigestEncryptUpdate", "uayfy", "ay"],
  ["C_DecryptDigestUpdate", "uayfy", "ay"],
  ["C_SignEncryptUpdate", "uayfy", "ay"],
  ["C_DecryptVerifyUpdate", "uayfy", "ay"],
  ["C_GenerateKey", "uMaA", "u"],
  ["C_GenerateKeyPair", "uMaAaA", "uu"],
  ["C_WrapKey", "uMuufy", "ay"],
  ["C_UnwrapKey", "uMuayaA", "u"],
  ["C_DeriveKey", "uMuaA", "u"],
  ["C_SeedRandom", "uay", ""],
  ["C_GenerateRandom", "ufy", "ay"],
  ["C_WaitForSlotEvent", "u", "u"],
  // PKCS#11 3.0, from version 1 of the protocol.
  ["C_LoginUser", "uuayay", ""],
  ["C_SessionCancel", "uu", ""],
  ["C_MessageEncryptInit", "uMu", ""],
  ["C_EncryptMessage", "uayayayfy", "ay"],
  ["C_EncryptMessageBegin", "uayay", ""],
  ["C_EncryptMessageNext", "uayayfyu", "ay"],
  ["C_MessageEncryptFinal", "u", ""],
  ["C_MessageDecryptInit", "uMu", ""],
  ["C_DecryptMessage", "uayayayfy", "ay"],
  ["C_DecryptMessageBegin", "uayay", ""],
  ["C_DecryptMessageNext", "uayayfyu", "ay"],
  ["C_MessageDecryptFinal", "u", ""],
  ["C_MessageSignInit", "uMu", ""],
  ["C_SignMessage", "uayayfy", "ay"],
  ["C_SignMessageBegin", "uay", ""],
  ["C_SignMessageNext", "uayayyfy", "ay"],
  ["C_MessageSignFinal", "u", ""],
  ["C_MessageVerifyInit", "uMu", ""],
  ["C_VerifyMessage", "uayayay", ""],
  ["C_VerifyMessageBegin", "uay", ""],
  ["C_VerifyMessageNext", "uayayay", ""],
  ["C_MessageVerifyFinal", "u", ""],
  // In place of C_InitToken from version 1, and of C_DeriveKey from version 2.
  ["C_InitToken2", "uays", ""],
  ["C_DeriveKey2", "uMuaA", "uPu"],
] as const;

type Row = (typeof rows)[number];

/** Name of a call, `ERROR` among them: the response in place of one that failed. */
export type CallName = Row[0];

export type RequestSignature<Name extends CallName> = Extract<
  Row,
  readonly [Name, string, string]
>[1];

export type ResponseSignature<Name extends CallName> = Extract<
  Row,
  readonly [Name, string, string]
>[2];

export interface Call {
  readonly id: number;
  readonly name: CallName;
  /** The parts of a signature: `["u", "aA"]` of `uaA`. */
  readonly request: readonly Part[];
  readonly response: readonly Part[];
  /** The signatures as they are on the wire. */
  readonly requestText: Buffer;
  readonly responseText: Buffer;
}

export type Part =
  | "u"
  | "y"
  | "ay"
  | "fy"
  | "au"
  | "fu"
  | "aA"
  | "fA"
  | "M"
  | "s"
  | "z"
  | "v"
  | "P";

const partsOf = (signature: string): Part[] => (signature.match(/[af]?./g) ?? []) as Part[];

/** Every call by its number. */
export const calls: readonly Call[] = rows.map(([name, request, response], id) => ({
  ...{ id, name },
  request: partsOf(request),
  response: partsOf(response),
  requestText: Buffer.from(request),
  responseText: Buffer.from(response),
}));

const byName = new Map(calls.map((call) => [call.name, call]));

export function callNamed(name: CallName): Call {
  const call = byName.get(name);
  if (!call) throw new TypeError(`there is no call ${name}`);
  return call;
}
