import type { PayloadRule } from "../identity/signature/request.ts";
import {
  type ChecksumAlgorithm,
  checksumAlgorithms,
  checksumBytes,
  createChecksum,
} from "../lib/checksum.ts";
import { createHasher, type Hasher } from "../lib/hash.ts";
import { ServiceError } from "../lib/service-error.ts";
import { createChunkDecoder } from "./chunked.ts";
import { BodyTooLarge, type HttpRequest } from "./http.ts";

/** A body that is checked while it is read: against its signature, its length and its checksums. */
export interface Payload {
  /**
   * The payload without its transfer form; read once. It throws where something does not fit, at the latest after
   * the last byte: what was read before then must not be kept.
   */
  readonly bytes: AsyncIterable<Buffer>;
  /** The same at once. Throws `BodyTooLarge` past the limit. */
  readAll(limitBytes: number): Promise<Buffer>;
  /** How long it says that it is. */
  readonly lengthBytes: number | undefined;
  /** Fields of an aws-chunked trailer by lower-case name, once all has been read. */
  readonly trailers: Readonly<Record<string, string>>;
}

/** What `x-amz-checksum-*` speaks about: in CompleteMultipartUpload about the object, not about the body. */
export interface PayloadOptions {
  readonly checksumCovers?: "body" | "object";
}

/** Bodies up to this length are checked in one piece. */
const wholeBytesMax = 64 * 1024;

/** Puts the checks of a body around it, as the signature and the headers demand. */
export function openPayload(
  request: HttpRequest,
  rule: PayloadRule,
  options: PayloadOptions = {},
): Payload {
  const trailers: Record<string, string> = {};
  const lengthBytes = lengthOf(request, rule);
  const checks = checksOf(request, rule, options.checksumCovers ?? "body");

  async function* decoded(): AsyncGenerator<Buffer> {
    if (rule.kind !== "chunks") {
      if (lengthBytes !== undefined && lengthBytes <= wholeBytesMax) {
        yield await request.readAll(wholeBytesMax);
      } else yield* request.body;
      return;
    }
    const trailerNames = rule.trailer ? splitNames(request.header("x-amz-trailer")) : [];
    const decoder = createChunkDecoder({
      signed: rule.signed,
      trailer: rule.trailer,
      lengthBytes: lengthBytes ?? 0,
      trailerNames,
    });
    for await (const part of request.body) {
      const piece = decoder.feed(part);
      if (piece.length > 0) yield piece;
    }
    decoder.finish();
    Object.assign(trailers, decoder.trailers);
  }

  async function* checked(): AsyncGenerator<Buffer> {
    for await (const piece of decoded()) {
      for (const { hasher } of checks) hasher.update(piece);
      yield piece;
    }
    for (const check of checks) check.conclude(trailers);
  }

  async function readAll(limitBytes: number): Promise<Buffer> {
    if (lengthBytes !== undefined && lengthBytes > limitBytes) {
      throw new BodyTooLarge(`a body of ${lengthBytes} bytes`);
    }
    if (rule.kind !== "chunks") return readPlain(limitBytes);
    const parts: Buffer[] = [];
    let size = 0;
    for await (const piece of checked()) {
      size += piece.length;
      if (size > limitBytes) throw new BodyTooLarge(`more than ${limitBytes} bytes`);
      parts.push(piece);
    }
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, size);
  }

  /** Most requests: nothing to decode, and no stream between socket and checks. */
  async function readPlain(limitBytes: number): Promise<Buffer> {
    const whole = await request.readAll(limitBytes);
    for (const check of checks) {
      check.hasher.update(whole);
      check.conclude(trailers);
    }
    return whole;
  }

  return { bytes: { [Symbol.asyncIterator]: checked }, readAll, lengthBytes, trailers };
}

/** `aws-chunked` is how a body travels, not what it is; undefined when nothing else is left. */
export function storedEncoding(contentEncoding: string | undefined): string | undefined {
  const kept = splitNames(contentEncoding).filter((coding) => coding !== "aws-chunked");
  return kept.length > 0 ? kept.join(",") : undefined;
}

const splitNames = (list: string | undefined): readonly string[] =>
  (list ?? "")
    .split(",", 20)
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== "");

