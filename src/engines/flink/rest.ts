import { request } from "node:http";
import type { Cell } from "../../cells/cell.ts";
import { isRecord } from "../../lib/record.ts";

/** Flink answered, and refused. */
export class FlinkRefusal extends Error {
  override readonly name = "FlinkRefusal";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Flink has taken the question and does not answer: it is busy, not gone. */
export class FlinkSilent extends Error {
  override readonly name = "FlinkSilent";
}

/** A tenant's code may answer in Flink's place: reading it must not keep this process from its other work. */
const answerBytesMax = 2 * 1024 * 1024;
const timeoutMs = 15_000;

/** Asks Flink's REST interface inside a cell. Rejects while nothing listens there. */
export async function askFlink(
  cell: Cell,
  method: "GET" | "POST" | "PATCH",
  path: string,
  body?: unknown,
): Promise<unknown> {
  const connection = await cell.connect("rest");
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = { host: "flink", "content-type": "application/json", connection: "close" };
  return new Promise((resolve, reject) => {
    const asked = request(
      { createConnection: () => connection, method, path, headers, timeout: timeoutMs },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > answerBytesMax) asked.destroy(new Error("Flink's answer is too long"));
          else chunks.push(chunk);
        });
        response.once("error", reject);
        response.once("end", () => {
          const status = response.statusCode ?? 0;
          const answer = Buffer.concat(chunks).toString("utf8");
          if (status < 300) resolve(parsed(answer));
          else reject(new FlinkRefusal(status, refusalText(answer)));
        });
      },
    );
    asked.once("timeout", () => asked.destroy(new FlinkSilent("Flink does not answer in time")));
    asked.once("error", reject);
    asked.end(text);
  });
}

function parsed(text: string): unknown {
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    return {};
  }
}

/** Flink answers with whole stack traces; the first line says what is wrong. */
function refusalText(text: string): string {
  const answer = parsed(text);
  const errors = isRecord(answer) && Array.isArray(answer["errors"]) ? answer["errors"] : [];
  const causes = errors
    .map(String)
    .join("\n")
    .matchAll(/^(?:Caused by: )?[\w.$]+: (.+)$/gm);
  const last = [...causes].at(-1)?.[1];
  return (last ?? String(errors[0] ?? text)).slice(0, 1000);
}
