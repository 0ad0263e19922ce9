import { ServiceError } from "../lib/service-error.ts";
import type { HttpRequest, HttpResponse } from "../wire/http.ts";
import { type RunningServer, startServer } from "../wire/server/start-server.ts";
import { adminOperations } from "./admin.ts";
import { clearSocket, openSocketPath } from "./admin-socket.ts";
import type { Administered, AdminOperation } from "./administered.ts";

const inputBytesMax = 65_536;

/**
 * Serves the administrator's operations to commands that are given the directory: over a socket in it, which its
 * mode, 0600, keeps for the owner.
 */
export async function openAdminDoor(
  bondstore: Administered & { readonly data: string },
): Promise<Pick<RunningServer, "close">> {
  clearSocket(bondstore.data);
  const socket = openSocketPath(bondstore.data);
  const server = await startServer({
    listen: { socketPath: socket.path, peer: { ip: "bondstore", secure: true } },
    handle: (request) => answer(request, bondstore),
  });
  return {
    async close(graceMs) {
      await server.close(graceMs);
      socket.close();
    },
  };
}

async function answer(
  request: HttpRequest,
  bondstore: Parameters<AdminOperation>[0],
): Promise<HttpResponse> {
  const operation = adminOperations[request.path.slice(1)];
  if (request.method !== "POST" || !operation) return json(404, { error: "no such operation" });
  try {
    const text = (await request.readAll(inputBytesMax)).toString();
    const input = JSON.parse(text) as Record<string, unknown>;
    return json(200, await operation(bondstore, input));
  } catch (error) {
    const known = error instanceof ServiceError || error instanceof SyntaxError;
    return json(known ? 400 : 500, { error: error instanceof Error ? error.message : "failed" });
  }
}

const json = (status: number, value: unknown): HttpResponse => ({
  status,
  headers: { "Content-Type": "application/json" },
  body: Buffer.from(JSON.stringify(value)),
});
