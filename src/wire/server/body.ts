import type { Readable } from "node:stream";
import { notePassed } from "../../lib/passed-bytes.ts";
import { ServiceError } from "../../lib/service-error.ts";
import { BodyTooLarge, type HttpRequest } from "../http.ts";

/** Where the bytes of one request's body come from. */
export interface BodySource {
  readonly stream: Readable;
  /** Zero: there is no body. Undefined: its end shows only when it comes. */
  readonly length: number | undefined;
  /** Sends `100 Continue`, where the client waits for it. */
  readonly invite: (() => void) | undefined;
  /** Whether a body of known length may be taken out of the stream before that has ended. */
  readonly takenEarly: boolean;
}

/** A body, and whether somebody has begun to read it. */
export interface Body extends Pick<HttpRequest, "body" | "readAll"> {
  begun(): boolean;
}

/** How long a client may let us wait for the next bytes of a body. */
const stallMs = 60_000;

/** All bodies together that are being collected now: one key's id is enough to send long ones that prove nothing. */
const collectedBytesMax = 256 * 1024 * 1024;
/** Short ones get through all the same. */
const shortBytesMax = 64 * 1024;
let collectedBytes = 0;

const tooMuch = () =>
  new ServiceError("ServiceUnavailable", "Too many long requests at once; try again later");

const empty = Buffer.alloc(0);

const cut = () => new ServiceError("IncompleteBody", "The request body terminated unexpectedly");

const stalled = () =>
  new ServiceError(
    "RequestTimeout",
    "Your socket connection to the server was not read from or written to within the timeout period. Idle " +
      "connections will be closed.",
  );

/** Opens a body for one reader, all at once or as a stream. */
export function openBody(source: BodySource): Body {
  let begun = false;

  function begin(): void {
    if (begun) throw new Error("a body is read once");
    begun = true;
    source.invite?.();
  }

  return {
    begun: () => begun,
    async readAll(limitBytes) {
      const { stream, length, takenEarly } = source;
      if (length === 0) return empty;
      if (length !== undefined && length > limitBytes) {
        throw new BodyTooLarge(`a body of ${length} bytes`);
      }
      begin();
      // A short body comes with its head: by the next step all of it is here, and nobody need listen for it.
      await Promise.resolve();
      const whole: unknown =
        takenEarly && stream.readableLength === length ? stream.read() : undefined;
      return Buffer.isBuffer(whole) ? whole : collect(stream, limitBytes);
    },
    body: {
      [Symbol.asyncIterator]() {
        if (source.length === 0) return nothing();
        begin();
        return pieces(source.stream);
      },
    },
  };
}

async function* nothing(): AsyncGenerator<Buffer> {}

/** Listens to the stream itself: no iterator, one copy at most. */
function collect(stream: Readable, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => finish(stalled()), stallMs);

    function finish(error?: Error): void {
      clearTimeout(timer);
      collectedBytes -= size;
      stream.off("data", take).off("end", end).off("error", broken).off("close", broken);
      if (!error) {
        resolve(parts.length === 1 ? (parts[0] ?? empty) : Buffer.concat(parts, size));
        return;
      }
      // Paused, not destroyed: the refusal still has to go out on the same connection.
      stream.pause();
      stream.on("error", ignore);
      reject(error);
    }

    function take(part: Buffer): void {
      size += part.length;
      collectedBytes += part.length;
      if (size > shortBytesMax && collectedBytes > collectedBytesMax) finish(tooMuch());
      else if (size > limitBytes) finish(new BodyTooLarge(`more than ${limitBytes} bytes`));
      else {
        parts.push(part);
        timer.refresh();
      }
    }

    const end = () => finish();
    const broken = () => finish(cut());
    if (stream.destroyed) broken();
    else stream.on("data", take).on("end", end).on("error", broken).on("close", broken);
  });
}

const ignore = () => {};

/** Piece by piece, as fast as the reader takes them. A reader that leaves early does not end the connection. */
async function* pieces(stream: Readable): AsyncGenerator<Buffer> {
  const parts = stream.iterator({ destroyOnReturn: false });
  let waiting = true;
  const timer = setTimeout(() => {
    if (waiting) stream.destroy(stalled());
    else timer.refresh();
  }, stallMs);
  try {
    for (;;) {
      waiting = true;
      timer.refresh();
      const next = await parts.next();
      if (next.done) return;
      waiting = false;
      notePassed(next.value.length);
      yield next.value;
    }
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw cut();
  } finally {
    clearTimeout(timer);
    stream.on("error", ignore);
    await parts.return?.();
  }
}
