import { connect } from "node:net";

/** Sends one request on a connection of its own and reads the JSON of the answer: for what comes before the work. */
export async function ask(
  port: number,
  request: readonly Buffer[],
): Promise<Record<string, unknown>> {
  const socket = connect({ port, host: "127.0.0.1" });
  for (const part of request) socket.write(part);
  let received: Buffer = Buffer.alloc(0);
  for await (const bytes of socket) {
    received = Buffer.concat([received, bytes as Buffer]);
    const end = received.indexOf("\r\n\r\n");
    if (end < 0) continue;
    const head = received.toString("latin1", 0, end);
    const body = received.subarray(end + 4);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    if (body.length < length) continue;
    socket.destroy();
    if (!/^HTTP\/1.1 2/.test(head)) throw new Error(`the server refused: ${body}`);
    return body.length === 0 ? {} : (JSON.parse(body.toString()) as Record<string, unknown>);
  }
  throw new Error("the server closed the connection");
}
