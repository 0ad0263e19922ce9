/** A policy text that is refused; the message is AWS's, for MalformedPolicyDocument and its kin. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
}
