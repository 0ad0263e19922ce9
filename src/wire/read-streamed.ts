import type { Verified } from "../identity/signature/request.ts";
import { bodyBytesMax, bodyTooLarge, decode } from "./codecs.ts";
import { BodyTooLarge, type HttpRequest } from "./http.ts";
import type { OperationModel } from "./model.ts";
import { openPayload, type Payload } from "./payload.ts";
import type { Input, Routed } from "./protocol.ts";

/** Bodies up to this size are handed on whole. */
export const wholeBytesMax = 65_536;

/** Reads an input of S3. Its body is checked as it is read: signed chunks, trailers, checksums. */
export async function readStreamed(
  request: HttpRequest,
  routed: Routed,
  verified: Verified,
): Promise<Input> {
  const { operation } = routed;
  const streams = operation.streamingInput !== undefined;
  const completes = operation.name === "CompleteMultipartUpload";
  const payload = openPayload(request, verified.payload, {
    checksumCovers: completes ? "object" : "body",
  });
  if (!streams) {
    const limit = verified.kind === "anonymous" ? wholeBytesMax : bodyBytesMax(routed);
    return decode(routed, request, await readWhole(payload, routed, limit));
  }
  const input = decode(routed, request, undefined);
  const member = operation.streamingInput ?? "Body";
  const small = (payload.lengthBytes ?? wholeBytesMax + 1) <= wholeBytesMax;
  input[member] = small ? await payload.readAll(wholeBytesMax) : follow(payload, operation, input);
  if (small) addTrailers(payload, operation, input);
  return input;
}

async function readWhole(payload: Payload, routed: Routed, limitBytes: number): Promise<Buffer> {
  try {
    return await payload.readAll(limitBytes);
  } catch (error) {
    throw error instanceof BodyTooLarge ? bodyTooLarge(routed) : error;
  }
}

/** The body as it comes; what its trailer says is among the members once it has ended. */
async function* follow(
  payload: Payload,
  operation: OperationModel,
  input: Input,
): AsyncGenerator<Buffer> {
  yield* payload.bytes;
  addTrailers(payload, operation, input);
}

function addTrailers({ trailers }: Payload, operation: OperationModel, input: Input): void {
  if (Object.keys(trailers).length === 0) return;
  for (const { name, location, locationName = "" } of operation.input.members) {
    const value = location === "header" ? trailers[locationName.toLowerCase()] : undefined;
    if (value !== undefined) input[name] = value;
  }
}
