import { isUtf8 } from "node:buffer";
import { ServiceError } from "../../lib/service-error.ts";
import type { HttpRequest, HttpResponse } from "../http.ts";
import type { Member, OperationModel, StructureShape } from "../model.ts";
import type { AnswerForm, Codec, Failure, Input, Routed } from "../protocol.ts";
import { statusOf } from "../statuses.ts";
import { readBindings, writeHeaders, writePayload } from "./rest-bindings.ts";
import { MalformedXml, parseXml, type XmlElement } from "./xml-reader.ts";
import { readXml } from "./xml-shape.ts";
import { escapeXml, writeXml } from "./xml-writer.ts";

/** restXml, as S3 speaks it. */
export const restXml: Codec = { decode, encode, encodeError };

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

function decode(routed: Routed, request: HttpRequest, body: Buffer | undefined): Input {
  const input: Input = {};
  readBindings(routed, request, input, refuseValue);
  const { operation } = routed;
  const { payload } = operation.input;
  if (payload?.streaming && operation.streamingInput !== undefined) return input;
  if (body === undefined || body.length === 0) return input;
  if (payload?.shape.kind === "string") input[payload.name] = textOf(body);
  else if (payload?.shape.kind === "blob") input[payload.name] = body;
  else if (payload) {
    const names = [payload.locationName ?? payload.name, payload.shape.name];
    input[payload.name] = readBody(payload.shape, body, names);
  } else if (operation.input.members.some(({ location }) => location === undefined)) {
    const names = [operation.inputRoot ?? operation.input.name];
    Object.assign(input, readBody(operation.input, body, names));
  }
  return input;
}

function textOf(body: Buffer): string {
  if (!isUtf8(body)) throw malformed();
  return body.toString("utf8");
}

function readBody(shape: Member["shape"], body: Buffer, names: readonly string[]): unknown {
  try {
    const root: XmlElement = parseXml(textOf(body));
    if (!names.includes(root.name)) throw malformed();
    return readXml(shape, root);
  } catch (error) {
    throw error instanceof MalformedXml ? malformed() : error;
  }
}

/** S3's one sentence for every body that it cannot read. */
export const malformed = (): ServiceError =>
  new ServiceError(
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
  );

function refuseValue({ name, locationName = name, shape }: Member, value: string): ServiceError {
  const shown = shape.sensitive ? "" : value.slice(0, 256);
  const whole = shape.kind === "integer" || shape.kind === "long";
  const message = whole
    ? `Provided ${locationName} not an integer or within integer range`
    : `Invalid value for ${locationName}`;
  return new ServiceError("InvalidArgument", message, {
    ArgumentName: locationName,
    ArgumentValue: shown,
  });
}

function encode(routed: Routed, output: unknown, requestId: string): HttpResponse {
  const { operation, model } = routed;
  const members = (output ?? {}) as Readonly<Record<string, unknown>>;
  const shape = operation.output;
  const headers = writeHeaders(shape, members);
  headers["x-amz-request-id"] = requestId;
  const status = statusOfOutput(operation, members);
  if (routed.head || status === 204) return { status, headers };
  const { payload } = shape;
  if (payload && payload.shape.kind !== "structure") {
    const value = members[payload.name];
    const body = value === undefined ? Buffer.alloc(0) : writePayload(payload, value);
    headers["Content-Type"] ??= payload.streaming ? "binary/octet-stream" : "application/json";
    return { status, headers, body };
  }
  const xml = bodyXml(operation, shape, members, model.xmlNamespace);
  if (xml === undefined) return { status, headers, body: Buffer.alloc(0) };
  headers["Content-Type"] = "application/xml";
  return { status, headers, body: Buffer.from(declaration + xml, "utf8") };
}

function statusOfOutput(
  operation: OperationModel,
  members: Readonly<Record<string, unknown>>,
): number {
  const bound = operation.output.members.find(({ location }) => location === "statusCode");
  const own = bound && members[bound.name];
  if (typeof own === "number") return own;
  return members["ContentRange"] === undefined ? operation.status : 206;
}

function bodyXml(
  operation: OperationModel,
  shape: StructureShape,
  members: Readonly<Record<string, unknown>>,
  namespace: string | undefined,
): string | undefined {
  const xmlns = namespace === undefined ? "" : ` xmlns="${namespace}"`;
  const wrap = (root: string, content: string) => `<${root}${xmlns}>${content}</${root}>`;
  const { payload } = shape;
  if (payload?.shape.kind === "structure") {
    const value = members[payload.name];
    if (value === undefined) return undefined;
    const root = payload.shape.root ?? payload.locationName ?? payload.shape.name;
    return wrap(root, writeXml(payload.shape, value, "rest"));
  }
  if (!shape.members.some(({ location }) => location === undefined)) return undefined;
  const root = shape.root ?? shape.name;
  // The root is the member itself: `<LocationConstraint>eu-west-1</LocationConstraint>`, empty for us-east-1.
  if (operation.name === "GetBucketLocation") {
    return wrap(root, escapeXml(String(members["LocationConstraint"] ?? "")));
  }
  return wrap(root, writeXml(shape, members, "rest"));
}

function encodeError(form: AnswerForm, failure: Failure, requestId: string): HttpResponse {
  const status = statusOf(form.protocol, form.model, failure);
  const code = form.model?.findError(failure.code)?.code ?? failure.code;
  const headers = { "x-amz-request-id": requestId };
  if (status === 304) {
    const { ETag, LastModified } = failure.details ?? {};
    return {
      status,
      headers: {
        ...headers,
        ...(typeof ETag === "string" && { ETag }),
        ...(LastModified instanceof Date && { "Last-Modified": LastModified.toUTCString() }),
      },
    };
  }
  const details = Object.entries(failure.details ?? {})
    .filter(([name, value]) => /^[A-Za-z]+$/.test(name) && isPlain(value))
    .map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`);
  const xml =
    `${declaration}<Error><Code>${escapeXml(code)}</Code>` +
    `<Message>${escapeXml(failure.message)}</Message>${details.join("")}` +
    `<Resource>${escapeXml(form.resource)}</Resource><RequestId>${requestId}</RequestId></Error>`;
  return {
    status,
    headers: { ...headers, "Content-Type": "application/xml" },
    body: Buffer.from(xml, "utf8"),
  };
}

const isPlain = (value: unknown) => ["string", "number", "boolean"].includes(typeof value);
