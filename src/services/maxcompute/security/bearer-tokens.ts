import { signBearer } from "../../../identity/signature/odps-bearer.ts";
import type { OdpsAnswer, OdpsInput } from "../../../pipeline/document.ts";
import { operation, ServiceError } from "../../../pipeline/operation.ts";
import { PolicyError } from "../../../policy/policy-error.ts";
import { type OdpsCall, projectOf } from "../find-project.ts";
import { readBearerPolicy } from "./permissions.ts";

const hoursMax = 31 * 24;
const hourMs = 60 * 60 * 1000;

/** Makes a token with which others may do what its policy allows and its maker may: the address of a job's page. */
export const signBearerToken = operation("SignBearerToken", {
  resolve: (input: OdpsInput, call: OdpsCall) => projectOf(input, call),
  action: "Read",
  handle(_target, { text = "" }, { principal, parts, timeMs }): OdpsAnswer {
    const { policy, hours } = readRequest(text);
    const accessKeyId = "accessKeyId" in principal ? principal.accessKeyId : undefined;
    const maker =
      accessKeyId === undefined ? undefined : parts.directory.findCredentials(accessKeyId);
    const bound = "session" in principal && principal.session?.bearerPolicy !== undefined;
    if (!maker || bound) {
      throw new ServiceError("NoPermission", "A bearer token is made with an access key.");
    }
    const token = signBearer(maker, { policy, expiresAtMs: timeMs + hours * hourMs });
    return { document: { Authorization: { Result: token } } };
  },
});

function readRequest(text: string): { readonly policy: string; readonly hours: number } {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw invalid("it is not JSON");
  }
  const { policy: told, expires_in_hours: hours } = (given ?? {}) as Record<string, unknown>;
  const policy = typeof told === "string" ? told : JSON.stringify(told ?? {});
  if (typeof hours !== "number" || !(hours > 0) || hours > hoursMax) {
    throw invalid(`expires_in_hours is a number up to ${hoursMax}`);
  }
  try {
    readBearerPolicy(policy);
  } catch (error) {
    if (error instanceof PolicyError) throw invalid(error.message);
    throw error;
  }
  return { policy, hours };
}

const invalid = (why: string) =>
  new ServiceError("InvalidArgument", `The token is not made: ${why}.`);
