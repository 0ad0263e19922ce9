import type { Application, Session } from "./application.ts";
import { checkUse, keyFor } from "./check-use.ts";
import { CKA, CKF } from "./constants.ts";
import type { Mechanism, Work } from "./cryptoki.ts";
import { mechanisms } from "./mechanisms.ts";
import { demand, refuse } from "./refuse.ts";
import type { Running } from "./running.ts";
import { digesting } from "./signatures.ts";

/** What each kind of work asks of the mechanism and of the key. */
const needs = {
  encrypt: { flag: CKF.ENCRYPT, use: CKA.ENCRYPT },
  decrypt: { flag: CKF.DECRYPT, use: CKA.DECRYPT },
  sign: { flag: CKF.SIGN, use: CKA.SIGN },
  verify: { flag: CKF.VERIFY, use: CKA.VERIFY },
} as const;

const parameterBytesMax = 65_536;

/** What the parameter of a mechanism takes while its work is under way. */
const parameterBytes = ({ parameter = {} }: { readonly parameter?: object }): number =>
  Object.values(parameter).reduce(
    (sum: number, value: unknown) => sum + (value instanceof Uint8Array ? value.length : 0),
    0,
  );

/** Begins work, with a key except for digests. */
export function begin(
  application: Application,
  session: Session,
  work: Work,
  mechanism: Mechanism,
  handle: number | undefined,
): Running {
  const { type, parameter } = mechanism;
  const fits = parameterBytes(mechanism) <= parameterBytesMax;
  demand(fits, "MECHANISM_PARAM_INVALID", `more than ${parameterBytesMax} bytes`);
  const row = mechanisms.get(type);
  if (!row) refuse("MECHANISM_INVALID", "there is no such mechanism");
  if (work === "digest") {
    demand(row.flags & CKF.DIGEST, "MECHANISM_INVALID", "the mechanism does not digest");
    return digesting(type);
  }
  const { flag, use } = needs[work];
  demand(row.flags & flag, "MECHANISM_INVALID", "the mechanism does not do this");
  const object = handle === undefined ? undefined : application.find(session, handle);
  if (!object) refuse("KEY_HANDLE_INVALID", "there is no such key");
  checkUse(object.attributes, mechanism, use, row);
  const key = keyFor(application, session, object);
  const { random } = application.cluster.parts;
  if (row.cipher) return row.cipher({ encrypts: work === "encrypt", key, parameter });
  const { attributes } = object;
  if (row.signature) {
    return row.signature({ signs: work === "sign", key, attributes, parameter, random });
  }
  refuse("MECHANISM_INVALID", "the mechanism does not do this");
}
