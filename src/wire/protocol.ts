import type { ServiceError } from "../lib/service-error.ts";
import type { HttpRequest, HttpResponse } from "./http.ts";
import type { OperationModel, ServiceModel } from "./model.ts";

export type ProtocolName =
  | "aws-json-1.0"
  | "aws-json-1.1"
  | "aws-cbor"
  | "aws-query"
  | "ec2-query"
  | "rest-xml"
  | "rest-json"
  | "rpc-v2-cbor";

/** How to answer: known of every request, even of one that no operation answers. */
export interface AnswerForm {
  readonly protocol: ProtocolName;
  readonly model?: ServiceModel;
  readonly operation?: OperationModel;
  /** The request was HEAD: the answer has no body, an error neither. */
  readonly head: boolean;
  /** The path, as S3's errors show it. */
  readonly resource: string;
  /** The client asked for awsQuery's error codes beside its own protocol's. */
  readonly queryMode: boolean;
}

/** A request whose service, operation and protocol are known. */
export interface Routed extends AnswerForm {
  readonly kind: "routed";
  readonly model: ServiceModel;
  readonly operation: OperationModel;
  /** Labels of the URI, decoded: `Bucket`, `Key`. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A request that no operation answers, and the error that says so. */
export interface Unrouted extends AnswerForm {
  readonly kind: "unrouted";
  readonly refusal: ServiceError;
}

export type Route = Routed | Unrouted;

/** Members by their names in the model, with the types that the AWS SDK for JavaScript uses. */
export type Input = Record<string, unknown>;

/** What went wrong, as a `ServiceError` says it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Our fault, not the caller's, where the code alone does not tell. */
  readonly fault?: boolean;
}

/** One protocol: bytes to members and back. */
export interface Codec {
  /** Throws a `ServiceError` in the words of the protocol where the bytes are not what the model says. */
  decode(routed: Routed, request: HttpRequest, body: Buffer | undefined): Input;
  encode(routed: Routed, output: unknown, requestId: string): HttpResponse;
  encodeError(form: AnswerForm, failure: Failure, requestId: string): HttpResponse;
}
