import { request } from "node:http";
import type { Duplex } from "node:stream";
import type { Cell } from "../../cells/cell.ts";
import { EngineLost, enginePort } from "../kept/ask.ts";
import { lendPath } from "./lent-functions.ts";

/**
 * Joins a function's connection to the cell in which a query will call it. Bytes pass here unread: both ends are code of
 * a user's, or next to it.
 */
export async function lend(cell: Cell, key: string, link: Duplex): Promise<void> {
  const connection = await cell.connect(enginePort).catch((error: unknown) => {
    throw new EngineLost("the engine cannot be reached", { cause: error });
  });
  const headers = {
    host: enginePort,
    connection: "upgrade",
    upgrade: "function",
    "x-function": key,
  };
  return new Promise((resolve, reject) => {
    const lost = (cause?: unknown) => reject(new EngineLost("no function can be lent", { cause }));
    const asked = request({ createConnection: () => connection, path: lendPath, headers });
    asked.once("error", lost);
    asked.once("response", () => {
      connection.destroy();
      lost();
    });
    asked.once("upgrade", (_response, socket: Duplex, head: Buffer) => {
      if (head.length > 0) socket.unshift(head);
      for (const [from, to] of [
        [socket, link],
        [link, socket],
      ] as const) {
        from.on("error", () => to.destroy());
        from.on("close", () => to.destroy());
        from.pipe(to);
      }
      resolve();
    });
    asked.end();
  });
}
