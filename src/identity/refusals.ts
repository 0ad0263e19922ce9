import { ServiceError } from "../lib/service-error.ts";

/** IAM's word for a name that nobody has. */
export const noSuchEntity = (noun: string, name: string): ServiceError =>
  new ServiceError("NoSuchEntity", `The ${noun} with name ${name} cannot be found.`);

/** IAM's word for a name that is taken. */
export const alreadyExists = (noun: string, name: string): ServiceError =>
  new ServiceError("EntityAlreadyExists", `${noun} with name ${name} already exists.`);

/** Refuses a deletion while something hangs on it, in IAM's words. */
export function refuseWhile(hangs: boolean, message: string): void {
  if (hangs) throw new ServiceError("DeleteConflict", message);
}

/** Refuses one more where there is no room for it. */
export function checkRoom(count: number, most: number, quota: string): void {
  if (count < most) return;
  throw new ServiceError("LimitExceeded", `Cannot exceed quota for ${quota}: ${most}`);
}

/** IAM's word for a managed policy that is not there, or belongs to another account. */
export const noSuchPolicy = (arn: string): ServiceError =>
  new ServiceError("NoSuchEntity", `Policy ${arn} does not exist or is not attachable.`);

/** Refuses the one name that JavaScript keeps for itself: a record under it would be lost in silence. */
export function checkName(name: string): void {
  if (name !== "__proto__") return;
  throw new ServiceError("ValidationError", "__proto__ cannot be a name here.");
}
