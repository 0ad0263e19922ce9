import { ServiceError } from "../lib/service-error.ts";
import type { HttpRequest, HttpResponse } from "./http.ts";
import type { AnswerForm, Codec, Failure, Input, ProtocolName, Routed } from "./protocol.ts";
import { awsJson } from "./protocols/aws-json.ts";
import { awsQuery, ec2Query } from "./protocols/aws-query.ts";
import { awsCbor, rpcCbor } from "./protocols/cbor-codecs.ts";
import { restJson } from "./protocols/rest-json.ts";
import { restXml } from "./protocols/rest-xml.ts";
import { refusalOf } from "./refusals.ts";
import { findViolations } from "./validate.ts";

const codecs: Readonly<Record<ProtocolName, Codec>> = {
  "aws-json-1.0": awsJson,
  "aws-json-1.1": awsJson,
  "aws-cbor": awsCbor,
  "aws-query": awsQuery,
  "ec2-query": ec2Query,
  "rest-xml": restXml,
  "rest-json": restJson,
  "rpc-v2-cbor": rpcCbor,
};

/**
 * Reads the members of a call from its request. `body` is the whole body, or undefined when the operation streams
 * it: the front door then sets the member that `operation.streamingInput` names.
 * Throws a `ServiceError` where the bytes are not what the protocol says or the model allows.
 */
export function decode(routed: Routed, request: HttpRequest, body: Buffer | undefined): Input {
  const input = codecs[routed.protocol].decode(routed, request, body);
  const violations = findViolations(routed.operation.input, input);
  if (violations.length > 0) throw refusalOf(routed, violations);
  return input;
}

/** The answer to a call that succeeded. */
export function encode(routed: Routed, output: unknown, requestId: string): HttpResponse {
  return codecs[routed.protocol].encode(routed, output, requestId);
}

/** The answer to a call that failed, or that no operation answers. */
export function encodeError(form: AnswerForm, failure: Failure, requestId: string): HttpResponse {
  const response = codecs[form.protocol].encodeError(form, failure, requestId);
  return form.head ? { status: response.status, headers: response.headers } : response;
}

/** Largest bodies that are read at once, where a service's own limits allow more than the usual. */
const bodyBytesMaxOf: Readonly<Record<string, number>> = {
  // 10 MiB of records, which base64 makes a third longer.
  kinesis: 15 * 1024 * 1024,
  // Code inside the request; a larger archive comes from S3.
  kinesisanalyticsv2: 15 * 1024 * 1024,
  // 10,000 parts, or 1,000 keys of 1,024 bytes.
  s3: 4 * 1024 * 1024,
};

/** How large the body of a call may be that is read at once. */
export function bodyBytesMax(routed: Routed): number {
  return bodyBytesMaxOf[routed.model.name] ?? 1024 * 1024;
}

/** How large a form may be, which is read before its service is known. */
export const formBytesMax = 1024 * 1024;

/** The refusal of a body past these limits, in the words of the protocol. */
export function bodyTooLarge(form: AnswerForm): ServiceError {
  if (form.protocol === "rest-xml") {
    const message = "Your proposed upload exceeds the maximum allowed size";
    return new ServiceError("EntityTooLarge", message);
  }
  return new ServiceError("RequestEntityTooLargeException", "the body is larger than it may be");
}
