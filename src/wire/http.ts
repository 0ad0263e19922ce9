/** An HTTP request as the wire hands it on: HTTP/1.1 and HTTP/2 look alike from here. */
export interface HttpRequest {
  readonly method: string;
  /** Path as sent, still percent-encoded, without the query. */
  readonly path: string;
  /** Query as sent, without the question mark; empty when there is none. */
  readonly query: string;
  /** Lower-case names, in the order sent. HTTP/2's `:authority` appears as `host`. Exactly one host. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The value of a header (lower-case name); several are joined by a comma, as RFC 9110 says. */
  header(name: string): string | undefined;
  readonly peer: Peer;
  /** The bytes of the body as they arrive; may be read once. */
  readonly body: AsyncIterable<Buffer>;
  /** The whole body at once. Throws `BodyTooLarge` past the limit. */
  readAll(limitBytes: number): Promise<Buffer>;
}

export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";
}

/** Who is at the other end, as facts of the connection. */
export interface Peer {
  readonly ip: string;
  readonly secure: boolean;
  /** Set when the connection comes through the socket of a cell: its id. */
  readonly cell?: string;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in the form they are sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: no body. A stream that throws ends the connection, so that the client sees a cut body. */
  readonly body?: Buffer | AsyncIterable<Buffer>;
}
