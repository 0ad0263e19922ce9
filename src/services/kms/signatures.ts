import type {
  MessageType,
  SignRequest,
  SignResponse,
  VerifyRequest,
  VerifyResponse,
} from "@aws-sdk/client-kms";
import { dryRun } from "../../keys/use-key.ts";
import { signUnder, verifyUnder } from "../../keys/use-pair.ts";
import type { Checked } from "../../pipeline/operation.ts";
import { factsOf, findAnyKey, type KeyTarget, type KmsCall, keyOf } from "./find-key.ts";
import { keyUse } from "./key-use.ts";

interface Signed {
  readonly SigningAlgorithm: string;
  readonly MessageType?: MessageType | undefined;
}

const facts = (
  { SigningAlgorithm, MessageType = "RAW" }: Signed,
  { reference }: KeyTarget,
  call: KmsCall,
) => ({
  ...factsOf(reference, call),
  "kms:signingalgorithm": SigningAlgorithm,
  "kms:messagetype": MessageType,
});

const howOf = ({ SigningAlgorithm, MessageType = "RAW" }: Signed) => ({
  algorithm: SigningAlgorithm,
  type: MessageType,
});

/** Signs a message of up to 4 KiB, or a digest. */
export const sign = keyUse("Sign", {
  resolve: ({ KeyId, GrantTokens: grantTokens }: Checked<SignRequest>, call: KmsCall) =>
    findAnyKey(KeyId, call, { operation: "Sign", grantTokens }),
  context: facts,
  async handle(target, input, { own: keys }): Promise<SignResponse> {
    const key = keyOf(target);
    const Signature = await signUnder(keys, key, input.Message, howOf(input));
    if (input.DryRun) throw dryRun();
    return { KeyId: key.arn, Signature, SigningAlgorithm: input.SigningAlgorithm };
  },
});

/** Tells that a signature is of the key and the message; a wrong one is an error. */
export const verify = keyUse("Verify", {
  resolve: ({ KeyId, GrantTokens: grantTokens }: Checked<VerifyRequest>, call: KmsCall) =>
    findAnyKey(KeyId, call, { operation: "Verify", grantTokens }),
  context: facts,
  handle(target, input, { own: keys }): VerifyResponse {
    const key = keyOf(target);
    verifyUnder(keys, key, input.Message, input.Signature, howOf(input));
    if (input.DryRun) throw dryRun();
    return { KeyId: key.arn, SignatureValid: true, SigningAlgorithm: input.SigningAlgorithm };
  },
});
