import { ServiceError } from "../../lib/service-error.ts";
import type { HttpRequest, HttpResponse } from "../http.ts";
import type { Member } from "../model.ts";
import type { AnswerForm, Codec, Failure, Input, Routed } from "../protocol.ts";
import { statusOf } from "../statuses.ts";
import { errorHeaders, errorMembers } from "./aws-json.ts";
import { parseJson, readJson } from "./json.ts";
import { writeJson } from "./json-writer.ts";
import { readBindings, writeHeaders, writePayload } from "./rest-bindings.ts";

/** restJson1: members stand in the URI, the headers and a JSON body. */
export const restJson: Codec = { decode, encode, encodeError };

function decode(routed: Routed, request: HttpRequest, body: Buffer | undefined): Input {
  const { operation } = routed;
  const { payload } = operation.input;
  const input: Input = {};
  readBindings(routed, request, input, refuseValue);
  if (operation.streamingInput !== undefined || body === undefined || body.length === 0) {
    return input;
  }
  if (payload?.shape.kind === "string") input[payload.name] = body.toString("utf8");
  else if (payload?.shape.kind === "blob") input[payload.name] = body;
  else if (payload?.shape.kind === "structure") {
    input[payload.name] = readJson(payload.shape, parseJson(body));
  } else if (operation.input.members.some(({ location }) => location === undefined)) {
    Object.assign(input, readJson(operation.input, parseJson(body)));
  }
  return input;
}

function refuseValue({ name, locationName = name }: Member): ServiceError {
  return new ServiceError("SerializationException", `\`${locationName}\` has a wrong value`);
}

function encode(routed: Routed, output: unknown, requestId: string): HttpResponse {
  const { operation } = routed;
  const shape = operation.output;
  const members = (output ?? {}) as Readonly<Record<string, unknown>>;
  const headers: Record<string, string> = {
    "x-amzn-RequestId": requestId,
    ...writeHeaders(shape, members),
  };
  const bound = shape.members.find(({ location }) => location === "statusCode");
  const own = bound && members[bound.name];
  const status = typeof own === "number" ? own : operation.status;
  if (routed.head || status === 204) return { status, headers };
  const { payload } = shape;
  if (payload && payload.shape.kind !== "structure") {
    const value = members[payload.name];
    headers["Content-Type"] ??= "application/octet-stream";
    return {
      status,
      headers,
      body: value === undefined ? Buffer.alloc(0) : writePayload(payload, value),
    };
  }
  headers["Content-Type"] = "application/json";
  const text =
    payload?.shape.kind === "structure"
      ? writeJson(payload.shape, members[payload.name])
      : writeJson(shape, members);
  return { status, headers, body: Buffer.from(text, "utf8") };
}

function encodeError(form: AnswerForm, failure: Failure, requestId: string): HttpResponse {
  return {
    status: statusOf(form.protocol, form.model, failure),
    headers: {
      "x-amzn-RequestId": requestId,
      "Content-Type": "application/json",
      ...errorHeaders(form, failure),
    },
    body: Buffer.from(
      JSON.stringify({ code: failure.code, ...errorMembers(form, failure) }),
      "utf8",
    ),
  };
}
