import type { ChunkChain } from "../identity/signature/request.ts";
import { createHasher, type Hasher, sha256Hex } from "../lib/hash.ts";
import { ServiceError } from "../lib/service-error.ts";

/** What an aws-chunked body was announced to be. */
export interface ChunkedFacts {
  /** Undefined: the chunks are not signed. */
  readonly signed: ChunkChain | undefined;
  readonly trailer: boolean;
  /** Of the decoded bytes: x-amz-decoded-content-length. */
  readonly lengthBytes: number;
  /** Names of x-amz-trailer, in lower case. */
  readonly trailerNames: readonly string[];
}

/** Takes the encoded bytes apart as they come. */
export interface ChunkDecoder {
  /** The decoded bytes among these; their signatures have been checked up to the last whole chunk. */
  feed(part: Buffer): Buffer;
  /** Refuses a body that ends too early. */
  finish(): void;
  /** Lower-case names; complete after `finish`. */
  readonly trailers: Record<string, string>;
}

const headLengthMax = 512;
const trailerLengthMax = 8192;
const chunksMax = 1_000_000;
/** S3's own rule: a signature for every few bytes is nobody's upload. */
const signedChunkBytesMin = 8192;

const headForm = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{16,144}\**))?$/;
const trailerForm = /^([a-z0-9-]{1,128}):[ \t]*([ -~]{0,1024})$/;

const incomplete = () =>
  new ServiceError(
    "IncompleteBody",
    "You did not provide the number of bytes specified by the x-amz-decoded-content-length HTTP header",
  );
const malformed = () =>
  new ServiceError("InvalidRequest", "The aws-chunked body of the request is not well-formed.");
const badTrailer = () =>
  new ServiceError(
    "MalformedTrailerError",
    "The request contained trailing data that was not well-formed or did not conform to our published schema.",
  );
const badSignature = () =>
  new ServiceError(
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
  );

type Place = "head" | "data" | "gap" | "trailer" | "done";

/** Opens a decoder for one body. */
export function createChunkDecoder(facts: ChunkedFacts): ChunkDecoder {
  const trailers: Record<string, string> = Object.create(null);
  let place: Place = "head";
  let line = "";
  let trailerLength = 0;
  let chunks = 0;
  let total = 0;
  let size = 0;
  let left = 0;
  let signature = "";
  let trailerSignature: string | undefined;
  let hasher: Hasher | undefined;

  function beginChunk(head: string): void {
    const [, digits, given = ""] = headForm.exec(head) ?? [];
    if (digits === undefined || (given === "") !== (facts.signed === undefined)) throw malformed();
    const before = size;
    size = Number.parseInt(digits, 16);
    chunks += 1;
    if (chunks > chunksMax) throw malformed();
    if (facts.signed && size > 0 && chunks > 1 && before < signedChunkBytesMin) {
      throw new ServiceError(
        "InvalidChunkSizeError",
        "Only the last chunk is allowed to have a size less than 8192 bytes",
      );
    }
    total += size;
    if (total > facts.lengthBytes) throw incomplete();
    signature = given;
    left = size;
    hasher = facts.signed && createHasher("sha256");
    if (size > 0) place = "data";
    else {
      endChunk();
      place = facts.trailer ? "trailer" : "gap";
    }
  }

  function endChunk(): void {
    const hash = hasher?.digest().toString("hex");
    if (facts.signed && !(hash && facts.signed.verifyChunk(signature, hash))) throw badSignature();
  }

  function takeTrailer(text: string): void {
    if (text === "") {
      endTrailer();
      place = "done";
      return;
    }
    const [, name, value] = trailerForm.exec(text) ?? [];
    if (name === undefined || value === undefined) throw badTrailer();
    if (name === "x-amz-trailer-signature" && facts.signed && trailerSignature === undefined) {
      trailerSignature = value;
      return;
    }
    // The signature is the last line, and nothing comes that was not announced.
    const announced = facts.trailerNames.includes(name) && trailers[name] === undefined;
    if (!announced || trailerSignature !== undefined) throw badTrailer();
    trailers[name] = value.trim();
  }

  function endTrailer(): void {
    const names = Object.keys(trailers).sort();
    if (names.length !== facts.trailerNames.length) throw badTrailer();
    if (!facts.signed) return;
    if (trailerSignature === undefined) throw badTrailer();
    const text = names.map((name) => `${name}:${trailers[name]}\n`).join("");
    if (!facts.signed.verifyTrailer(trailerSignature, sha256Hex(text))) throw badSignature();
  }

  function takeLine(text: string): void {
    if (place === "head") beginChunk(text);
    else if (place === "trailer") takeTrailer(text);
    else if (text !== "") throw malformed();
    else place = size === 0 ? "done" : "head";
  }

  /** Reads up to the end of a line; returns where to go on. */
  function readLine(part: Buffer, from: number): number {
    const end = part.indexOf(10, from);
    const to = end < 0 ? part.length : end;
    line += part.toString("latin1", from, to);
    trailerLength += place === "trailer" ? to - from : 0;
    if (line.length > (place === "trailer" ? trailerLengthMax : headLengthMax)) throw malformed();
    if (trailerLength > trailerLengthMax) throw badTrailer();
    if (end < 0) return to;
    if (!line.endsWith("\r")) throw malformed();
    const whole = line.slice(0, -1);
    line = "";
    takeLine(whole);
    return end + 1;
  }

  function feed(part: Buffer): Buffer {
    const decoded: Buffer[] = [];
    let at = 0;
    while (at < part.length) {
      if (place === "done") throw malformed();
      if (place !== "data") {
        at = readLine(part, at);
        continue;
      }
      const piece = part.subarray(at, at + left);
      hasher?.update(piece);
      decoded.push(piece);
      at += piece.length;
      left -= piece.length;
      if (left === 0) {
        endChunk();
        place = "gap";
      }
    }
    return decoded.length === 1 ? (decoded[0] ?? part) : Buffer.concat(decoded);
  }

  function finish(): void {
    if (place !== "done" || total !== facts.lengthBytes) throw incomplete();
  }

  return { feed, finish, trailers };
}