function lengthOf(request: HttpRequest, rule: PayloadRule): number | undefined {
  const name = rule.kind === "chunks" ? "x-amz-decoded-content-length" : "content-length";
  const value = request.header(name);
  if (value !== undefined && /^\d{1,15}$/.test(value)) return Number(value);
  if (rule.kind !== "chunks") return undefined;
  throw new ServiceError(
    "MissingContentLength",
    "You must provide the Content-Length HTTP header.",
  );
}

/** One promise about the bytes, kept while they pass. */
interface Check {
  readonly hasher: Hasher;
  /** Refuses when the promise was broken. */
  conclude(trailers: Readonly<Record<string, string>>): void;
}

function checksOf(
  request: HttpRequest,
  rule: PayloadRule,
  covers: "body" | "object",
): readonly Check[] {
  const checks: Check[] = [];
  if (rule.kind === "sha256" && !rule.checked) checks.push(sha256Check(rule.hex));
  const md5 = request.header("content-md5");
  if (md5 !== undefined) checks.push(md5Check(md5));
  const checksum = covers === "body" ? checksumCheck(request, rule) : undefined;
  return checksum ? [...checks, checksum] : checks;
}

function sha256Check(hex: string): Check {
  const hasher = createHasher("sha256");
  return {
    hasher,
    conclude() {
      const actual = hasher.digest().toString("hex");
      if (actual === hex) return;
      throw new ServiceError(
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        { ClientComputedContentSHA256: hex, S3ComputedContentSHA256: actual },
      );
    },
  };
}

function md5Check(value: string): Check {
  const expected = Buffer.from(value, "base64");
  if (expected.length !== 16 || expected.toString("base64") !== value) {
    throw new ServiceError("InvalidDigest", "The Content-MD5 you specified is not valid.");
  }
  const hasher = createHasher("md5");
  return {
    hasher,
    conclude() {
      if (hasher.digest().equals(expected)) return;
      throw new ServiceError(
        "BadDigest",
        "The Content-MD5 you specified did not match what we received.",
      );
    },
  };
}

const checksumPrefix = "x-amz-checksum-";
const headerOf = (algorithm: ChecksumAlgorithm) => checksumPrefix + algorithm.toLowerCase();

/** Checksums of the model that nobody here would verify: a client that sends one counts on it. */
const unbuiltChecksum = /^x-amz-checksum-(?:sha512|md5|xxhash\w+)$/;

function checksumCheck(request: HttpRequest, rule: PayloadRule): Check | undefined {
  const announced =
    rule.kind === "chunks" && rule.trailer ? splitNames(request.header("x-amz-trailer")) : [];
  const named = request.headers.some(([name]) => name.startsWith(checksumPrefix));
  if (!named && announced.length === 0) return undefined;
  const inHeaders = checksumAlgorithms.filter(
    (name) => request.header(headerOf(name)) !== undefined,
  );
  const inTrailer = checksumAlgorithms.filter((name) => announced.includes(headerOf(name)));
  const unknown = [...request.headers.map(([name]) => name), ...announced].find((name) =>
    unbuiltChecksum.test(name),
  );
  if (unknown !== undefined) {
    throw new ServiceError(
      "NotImplemented",
      `${unknown} is not built in this Bondstore yet; it has ${checksumAlgorithms.join(", ")}`,
    );
  }
  const [algorithm, ...more] = [...inHeaders, ...inTrailer];
  if (algorithm === undefined) return undefined;
  if (more.length > 0) {
    throw new ServiceError(
      "InvalidRequest",
      "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    );
  }
  const name = headerOf(algorithm);
  const hasher = createChecksum(algorithm);
  const inHeader = request.header(name);
  if (inHeader !== undefined) checkForm(algorithm, inHeader);
  return {
    hasher,
    conclude(trailers) {
      const value = inHeader ?? trailers[name] ?? "";
      checkForm(algorithm, value);
      if (hasher.digest().toString("base64") === value) return;
      throw new ServiceError(
        "BadDigest",
        `The ${algorithm} you specified did not match the calculated checksum.`,
      );
    },
  };
}

function checkForm(algorithm: ChecksumAlgorithm, value: string): void {
  const bytes = Buffer.from(value, "base64");
  if (bytes.length === checksumBytes[algorithm] && bytes.toString("base64") === value) return;
  throw new ServiceError("InvalidRequest", `Value for ${headerOf(algorithm)} header is invalid.`);
}
