import { isUtf8 } from "node:buffer";
import { ServiceError } from "../../lib/service-error.ts";
import type { HttpRequest, HttpResponse } from "../http.ts";
import type { AnswerForm, Codec, Failure, Input, Routed } from "../protocol.ts";
import { isFault, statusOf } from "../statuses.ts";
import { readQuery } from "./query-reader.ts";
import { escapeXml, writeXml } from "./xml-writer.ts";

/** awsQuery: a form comes, XML goes. */
export const awsQuery: Codec = {
  decode: (routed, request, body) => decode(routed, request, body),

  encode({ model, operation }, output, requestId) {
    const { name, wrapper } = operation;
    const content = writeXml(operation.output, output, "query");
    const result = wrapper === undefined ? content : `<${wrapper}>${content}</${wrapper}>`;
    const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
    const xml = `<${name}Response xmlns="${model.xmlNamespace ?? ""}">${result}${metadata}</${name}Response>`;
    return answer(200, xml, requestId);
  },

  encodeError(form, failure, requestId) {
    const { model } = form;
    const namespace = model?.xmlNamespace === undefined ? "" : ` xmlns="${model.xmlNamespace}"`;
    const type = isFault(model, failure) ? "Receiver" : "Sender";
    const error = `<Type>${type}</Type>${errorXml(form, failure)}`;
    const xml = `<ErrorResponse${namespace}><Error>${error}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
    return answer(statusOf(form.protocol, model, failure), xml, requestId);
  },
};

/** ec2Query: the same form with other names, and other elements around the answer. */
export const ec2Query: Codec = {
  decode: (routed, request, body) => decode(routed, request, body),

  encode({ model, operation }, output, requestId) {
    const content = writeXml(operation.output, output, "ec2");
    const head = `<${operation.name}Response xmlns="${model.xmlNamespace ?? ""}">`;
    const xml = `${head}<requestId>${requestId}</requestId>${content}</${operation.name}Response>`;
    return answer(200, xml, requestId);
  },

  encodeError(form, failure, requestId) {
    const error = `<Errors><Error>${errorXml(form, failure)}</Error></Errors>`;
    const xml = `<Response>${error}<RequestID>${requestId}</RequestID></Response>`;
    return answer(statusOf(form.protocol, form.model, failure), xml, requestId);
  },
};

function decode(routed: Routed, request: HttpRequest, body: Buffer | undefined): Input {
  const dialect = routed.protocol === "ec2-query" ? "ec2" : "query";
  const sent = request.method === "GET" ? Buffer.from(request.query) : body;
  if (sent && !isUtf8(sent)) {
    throw new ServiceError("MalformedQueryString", "The query string contains a syntax error.");
  }
  return readQuery(routed.operation.input, sent?.toString("utf8") ?? "", dialect);
}

function errorXml({ model }: AnswerForm, failure: Failure): string {
  const code = model?.findError(failure.code)?.code ?? failure.code;
  return `<Code>${escapeXml(code)}</Code><Message>${escapeXml(failure.message)}</Message>`;
}

function answer(status: number, xml: string, requestId: string): HttpResponse {
  return {
    status,
    headers: { "x-amzn-RequestId": requestId, "Content-Type": "text/xml" },
    body: Buffer.from(xml, "utf8"),
  };
}
