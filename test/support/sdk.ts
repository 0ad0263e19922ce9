import assert from "node:assert/strict";
import * as cloudhsm from "@aws-sdk/client-cloudhsm";
import * as cloudhsmv2 from "@aws-sdk/client-cloudhsm-v2";
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
  cloudhsm,
  cloudhsmv2,
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

interface Command {
  readonly middlewareStack: {
    add(
      middleware: (next: (args: BuildArgs) => unknown) => (args: BuildArgs) => unknown,
      options: object,
    ): void;
  };
}

interface BuildArgs {
  readonly request: { readonly headers: Record<string, string> };
}

/** Operations that are younger than the SDK's newest client, and one with the same codec: JSON as it is. */
const newer: Readonly<Record<string, string>> = {
  GetResourcePolicy: "ListTags",
  PutResourcePolicy: "ListTags",
  DeleteResourcePolicy: "ListTags",
};

/** The command of an operation. */
function commandOf(service: string, operation: string, input: object): unknown {
  const like = service === "cloudhsmv2" ? newer[operation] : undefined;
  const command = new (classOf(service, new RegExp(`^${like ?? operation}Command$`)))(input);
  if (like === undefined) return command;
  (command as Command).middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request;
      headers["x-amz-target"] = headers["x-amz-target"]?.replace(/[^.]*$/, operation) ?? "";
      return next(args);
    },
    { step: "build", name: "newerOperation" },
  );
  return command;
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
      const command = commandOf(service, operation, input);
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
  const command = commandOf(service, operation, input);
  await assert.rejects(made.send(command), /kept/);
  assert.ok(sent);
  const { method, path, query, headers, body } = sent;
  const bytes =
    typeof body === "string" || body instanceof Uint8Array ? Buffer.from(body) : Buffer.alloc(0);
  return { method, path, query, headers, body: bytes };
}
