import { CKR } from "../../src/hsm/constants.ts";
import { type Cryptoki, CryptokiError } from "../../src/hsm/cryptoki.ts";

/** An HSM that can do what is given, and nothing else. */
export const fakeCryptoki = (given: Partial<Cryptoki>): Cryptoki =>
  new Proxy({ finalize: () => undefined, ...given } as Cryptoki, {
    get: (known, name) => Reflect.get(known, name) ?? notBuilt,
  });

function notBuilt(): never {
  throw new CryptokiError(CKR.FUNCTION_NOT_SUPPORTED, "not in this fake");
}
