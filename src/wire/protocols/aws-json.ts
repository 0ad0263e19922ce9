import type { HttpResponse } from "../http.ts";
import type { AnswerForm, Codec, Failure, Input, ProtocolName, Routed } from "../protocol.ts";
import { isFault, statusOf } from "../statuses.ts";
import { parseJson, readJson } from "./json.ts";
import { writeJson } from "./json-writer.ts";

/** awsJson 1.0 and 1.1: everything is in a JSON body, and every fault of the client is a 400. */
export const awsJson: Codec = { decode, encode, encodeError };

function decode(routed: Routed, _request: unknown, body: Buffer | undefined): Input {
  return readJson(routed.operation.input, parseJson(body));
}

function encode(routed: Routed, output: unknown, requestId: string): HttpResponse {
  const { operation } = routed;
  const bare = operation.output.members.length === 0;
  return answer(routed.protocol, 200, bare ? "" : writeJson(operation.output, output), requestId);
}

function encodeError(form: AnswerForm, failure: Failure, requestId: string): HttpResponse {
  const body = JSON.stringify({ __type: failure.code, ...errorMembers(form, failure) });
  const response = answer(
    form.protocol,
    statusOf(form.protocol, form.model, failure),
    body,
    requestId,
  );
  return { ...response, headers: { ...response.headers, ...errorHeaders(form, failure) } };
}

/** The members of an error: its sentence, under the name that the model uses, and its details. */
export function errorMembers(form: AnswerForm, failure: Failure): Record<string, unknown> {
  const members = form.model?.findError(failure.code)?.members ?? [];
  const label = members.find(({ name }) => name.toLowerCase() === "message")?.name ?? "message";
  const kept: Record<string, unknown> = { [label]: failure.message };
  for (const { name } of members) {
    const detail = failure.details?.[name];
    if (detail !== undefined && name !== label) kept[name] = detail;
  }
  return kept;
}

/** Headers that name an error, for clients that do not look into the body. */
export function errorHeaders(form: AnswerForm, failure: Failure): Record<string, string> {
  const headers: Record<string, string> = { "x-amzn-ErrorType": failure.code };
  if (form.queryMode && form.model?.queryCompatible) {
    const code = form.model.findError(failure.code)?.code ?? failure.code;
    const side = isFault(form.model, failure) ? "Receiver" : "Sender";
    headers["x-amzn-query-error"] = `${code};${side}`;
  }
  return headers;
}

function answer(
  protocol: ProtocolName,
  status: number,
  text: string,
  requestId: string,
): HttpResponse {
  const type =
    protocol === "aws-json-1.0" ? "application/x-amz-json-1.0" : "application/x-amz-json-1.1";
  return {
    status,
    headers: { "x-amzn-RequestId": requestId, "Content-Type": type },
    body: Buffer.from(text, "utf8"),
  };
}
