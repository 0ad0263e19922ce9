import type { Duplex } from "node:stream";
import { CKR } from "../constants.ts";
import { type Cryptoki, CryptokiError } from "../cryptoki.ts";
import { Malformed, Reader, Writer } from "./bytes.ts";
import type { CallName, RequestSignature, ResponseSignature } from "./calls.ts";
import { FrameReader, frameHead, versionMax } from "./frames.ts";
import { readHead, readValues, type Values, writeMessage } from "./messages.ts";
import { createRpcHandler } from "./server.ts";

/** The other side is gone, or does not answer: its sessions are lost. A new connection may do better. */
export class ConnectionEnded extends Error {
  override readonly name = "ConnectionEnded";
}

/** Calls of p11-kit's RPC, asked of another side. */
export interface RpcClient {
  /**
   * Asks one call. Throws `CryptokiError` with the code that the other side answered, and `ConnectionEnded` when it is
   * gone or says what is no answer.
   */
  call<Name extends CallName>(
    name: Name,
    ...values: Values<RequestSignature<Name>>
  ): Promise<Values<ResponseSignature<Name>>>;
  close(): void;
}

/** Brings one message to the other side and its answer back. */
interface Transport {
  /** The highest version that the other side speaks. */
  readonly version: number;
  exchange(request: Buffer): Promise<Buffer>;
  close(): void;
}

function clientOver({ version, exchange, close }: Transport): RpcClient {
  return {
    async call<Name extends CallName>(name: Name, ...values: unknown[]) {
      const writer = new Writer();
      writeMessage(writer, name, "request", values, version);
      const answer = await exchange(writer.finish());
      try {
        return valuesOf(name, new Reader(answer), version);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        close();
        throw new ConnectionEnded(error.message);
      }
    },
    close,
  };
}

function valuesOf<Name extends CallName>(name: Name, reader: Reader, version: number) {
  const call = readHead(reader, "response");
  const values = call && readValues(call.response, reader, version);
  if (call?.name === "ERROR") throw new CryptokiError(Number(values?.[0]), `${name} was refused`);
  if (call?.name !== name) throw new Malformed("an answer to another call");
  // The signature was compared: these are the values that it promises.
  return values as Values<ResponseSignature<Name>>;
}

/** A client of an HSM in this process: the same messages, without a socket. */
export const connectInProcess = (hsm: Cryptoki, log: (line: string) => void): RpcClient => {
  const handler = createRpcHandler(hsm, log);
  return clientOver({
    version: versionMax,
    exchange: async (request) => handler.answer(request, versionMax),
    close: () => hsm.finalize(),
  });
};

interface Waiting {
  resolve(answer: Buffer): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

/** Calls that wait for their answers at once, at most. */
const waitingMax = 1024;

/**
 * A client over a stream whose other end serves p11-kit's RPC. Agrees on the version first. Calls may be asked
 * before earlier ones were answered; they are answered in order.
 */
export async function connectRpc(
  stream: Duplex,
  {
    timeoutMs,
    why,
    onEnd,
  }: {
    readonly timeoutMs: number;
    /** What is known of an end, for the message of its error. */
    why(): string;
    /** Called at the end, before any call learns of it. */
    onEnd?(): void;
  },
): Promise<RpcClient> {
  const waiting: Waiting[] = [];
  const frames = new FrameReader();
  let ended: ConnectionEnded | undefined;
  let greeted = false;

  function end(reason: string): void {
    if (ended) return;
    ended = new ConnectionEnded(`${reason}${why()}`);
    onEnd?.();
    stream.destroy();
    for (const { reject, timer } of waiting.splice(0)) {
      clearTimeout(timer);
      reject(ended);
    }
  }

  function take(answer: Buffer): void {
    const first = waiting.shift();
    if (!first) throw new Malformed("it answers what was not asked");
    clearTimeout(first.timer);
    first.resolve(answer);
  }

  function read(piece: Buffer): void {
    try {
      let rest = piece;
      if (!greeted) {
        greeted = true;
        take(piece.subarray(0, 1));
        rest = piece.subarray(1);
      }
      for (const { body } of frames.push(rest)) take(body);
    } catch (error) {
      end(error instanceof Error ? error.message : "it speaks another protocol");
    }
  }

  function send(parts: readonly Buffer[]): Promise<Buffer> {
    if (ended) return Promise.reject(ended);
    if (waiting.length >= waitingMax) {
      return Promise.reject(new CryptokiError(CKR.HOST_MEMORY, "too many calls at once"));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => end("it does not answer in time"), timeoutMs);
      waiting.push({ resolve, reject, timer });
      stream.write(parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts));
    });
  }

  stream.on("data", read);
  stream.on("error", (error) => end(error.message));
  stream.on("close", () => end("it ended"));
  const version = (await send([Buffer.of(versionMax)])).readUInt8(0);
  let code = 0;

  return clientOver({
    version,
    exchange(request) {
      code = (code % 0x7fffffff) + 1;
      return send([frameHead(code, request.length), request]);
    },
    close: () => end("it was closed"),
  });
}
