import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** The reviewed version; to change it is to regenerate and to read the difference. */
export const botocoreVersion = "1.44.5";

/** A reference to a shape, with the traits of the place that refers to it. */
export interface BotoReference {
  readonly shape: string;
  readonly [trait: string]: unknown;
}

export interface BotoShape {
  readonly type: string;
  readonly members?: Readonly<Record<string, BotoReference>>;
  readonly member?: BotoReference;
  readonly key?: BotoReference;
  readonly value?: BotoReference;
  readonly required?: readonly string[];
  readonly error?: { readonly httpStatusCode?: number; readonly code?: string };
  readonly fault?: boolean;
  readonly exception?: boolean;
  readonly pattern?: string;
  readonly [trait: string]: unknown;
}

export interface BotoOperation {
  readonly name: string;
  readonly http: {
    readonly method: string;
    readonly requestUri: string;
    readonly responseCode?: number;
  };
  readonly input?: BotoReference;
  readonly output?: BotoReference;
  readonly errors?: readonly { readonly shape: string }[];
  readonly deprecated?: boolean;
  readonly authtype?: string;
}

export interface BotoModel {
  readonly metadata: {
    readonly apiVersion: string;
    readonly endpointPrefix: string;
    readonly protocol: string;
    readonly protocols?: readonly string[];
    readonly signingName?: string;
    readonly targetPrefix?: string;
    readonly jsonVersion?: string;
    readonly xmlNamespace?: string;
    readonly awsQueryCompatible?: unknown;
  };
  readonly operations: Readonly<Record<string, BotoOperation>>;
  readonly shapes: Readonly<Record<string, BotoShape>>;
}

/** Fetches botocore's wheel, reads the models of the services and removes it again. */
export function readModels(services: readonly string[]): ReadonlyMap<string, BotoModel> {
  const directory = mkdtempSync(join(tmpdir(), "botocore-"));
  try {
    const wheel = ["download", "--quiet", "--no-deps", "-d", directory];
    run("python3", ["-m", "pip", ...wheel, `botocore==${botocoreVersion}`]);
    const file = readdirSync(directory).find((name) => name.endsWith(".whl"));
    if (file === undefined) throw new Error("pip brought no wheel of botocore");
    run("python3", ["-m", "zipfile", "-e", join(directory, file), directory]);
    return new Map(services.map((service) => [service, readModel(directory, service)]));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readModel(directory: string, service: string): BotoModel {
  const folder = join(directory, "botocore", "data", service);
  const newest = readdirSync(folder).sort().at(-1);
  if (newest === undefined) throw new Error(`no model of ${service}`);
  const packed = readFileSync(join(folder, newest, "service-2.json.gz"));
  return JSON.parse(gunzipSync(packed).toString("utf8")) as BotoModel;
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "ignore", "inherit"] });
}
