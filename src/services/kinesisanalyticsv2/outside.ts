import type { OpenDoor } from "../../cells/door.ts";
import { missingForVolumes } from "../../cells/volume.ts";
import type { ApplicationLogs } from "./application-logs.ts";

/** What running applications needs from outside the services. */
export interface Engines {
  /** Directory for sockets and the like: short, private to this process, gone with it. */
  readonly runDirectory: string;
  /** Directory on disk for what running storage holds, sealed: private to this process, emptied at its start. */
  readonly volumeDirectory: string;
  /** Where the Flink set is; undefined when it is not installed. */
  readonly flinkHome: () => string | undefined;
  readonly javaHome: () => string | undefined;
  /** Classes prepared for a quick start, where somebody has prepared them. */
  readonly classesFile: (flinkHome: string, javaHome: string) => string;
  readonly unconfined: "refuse" | "accept";
  /** Opens the front door for one application: its own credentials get in, no others. */
  readonly openDoor: OpenDoor;
  readonly log: (line: string) => void;
  /** What the engines wrote, by application. */
  readonly logs: ApplicationLogs;
}

/** What is to be installed before an application can start. */
export function missingEngine(engines: Engines): string | undefined {
  const { flinkHome, javaHome } = engines;
  const missing =
    flinkHome() === undefined ? "Apache Flink" : javaHome() === undefined && "Java 17";
  if (missing) return `${missing} is not installed here: run \`npm run setup\`.`;
  const volumes = whyNoVolumes(engines);
  return volumes && `Running storage cannot be encrypted: ${volumes}.`;
}

/** Why running storage is not possible here and must be; who accepts cells without a sandbox accepts them without it. */
const whyNoVolumes = ({ unconfined }: Engines): string | undefined =>
  unconfined === "accept" ? undefined : missingForVolumes();
