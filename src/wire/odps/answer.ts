import { ServiceError } from "../../lib/service-error.ts";
import type { OdpsAnswer } from "../../pipeline/document.ts";
import type { HttpResponse } from "../http.ts";
import { writeDocument } from "./xml-document.ts";

/** Statuses by code; a code of MaxCompute may carry text after its number. Others are 400. */
const statuses: Readonly<Record<string, number>> = {
  AuthorizationRequired: 401,
  InternalFailure: 500,
  InternalServerError: 500,
  MethodNotAllowed: 405,
  NoPermission: 403,
  NoSuchObject: 404,
  NoSuchPartition: 404,
  NoSuchProject: 404,
  NoSuchTable: 404,
  "ODPS-0130013": 403,
  "ODPS-0130131": 404,
  "ODPS-0410031": 401,
  "ODPS-0410042": 401,
  "ODPS-0410051": 401,
  "ODPS-0420095": 403,
  ObjectAlreadyExists: 409,
  RequestTimeTooSkewed: 403,
  ServiceUnavailable: 503,
};

const textHeaders = { "Content-Type": "text/plain; charset=utf-8" };
const xmlHeaders = { "Content-Type": "application/xml; charset=utf-8" };

/** Writes an answer. `endpoint` is the base of what was made. */
export function encodeAnswer(answer: OdpsAnswer, id: string, endpoint: string): HttpResponse {
  const headers: Record<string, string> = { "x-odps-request-id": id, ...answer.headers };
  const status = answer.created === undefined ? 200 : 201;
  if (answer.created !== undefined && answer.created !== "") {
    headers["Location"] = `${endpoint}${answer.created}`;
  }
  if (answer.document) {
    const body = Buffer.from(writeDocument(answer.document));
    return { status, headers: { ...headers, ...xmlHeaders }, body };
  }
  if (answer.json !== undefined) {
    const body = Buffer.from(JSON.stringify(answer.json));
    return { status, headers: { ...headers, "Content-Type": "application/json" }, body };
  }
  if (answer.text !== undefined) {
    return { status, headers: { ...headers, ...textHeaders }, body: Buffer.from(answer.text) };
  }
  if (answer.body) {
    if (answer.encoding !== undefined) headers["Content-Encoding"] = answer.encoding;
    headers["Content-Type"] = "application/octet-stream";
    return { status, headers, body: answer.body };
  }
  return { status, headers, body: Buffer.alloc(0) };
}

/** Writes a refusal; PyODPS reads all four elements. */
export function encodeRefusal(
  { code, message }: ServiceError,
  { id, host, form }: { readonly id: string; readonly host: string; readonly form: "xml" | "json" },
): HttpResponse {
  const told = { Code: code, Message: message, RequestId: id, HostId: host };
  const status = statuses[code.split(":")[0] ?? code] ?? 400;
  const headers = { "x-odps-request-id": id };
  if (form === "json") {
    const body = Buffer.from(JSON.stringify(told));
    return { status, headers: { ...headers, "Content-Type": "application/json" }, body };
  }
  const body = Buffer.from(writeDocument({ Error: told }));
  return { status, headers: { ...headers, ...xmlHeaders }, body };
}

/** The words of a refusal of ours that is not MaxCompute's. */
export function inOdpsWords(error: unknown): ServiceError | undefined {
  if (!(error instanceof ServiceError)) return undefined;
  if (error.code === "NotImplemented") return new ServiceError("InvalidArgument", error.message);
  if (error.code === "AccessDenied") return new ServiceError("NoPermission", error.message);
  return error;
}
