import type {
  GenerateMacRequest,
  GenerateMacResponse,
  VerifyMacRequest,
  VerifyMacResponse,
} from "@aws-sdk/client-kms";
import { dryRun } from "../../keys/use-key.ts";
import { macUnder, verifyMacUnder } from "../../keys/use-pair.ts";
import type { Checked } from "../../pipeline/operation.ts";
import { factsOf, findAnyKey, type KeyTarget, type KmsCall, keyOf } from "./find-key.ts";
import { keyUse } from "./key-use.ts";

const facts = (
  { MacAlgorithm }: { readonly MacAlgorithm: string },
  { reference }: KeyTarget,
  call: KmsCall,
) => ({ ...factsOf(reference, call), "kms:macalgorithm": MacAlgorithm });

/** Makes the MAC of a message of up to 4 KiB. */
export const generateMac = keyUse("GenerateMac", {
  resolve: ({ KeyId, GrantTokens: grantTokens }: Checked<GenerateMacRequest>, call: KmsCall) =>
    findAnyKey(KeyId, call, { operation: "GenerateMac", grantTokens }),
  context: facts,
  handle(target, { Message, MacAlgorithm, DryRun }, { own: keys }): GenerateMacResponse {
    const key = keyOf(target);
    const Mac = macUnder(keys, key, Message, MacAlgorithm);
    if (DryRun) throw dryRun();
    return { Mac, MacAlgorithm, KeyId: key.arn };
  },
});

/** Tells that a MAC is of the key and the message; a wrong one is an error. */
export const verifyMac = keyUse("VerifyMac", {
  resolve: ({ KeyId, GrantTokens: grantTokens }: Checked<VerifyMacRequest>, call: KmsCall) =>
    findAnyKey(KeyId, call, { operation: "VerifyMac", grantTokens }),
  context: facts,
  handle(target, { Message, Mac, MacAlgorithm, DryRun }, { own: keys }): VerifyMacResponse {
    const key = keyOf(target);
    verifyMacUnder(keys, key, { message: Message, mac: Mac, algorithm: MacAlgorithm });
    if (DryRun) throw dryRun();
    return { KeyId: key.arn, MacValid: true, MacAlgorithm };
  },
});
