import { generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { type Attributes, bytesOf, numberOf } from "./attributes.ts";
import { CKA, CKK } from "./constants.ts";
import { isEdwards } from "./curves.ts";
import { curveOf, rsaBits } from "./material.ts";
import { demand } from "./refuse.ts";

const makePair = promisify(generateKeyPair);

/** A new pair of a type, as the public half's template asks for it; drawn off the thread that serves. */
export async function drawPair(
  keyType: number,
  material: Attributes,
): Promise<{ readonly publicKey: KeyObject; readonly privateKey: KeyObject }> {
  if (keyType === CKK.RSA) {
    const modulusLength = numberOf(material, CKA.MODULUS_BITS);
    demand(modulusLength !== undefined, "TEMPLATE_INCOMPLETE", "the modulus has no length");
    const fits =
      modulusLength >= rsaBits.min && modulusLength <= rsaBits.max && modulusLength % 256 === 0;
    demand(fits, "KEY_SIZE_RANGE", "RSA keys have 2048 to 4096 bits");
    const exponent = bytesOf(material, CKA.PUBLIC_EXPONENT);
    const usual = exponent.length === 0 || BigInt(`0x${exponent.toString("hex")}`) === 65_537n;
    demand(usual, "ATTRIBUTE_VALUE_INVALID", "the public exponent is 65537");
    return makePair("rsa", { modulusLength });
  }
  const params = bytesOf(material, CKA.EC_PARAMS);
  demand(params.length > 0, "TEMPLATE_INCOMPLETE", "the curve is missing");
  const curve = curveOf(keyType, params);
  return isEdwards(curve) ? makePair("ed25519") : makePair("ec", { namedCurve: curve.node });
}
