import type { Duplex } from "node:stream";
import { CKR } from "../constants.ts";
import { type Cryptoki, CryptokiError } from "../cryptoki.ts";
import { Malformed, Reader, Writer } from "./bytes.ts";
import type { CallName } from "./calls.ts";
import { type Frame, FrameReader, frameHead, versionMax } from "./frames.ts";
import { handlers, type Served } from "./handlers.ts";
import { readHead, readValues, writeMessage } from "./messages.ts";
import { Outputs } from "./outputs.ts";

/** What p11-kit's client opens C_Initialize with (`rpc-message.h`). */
const handshake = Buffer.from("PRIVATE-GNOME-KEYRING-PKCS11-PROTOCOL-V-1");

/** Answers the messages of one connection, each after the one before it. */
export interface RpcHandler {
  /** Throws `Malformed` where the message is none of the protocol. */
  answer(request: Buffer, version: number): Buffer | Promise<Buffer>;
}

type Log = (line: string) => void;
type AnyHandler = (served: Served, ...values: unknown[]) => unknown;

/** Makes what answers the messages of one application; its sessions end with `hsm.finalize`. */
export function createRpcHandler(hsm: Cryptoki, log: Log): RpcHandler {
  const served: Served = { hsm, outputs: new Outputs(hsm) };
  let state: "new" | "initialized" | "finalized" = "new";

  function initialize([greeting]: readonly unknown[]): unknown[] {
    if (!(greeting instanceof Uint8Array && handshake.equals(greeting))) {
      throw new CryptokiError(CKR.GENERAL_ERROR, "another protocol");
    }
    if (state === "initialized") {
      throw new CryptokiError(CKR.CRYPTOKI_ALREADY_INITIALIZED, "initialized already");
    }
    if (state === "finalized") throw new CryptokiError(CKR.DEVICE_REMOVED, "connect anew");
    state = "initialized";
    return [];
  }

  function finalize(): unknown[] {
    state = "finalized";
    served.outputs.forget();
    hsm.finalize();
    return [];
  }

  function perform(name: CallName, values: readonly unknown[]): unknown {
    if (name === "C_Initialize") return initialize(values);
    if (state !== "initialized") {
      throw new CryptokiError(CKR.CRYPTOKI_NOT_INITIALIZED, "C_Initialize comes first");
    }
    if (name === "C_Finalize") return finalize();
    const handler = handlers[name];
    if (!handler) throw new CryptokiError(CKR.FUNCTION_NOT_SUPPORTED, `${name} is not built`);
    // The values were read by the signature that the type of the handler is made from.
    return (handler as AnyHandler)(served, ...values);
  }

  function refusal(error: unknown): Buffer {
    if (error instanceof Malformed) throw error;
    const known = error instanceof CryptokiError;
    if (!known) log(`a fault in an HSM: ${error instanceof Error ? error.stack : String(error)}`);
    return message("ERROR", [known ? error.code : CKR.GENERAL_ERROR], versionMax);
  }

  return {
    answer(request, version) {
      try {
        const reader = new Reader(request);
        const call = readHead(reader, "request");
        if (!call) throw new CryptokiError(CKR.FUNCTION_NOT_SUPPORTED, "an unknown call");
        const { name } = call;
        const done = perform(name, readValues(call.request, reader, version));
        if (!(done instanceof Promise)) return message(name, done as unknown[], version);
        return done.then((values) => message(name, values, version)).catch(refusal);
      } catch (error) {
        return refusal(error);
      }
    },
  };
}

function message(name: CallName, values: readonly unknown[], version: number): Buffer {
  const writer = new Writer();
  writeMessage(writer, name, "response", values, version);
  return writer.finish();
}

/**
 * Serves one application over a stream that is authenticated already, until either side ends it or it says what is no
 * p11-kit RPC. The sessions of the application end with it. Never rejects.
 */
export async function serveRpc(hsm: Cryptoki, stream: Duplex, log: Log): Promise<void> {
  const handler = createRpcHandler(hsm, log);
  const frames = new FrameReader();
  let version: number | undefined;
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      let rest = piece;
      if (version === undefined) {
        version = piece.readUInt8(0);
        rest = piece.subarray(1);
        stream.write(Buffer.of(Math.min(version, versionMax)));
      }
      let answers: Buffer[] = [];
      let waiting = 0;
      // A client that does not read its answers is not read from either, nor is its next call done.
      const flush = async (): Promise<void> => {
        const written = answers;
        answers = [];
        waiting = 0;
        if (written.length > 0 && !stream.write(Buffer.concat(written))) await drained(stream);
      };
      for (const frame of frames.push(rest)) {
        const answer = handler.answer(frame.body, version);
        const made = framed(frame, answer instanceof Promise ? await answer : answer);
        answers.push(...made);
        waiting += frameHeadBytes + answerBytes(made);
        if (waiting < flushBytes) continue;
        await flush();
        // Others have their turn between.
        await new Promise((resolve) => setImmediate(resolve));
        if (stream.destroyed) break;
      }
      await flush();
    }
  } catch (error) {
    // Streams that break say so by a code; everything else is of interest.
    const broke = error instanceof Error && "code" in error;
    if (!broke) log(`a connection to an HSM was ended: ${String(error)}`);
  }
  stream.destroy();
  try {
    hsm.finalize();
  } catch (error) {
    log(`a fault in an HSM: ${error instanceof Error ? error.stack : String(error)}`);
  }
}

/** Answers of one piece are written together up to this. */
const flushBytes = 64 * 1024;
const frameHeadBytes = 12;

const answerBytes = ([, answer]: readonly Buffer[]): number => answer?.length ?? 0;

const framed = (frame: Frame, answer: Buffer): Buffer[] => [
  frameHead(frame.code, answer.length),
  answer,
];

function drained(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off("drain", done).off("close", done);
      resolve();
    };
    stream.once("drain", done).once("close", done);
    if (stream.destroyed) done();
  });
}
