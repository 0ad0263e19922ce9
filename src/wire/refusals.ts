import { ServiceError } from "../lib/service-error.ts";
import type { Routed } from "./protocol.ts";
import { malformed } from "./protocols/rest-xml.ts";
import { describeViolations, type Violation } from "./validate.ts";

/** S3's own errors for values out of an enumeration, by the shape of the value. */
const s3Enumerations: Readonly<Record<string, readonly [code: string, message: string]>> = {
  ServerSideEncryption: [
    "InvalidEncryptionAlgorithmError",
    "The encryption request that you specified is not valid. The valid value is AES256.",
  ],
  StorageClass: ["InvalidStorageClass", "The storage class you specified is not valid"],
};

/** The error that a protocol makes of broken constraints. */
export function refusalOf(routed: Routed, violations: readonly Violation[]): ServiceError {
  const [first] = violations;
  const message = describeViolations(violations);
  if (!first) return new ServiceError("ValidationException", message);
  if (routed.protocol === "rest-xml") return refuseInS3(routed, first);
  if (routed.protocol === "aws-query") return new ServiceError("ValidationError", message);
  if (routed.protocol !== "ec2-query") return new ServiceError("ValidationException", message);
  const name = first.path.charAt(0).toUpperCase() + first.path.slice(1);
  return first.kind === "missing"
    ? new ServiceError("MissingParameter", `The request must contain the parameter ${name}`)
    : new ServiceError(
        "InvalidParameterValue",
        `Value (${first.shown ?? ""}) for parameter ${name} is invalid. ${first.constraint}`,
      );
}

function refuseInS3({ operation }: Routed, { path, kind, shape, shown }: Violation): ServiceError {
  const own = path.split(".", 1)[0];
  const top = operation.input.members.find(({ name }) => lowerFirst(name) === own);
  if (top?.location === undefined) {
    const bodyMissing = kind === "missing" && path === own;
    return bodyMissing
      ? new ServiceError("MissingRequestBodyError", "Request Body is empty")
      : malformed();
  }
  const { name, locationName = name } = top;
  const enumeration = kind === "enum" ? s3Enumerations[shape.name] : undefined;
  if (enumeration) return new ServiceError(...enumeration);
  if (kind === "missing") {
    return new ServiceError("InvalidRequest", `Missing required parameter ${locationName}`);
  }
  return new ServiceError("InvalidArgument", `Invalid value for ${locationName}`, {
    ArgumentName: locationName,
    ArgumentValue: shown === undefined ? "" : shown.slice(1, -1),
  });
}

const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);
