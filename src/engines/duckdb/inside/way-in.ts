import type { Server } from "node:http";
import { createConnection } from "node:net";

const offersAtOnce = 2;

/**
 * Takes connections from outside of the cell for a server: this program calls, and who takes the call says first, in a
 * line, which port is meant, and there is one only. It ends when nobody listens outside.
 */
export function serveWayIn(server: Server, path: string): void {
  for (let offers = 0; offers < offersAtOnce; offers += 1) offer(server, path);
}

function offer(server: Server, path: string): void {
  const link = createConnection({ path, allowHalfOpen: true });
  const over = () => process.exit(1);
  link.once("error", over);
  link.once("close", over);
  link.once("data", (first) => {
    link.pause();
    link.off("error", over);
    link.off("close", over);
    link.on("error", () => link.destroy());
    offer(server, path);
    const end = first.indexOf("\n");
    if (end < 0) return void link.destroy();
    if (end + 1 < first.length) link.unshift(first.subarray(end + 1));
    server.emit("connection", link);
    link.resume();
  });
}
