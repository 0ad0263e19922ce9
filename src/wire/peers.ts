import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { BodyTooLarge, type HttpRequest, type HttpResponse } from "./http.ts";
import type { Handle } from "./server/serving.ts";

/** Where peers send their messages; no bucket has a name like this. */
const peerPath = "/_bondstore/peer";
const peerHeader = "x-bondstore-peer";
const messageBytesMax = 4 * 1024 * 1024;
const timeoutMs = 5_000;

/** Another Bondstore. */
interface Place {
  /** Of the agreement with it. */
  readonly id: string;
  readonly endpoint: string;
  /** What vouches for its certificate, PEM; undefined on plain HTTP. */
  readonly ca?: string;
}

/** Sends a sealed message to a peer, and answers the sealed answer. Rejects where it is not reached in five seconds. */
export function postToPeer({ id, endpoint, ca }: Place, sealed: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const request = endpoint.startsWith("https:") ? requestHttps : requestHttp;
    const options = {
      method: "POST",
      headers: { [peerHeader]: id, "Content-Type": "application/octet-stream" },
      // Messages are rare: no connection waits for the next one.
      agent: false,
      // Nothing else vouches for it: what a machine trusts besides does not count.
      ...(ca !== undefined && { ca }),
      signal: AbortSignal.timeout(timeoutMs),
    };
    const asking = request(new URL(peerPath, endpoint), options, (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes > messageBytesMax) response.destroy(new Error("its answer is too long"));
        else parts.push(part);
      });
      response.once("error", reject);
      response.once("end", () => {
        if (response.statusCode === 200) resolve(Buffer.concat(parts));
        else reject(new Error(`it answers with status ${response.statusCode ?? 0}`));
      });
    });
    asking.once("error", reject);
    asking.end(sealed);
  });
}

/** Whoever answers peers. */
export interface PeerDoor {
  /** Whether there is an agreement of this id: for none nothing is read. */
  knows(id: string): boolean;
  /** The sealed answer to a sealed message; undefined for what is of no peer. */
  receive(id: string, sealed: Buffer): Promise<Buffer | undefined>;
}

/** Lets messages of peers to their door; all else goes on. */
export function admitPeers(handle: Handle, door: PeerDoor): Handle {
  return (request) => (request.path === peerPath ? answer(request, door) : handle(request));
}

async function answer(request: HttpRequest, door: PeerDoor): Promise<HttpResponse> {
  const id = request.header(peerHeader) ?? "";
  if (request.method !== "POST" || !door.knows(id)) return { status: 403, headers: {} };
  try {
    const body = await door.receive(id, await request.readAll(messageBytesMax));
    if (!body) return { status: 403, headers: {} };
    return { status: 200, headers: { "Content-Type": "application/octet-stream" }, body };
  } catch (error) {
    if (error instanceof BodyTooLarge) return { status: 413, headers: {} };
    throw error;
  }
}
