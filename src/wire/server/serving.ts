import type { Socket } from "node:net";
import type { HttpRequest, HttpResponse, Peer } from "../http.ts";

/** Answers a request. What it throws becomes a bare status 500. */
export type Handle = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/** What both versions of HTTP need from the server they belong to. */
export interface Serving {
  readonly handle: Handle;
  readonly onFault: (error: unknown) => void;
  readonly peerOf: (socket: Socket) => Peer;
  /** True once the server is being closed: connections end with their answer. */
  readonly closing: () => boolean;
}
