import assert from "node:assert/strict";
import * as cloudtrail from "@aws-sdk/client-cloudtrail";
import * as iam from "@aws-sdk/client-iam";
import * as kinesis from "@aws-sdk/client-kinesis";
import * as kinesisanalyticsv2 from "@aws-sdk/client-kinesis-analytics-v2";
import * as kms from "@aws-sdk/client-kms";
import * as s3 from "@aws-sdk/client-s3";
import * as sts from "@aws-sdk/client-sts";
import type { Keys } from "./bondstore.ts";

/** The AWS SDK's client of each service, by the name of the service's model. */
export const sdkClients: Readonly<Record<string, object>> = {
  cloudtrail,
  iam,
  kinesis,
  kinesisanalyticsv2,
  kms,
  s3,
  sts,
};

/** How an operation ended: with members, or with an error's code. */
export interface Ended {
  /** Undefined: it succeeded. */
  readonly code?: string;
  readonly message?: string;
  readonly status: number;
  readonly requestId: string;
  readonly output: Readonly<Record<string, unknown>>;
}

interface SdkClient {
  send(command: unknown): Promise<Readonly<Record<string, unknown>>>;
  destroy(): void;
}

const clientName = /^[A-Z]\w*Client$/;

type Class = new (options: object) => unknown;

function classOf(service: string, name: RegExp): Class {
  const found = Object.entries(sdkClients[service] ?? {}).find(([own]) => name.test(own));
  assert.ok(found, `the SDK has no ${name} of ${service}`);
  return found[1] as Class;
}

export interface ClientOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Keys;
  readonly maxAttempts: number;
}

/** Calls any operation of a service by its name. */
export function callerOf(service: string, options: ClientOptions) {
  const made = new (classOf(service, clientName))({
    ...options,
    ...(service === "s3" && { forcePathStyle: true }),
  });
  const client = made as SdkClient;
  return {
    async call(operation: string, input: object): Promise<Ended> {
      const command = new (classOf(service, new RegExp(`^${operation}Command$`)))(input);
      try {
        const output = await client.send(command);
        const { httpStatusCode = 0, requestId = "" } = metadataOf(output);
        return { status: httpStatusCode, requestId, output };
      } catch (error) {
        assert.ok(error instanceof Error);
        const { httpStatusCode, requestId = "" } = metadataOf(error);
        // The SDK itself failed: nothing was sent, or the answer could not be read.
        if (httpStatusCode === undefined) throw error;
        const { name: code, message } = error;
        return { code, message, status: httpStatusCode, requestId, output: {} };
      }
    },
    close: () => client.destroy(),
  };
}

interface Metadata {
  readonly httpStatusCode?: number;
  readonly requestId?: string;
}

const metadataOf = (answer: object): Metadata =>
  "$metadata" in answer ? (answer.$metadata as Metadata) : {};

/** What the SDK would send, before it is signed. */
export interface Serialized {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The bytes of a call in its service's protocol. */
export async function serialize(
  service: string,
  operation: string,
  input: object,
): Promise<Serialized> {
  let sent: (Omit<Serialized, "body"> & { readonly body?: unknown }) | undefined;
  const requestHandler = {
    handle(request: typeof sent): Promise<never> {
      sent = request;
      return Promise.reject(new Error("kept"));
    },
  };
  const made = new (classOf(service, clientName))({
    endpoint: "http://127.0.0.1",
    region: "us-east-1",
    credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "x" },
    maxAttempts: 1,
    requestHandler,
    ...(service === "s3" && { forcePathStyle: true }),
  }) as SdkClient;
  const command = new (classOf(service, new RegExp(`^${operation}Command$`)))(input);
  await assert.rejects(made.send(command), /kept/);
  assert.ok(sent);
  const { method, path, query, headers, body } = sent;
  const bytes =
    typeof body === "string" || body instanceof Uint8Array ? Buffer.from(body) : Buffer.alloc(0);
  return { method, path, query, headers, body: bytes };
}
