import { join } from "node:path";
import {
  dataDirectory,
  freePort,
  type ServerProcess,
  startProcess,
  stopProcess,
} from "./server-process.ts";

/** Starts kinesalite over LevelDB on disk: Bondstore's records are on disk as well. */
export async function startKinesalite(): Promise<ServerProcess> {
  const directory = dataDirectory();
  const port = await freePort();
  const program = join("node_modules", "kinesalite", "cli.js");
  const { child, running } = await startProcess({
    command: process.execPath,
    args: [program, "--port", String(port), "--path", directory, "--createStreamMs", "0"],
    ready: (line) => (line.startsWith("Listening") ? true : undefined),
  });
  return {
    name: "kinesalite",
    ...running,
    port,
    accessKeyId: "bench",
    secretAccessKey: "bench",
    stop: () => stopProcess(child, directory),
  };
}
