import { ServiceError } from "../lib/service-error.ts";
import { TokenFailure } from "./token.ts";

/** KMS's refusal of a store that is not there. */
export const storeNotFound = (id: string) =>
  new ServiceError("CustomKeyStoreNotFoundException", `Custom key store ${id} is not found.`);

/** KMS's refusal of a name that another store has. */
export const nameInUse = (name: string) =>
  new ServiceError(
    "CustomKeyStoreNameInUseException",
    `A custom key store with the name ${name} already exists`,
  );

/** KMS's refusal of what a store cannot do in its state. */
export const storeState = (id: string, needed: string) =>
  new ServiceError(
    "CustomKeyStoreInvalidStateException",
    `Custom key store ${id} is not in the state ${needed} that this request needs.`,
  );

/** KMS's refusal to delete a store that keys are in, or are being made in. */
export const hasKeys = (id: string) =>
  new ServiceError(
    "CustomKeyStoreHasCMKsException",
    `Custom key store ${id} contains KMS keys: schedule their deletion first`,
  );

/** KMS's refusal of a key whose token does not answer. */
export const unavailable = (arn: string, { message }: TokenFailure) =>
  new ServiceError("KeyUnavailableException", `${arn} is unavailable: ${message}`);

/** A token's failure as KMS's refusal of a request about its store; other errors as they are. */
export function inKmsWords(error: unknown): unknown {
  if (!(error instanceof TokenFailure)) return error;
  return new ServiceError(
    "KMSInvalidStateException",
    `The key store is not connected: ${error.message}`,
  );
}
