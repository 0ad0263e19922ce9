import { ServiceError } from "../../lib/service-error.ts";
import type { HttpResponse } from "../http.ts";
import type { AnswerForm, Codec, Failure, Input, Routed } from "../protocol.ts";
import { statusOf } from "../statuses.ts";
import { errorHeaders, errorMembers } from "./aws-json.ts";
import { MalformedCbor, parseCbor } from "./cbor-reader.ts";
import { type CborDialect, writeCbor, writeCborTexts } from "./cbor-writer.ts";
import { asBuffer, dateOf } from "./scalars.ts";
import { createReader } from "./value-reader.ts";

const bytesOf = (value: unknown) => (value instanceof Uint8Array ? asBuffer(value) : undefined);

const readers: Readonly<Record<CborDialect, ReturnType<typeof createReader>>> = {
  // Kinesis counts instants in milliseconds, unlike in JSON; seconds make its clients start over for ever.
  aws: createReader({
    blob: bytesOf,
    timestamp: (value) => (typeof value === "number" ? dateOf(value) : undefined),
    whole: true,
  }),
  rpc: createReader({
    blob: bytesOf,
    timestamp: (value) => (typeof value === "number" ? dateOf(value * 1000) : undefined),
    whole: true,
  }),
};

/** The CBOR of `application/x-amz-cbor-1.1`, which the Java SDKs speak to Kinesis. */
export const awsCbor: Codec = {
  decode: ({ operation }, _request, body) => read("aws", operation, body),

  encode({ operation }, output, requestId) {
    const headers = { "x-amzn-RequestId": requestId, "Content-Type": "application/x-amz-cbor-1.1" };
    const { output: shape } = operation;
    const body = shape.members.length === 0 ? Buffer.alloc(0) : writeCbor(shape, output, "aws");
    return { status: 200, headers, body };
  },

  encodeError: (form, failure, requestId) =>
    error(form, failure, {
      "x-amzn-RequestId": requestId,
      "Content-Type": "application/x-amz-cbor-1.1",
    }),
};

/** Smithy RPC v2 CBOR. */
export const rpcCbor: Codec = {
  decode: ({ operation }, _request, body) => read("rpc", operation, body),

  encode({ operation }, output, requestId) {
    const headers = { "x-amzn-RequestId": requestId, "smithy-protocol": "rpc-v2-cbor" };
    // An operation without an output has no body, and no type of one.
    if (operation.output.name === "Unit") return { status: 200, headers, body: Buffer.alloc(0) };
    const body = writeCbor(operation.output, output, "rpc");
    return { status: 200, headers: { ...headers, "Content-Type": "application/cbor" }, body };
  },

  encodeError: (form, failure, requestId) =>
    error(form, failure, {
      "x-amzn-RequestId": requestId,
      "smithy-protocol": "rpc-v2-cbor",
      "Content-Type": "application/cbor",
    }),
};

function read(
  dialect: CborDialect,
  { input }: Routed["operation"],
  body: Buffer | undefined,
): Input {
  if (body === undefined || body.length === 0) return {};
  try {
    return readers[dialect](input, parseCbor(body));
  } catch (error) {
    if (!(error instanceof MalformedCbor)) throw error;
    throw new ServiceError("SerializationException", `the body is not CBOR: ${error.message}`);
  }
}

function error(form: AnswerForm, failure: Failure, headers: Record<string, string>): HttpResponse {
  return {
    status: statusOf(form.protocol, form.model, failure),
    headers: { ...headers, ...errorHeaders(form, failure) },
    body: writeCborTexts({ __type: failure.code, ...errorMembers(form, failure) }),
  };
}
