import { existsSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { open, realEnvironment } from "../server.ts";
import { adminOperations } from "./admin.ts";
import { openSocketPath } from "./admin-socket.ts";
import type { AdminOperation } from "./administered.ts";
import { checkDataDirectory, missingDirectory } from "./data-directory.ts";
import { type DataOptions, dataDirectory, offlineConfig } from "./options.ts";
import { CommandFailure, type Surroundings } from "./surroundings.ts";

/**
 * Does an administrator's operation: by the Bondstore that has the directory open, or, where none runs, by opening
 * the directory for that one operation.
 */
export async function askAdmin(
  name: string,
  input: Readonly<Record<string, unknown>>,
  options: DataOptions,
  around: Surroundings,
): Promise<unknown> {
  const running = await askRunning(name, input, options, around);
  if (running) return running.answer;
  const data = dataDirectory(options, around);
  // Only what makes something may make the directory, too.
  if (name === "account-create") checkDataDirectory(offlineConfig(options, around));
  else if (!existsSync(join(data, "root.key"))) throw missingDirectory(data);
  const operation: AdminOperation | undefined = adminOperations[name];
  if (!operation) throw new CommandFailure(`there is no operation \`${name}\``);
  const opened = await open(
    offlineConfig(options, around),
    realEnvironment(() => {}),
  );
  try {
    return await operation({ opened }, input);
  } finally {
    await opened.close();
  }
}

/** The same of a Bondstore that has the directory open; undefined where none runs. */
export async function askRunning(
  name: string,
  input: Readonly<Record<string, unknown>>,
  options: DataOptions,
  around: Surroundings,
): Promise<{ readonly answer: unknown } | undefined> {
  const data = dataDirectory(options, around);
  if (!existsSync(data)) return undefined;
  const socket = openSocketPath(data);
  try {
    const answer = await askSocket(socket.path, name, input);
    return answer && { answer: read(answer) };
  } finally {
    socket.close();
  }
}

function read({ status, body }: Answer): unknown {
  const value: unknown = JSON.parse(body);
  if (status === 200) return value;
  const { error = "the operation failed" } = value as { error?: string };
  throw new CommandFailure(error);
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Undefined when nobody listens. */
function askSocket(
  socketPath: string,
  name: string,
  input: Readonly<Record<string, unknown>>,
): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const asking = request(
      { socketPath, method: "POST", path: `/${name}`, headers: { host: "bondstore" } },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 500, body: Buffer.concat(parts).toString() }),
        );
      },
    );
    asking.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ECONNREFUSED") resolve(undefined);
      else reject(error);
    });
    asking.end(JSON.stringify(input));
  });
}
