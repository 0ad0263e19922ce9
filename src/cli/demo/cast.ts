import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Surroundings } from "../surroundings.ts";
import type { Person } from "./clients.ts";
import type { Ready } from "./server.ts";
import type { Stage } from "./stage.ts";

/** Everything that the chapters share. */
export interface Cast {
  readonly stage: Stage;
  readonly data: string;
  readonly region: string;
  readonly account: string;
  readonly people: Map<string, Person>;
  readonly seed: number;
  readonly ordersEach: number;
  /** Adds a person's keys to the profiles. */
  admit(name: string, person: Person): void;
}

export const names = {
  stream: "orders",
  bucket: "acme-results",
  application: "order-sums",
  role: "order-sums",
  alias: "alias/orders",
  snapshot: "after-the-first",
} as const;

/** Where the demo keeps its AWS profiles and the documents of its commands, inside the data directory. */
export const demoFolder = (data: string): string => join(data, "demo");

/** Environment of every client: nothing of the user's own AWS files is read. */
export function environmentOf(data: string, { path, home, cache, flinkHome }: Surroundings) {
  const folder = demoFolder(data);
  return {
    PATH: path,
    HOME: home,
    BONDSTORE_CACHE: cache,
    ...(flinkHome !== undefined && { FLINK_HOME: flinkHome }),
    AWS_CONFIG_FILE: join(folder, "aws-config"),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, "aws-credentials"),
    AWS_PAGER: "",
    AWS_EC2_METADATA_DISABLED: "true",
    PYTHONWARNINGS: "ignore",
  };
}

/** Writes the profiles as the AWS CLI and the SDKs read them. */
export function writeProfiles(
  data: string,
  { endpoint, ca, region }: Ready,
  people: ReadonlyMap<string, Person>,
): void {
  const folder = demoFolder(data);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const config = [...people.keys()].map((name) =>
    [
      `[profile ${name}]`,
      `region = ${region}`,
      `endpoint_url = ${endpoint}`,
      `ca_bundle = ${ca}`,
      "output = json",
      "cli_pager =",
    ].join("\n"),
  );
  const credentials = [...people].map(([name, { accessKeyId, secretAccessKey }]) =>
    [
      `[${name}]`,
      `aws_access_key_id = ${accessKeyId}`,
      `aws_secret_access_key = ${secretAccessKey}`,
    ].join("\n"),
  );
  const write = (file: string, parts: readonly string[]) =>
    writeFileSync(join(folder, file), `${parts.join("\n\n")}\n`, { mode: 0o600 });
  write("aws-config", config);
  write("aws-credentials", credentials);
}
