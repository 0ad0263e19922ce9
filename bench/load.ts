import { connect, type Socket } from "node:net";

/** Work for a server: the bytes of each request, made when its turn comes. */
export interface Work {
  readonly port: number;
  /** Connections that ask at the same time; absent: eight. */
  readonly connections?: number;
  /** Head and body of request number `index`, ready to be written. */
  request(index: number): readonly Buffer[];
}

/** What came back in one window. */
export interface Answered {
  readonly good: number;
  readonly bad: number;
  readonly seconds: number;
  /** The first answer that was no success, for the person who reads the table. */
  readonly complaint?: string;
}

const usualConnections = 8;
const headEnd = Buffer.from("\r\n\r\n");
const lastChunk = Buffer.from("0\r\n\r\n");

/** Requests on kept-alive connections, each sent when the one before it was answered, for some seconds. */
export async function drive(work: Work, seconds: number, firstIndex: number): Promise<Answered> {
  let [good, bad, index] = [0, 0, firstIndex];
  let complaint: string | undefined;
  const started = performance.now();
  const untilMs = started + seconds * 1000;
  const { connections = usualConnections, port } = work;
  const lanes = await Promise.all(Array.from({ length: connections }, () => open(port)));
  await Promise.all(
    lanes.map(async (lane) => {
      while (performance.now() < untilMs) {
        const answer = await lane.ask(work.request(index++));
        if (answer.status >= 200 && answer.status < 300) good += 1;
        else {
          bad += 1;
          complaint ??= `${answer.status} ${answer.start}`;
        }
      }
      lane.close();
    }),
  );
  const took = (performance.now() - started) / 1000;
  return { good, bad, seconds: took, ...(complaint !== undefined && { complaint }) };
}

interface Answer {
  readonly status: number;
  /** Beginning of the body, where it came with the head. */
  readonly start: string;
}

interface Lane {
  ask(request: readonly Buffer[]): Promise<Answer>;
  close(): void;
}

/** One connection. Bodies are counted, not kept: the client must not be what is measured. */
async function open(port: number): Promise<Lane> {
  const socket = await connected(port);
  let head: Buffer = Buffer.alloc(0);
  let left: number | "chunks" | undefined;
  let answer: Answer = { status: 0, start: "" };
  let settle: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;

  socket.on("data", (bytes) => {
    if (left === undefined) {
      head = head.length === 0 ? bytes : Buffer.concat([head, bytes]);
      const end = head.indexOf(headEnd);
      if (end < 0) return;
      const text = head.toString("latin1", 0, end);
      const body = head.subarray(end + 4);
      const status = Number(text.slice(9, 12));
      answer = { status, start: status < 300 ? "" : body.toString("utf8", 0, 400) };
      const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
      left =
        length === undefined && /\r\ntransfer-encoding/i.test(text)
          ? "chunks"
          : Number(length ?? 0);
      head = Buffer.alloc(0);
      bytes = Buffer.from(body);
    }
    if (left === "chunks") {
      if (!bytes.subarray(-5).equals(lastChunk)) return;
    } else {
      left -= bytes.length;
      if (left > 0) return;
    }
    left = undefined;
    settle?.resolve(answer);
  });
  const broken = () => settle?.reject(new Error("the server closed a connection"));
  socket.on("error", broken).on("close", broken);

  return {
    ask(request) {
      return new Promise((resolve, reject) => {
        settle = { resolve, reject };
        socket.cork();
        for (const part of request) socket.write(part);
        socket.uncork();
      });
    },
    close() {
      settle = undefined;
      socket.destroy();
    },
  };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.once("error", reject).once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}
