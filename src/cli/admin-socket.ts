import { closeSync, constants, existsSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CommandFailure } from "./surroundings.ts";

const name = "admin.sock";
/** The shortest limit of the systems that Node runs on. */
const pathBytesMax = 103;
const descriptors = "/proc/self/fd";

/** The path of a data directory's socket, as the kernel takes it, until it is closed. */
export interface SocketPath {
  readonly path: string;
  close(): void;
}

/**
 * Names the socket that commands speak to. It always lies in the data directory; where that has a long path, it is
 * named through a descriptor of the open directory, which is short and cannot be led elsewhere.
 */
export function openSocketPath(data: string): SocketPath {
  const path = join(data, name);
  if (Buffer.byteLength(path) <= pathBytesMax) return { path, close: () => {} };
  if (!existsSync(descriptors)) {
    throw new CommandFailure(`the path of \`${data}\` is too long for a socket in it`);
  }
  const directory = openSync(data, constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: join(descriptors, String(directory), name), close: () => closeSync(directory) };
}

/** Removes what a killed process left. Only for who has the directory open: nobody listens there then. */
export const clearSocket = (data: string): void => rmSync(join(data, name), { force: true });
