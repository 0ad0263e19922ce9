import { ServiceError } from "../lib/service-error.ts";
import type { HttpRequest, HttpResponse } from "./http.ts";
import type { AnswerForm, Codec, Failure, Input, ProtocolName, Routed } from "./protocol.ts";
import { awsJson } from "./protocols/aws-json.ts";
import { describeViolations, findViolations, type Violation } from "./validate.ts";

const codecs: Readonly<Partial<Record<ProtocolName, Codec>>> = {
  "aws-json-1.0": awsJson,
  "aws-json-1.1": awsJson,
};

function codecOf(protocol: ProtocolName): Codec {
  return codecs[protocol] ?? awsJson;
}

/**
 * Reads the members of a call from its request. `body` is the whole body, or undefined when the operation streams
 * it: the front door then sets the member that `operation.streamingInput` names.
 * Throws a `ServiceError` where the bytes are not what the protocol says or the model allows.
 */
export function decode(routed: Routed, request: HttpRequest, body: Buffer | undefined): Input {
  const input = codecOf(routed.protocol).decode(routed, request, body);
  const violations = findViolations(routed.operation.input, input);
  if (violations.length > 0) throw refuse(routed, violations);
  return input;
}

/** The answer to a call that succeeded. */
export function encode(routed: Routed, output: unknown, requestId: string): HttpResponse {
  return codecOf(routed.protocol).encode(routed, output, requestId);
}

/** The answer to a call that failed, or that no operation answers. */
export function encodeError(form: AnswerForm, failure: Failure, requestId: string): HttpResponse {
  const response = codecOf(form.protocol).encodeError(form, failure, requestId);
  if (!form.head) return response;
  return { status: response.status, headers: response.headers };
}

/** The code under which a protocol tells of broken constraints. */
function refuse(routed: Routed, violations: readonly Violation[]): ServiceError {
  const code = routed.protocol === "aws-query" ? "ValidationError" : "ValidationException";
  return new ServiceError(code, describeViolations(violations));
}
