import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import type { Config } from "../config.ts";
import { readClusterAddress } from "../engines/spark/cluster/address.ts";
import { isLoopback } from "./loopback.ts";
import { CommandFailure, type Surroundings } from "./surroundings.ts";

/** Options of every command that works on a data directory. */
export interface DataOptions {
  readonly data?: string;
  readonly keyFile?: string;
  readonly vault?: string;
  readonly pkcs11Module?: string;
  readonly pkcs11Token?: string;
  readonly pkcs11PinFile?: string;
  readonly region: string;
  readonly json?: boolean;
}

/** Options of `up`, which become the configuration. */
export interface UpOptions extends DataOptions {
  readonly host: string;
  readonly port: number;
  readonly hsmPort?: number;
  readonly plainHttp?: boolean;
  readonly hostName?: readonly string[];
  readonly admitSignatureV2?: boolean;
  readonly xksProxy?: readonly string[];
  readonly xksAuthority?: string;
  readonly alsoRegion?: readonly string[];
  readonly liftShardLimits?: boolean;
  readonly acceptUnconfinedCells?: boolean;
  readonly sparkConnect?: string;
  readonly sparkTokenFile?: string;
}

/** Option of commands about what is in one account. */
export const inAccount = [
  "--account <id>",
  "id or name of the account; the first one unless said",
] as const;

export const defaultPort = 4566;

export function addDataOptions(command: Command): Command {
  return command
    .option("--data <directory>", "data directory (default: the user's own)")
    .option(
      "--key-file <file>",
      "file that unlocks the root of trust (default: root.secret inside)",
    )
    .option("--pkcs11-module <file>", "PKCS#11 module with a token that unlocks the root of trust")
    .option("--pkcs11-token <label>", "that token")
    .option("--pkcs11-pin-file <file>", "file with the PIN of its user")
    .option(
      "--vault <file>",
      "file of what deleted keys take with them, to be kept out of backups (default: vault inside)",
    )
    .addOption(new Option("--region <name>", "region that this Bondstore is").default("us-east-1"))
    .option("--json", "print JSON");
}

export function addUpOptions(command: Command): Command {
  return addDataOptions(command)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <number>", "port to listen on; 0 takes a free one", toPort, defaultPort)
    .option(
      "--also-region <name...>",
      "further regions for KMS, STS and CloudTrail; served from then on",
    )
    .option("--hsm-port <number>", "port of HSMs over mutual TLS; 0 takes a free one", toPort)
    .option("--plain-http", "serve HTTP instead of HTTPS; only on a loopback address")
    .option("--host-name <name...>", "further names that clients reach this Bondstore by")
    .option(
      "--xks-proxy <host=address:port...>",
      "proxies of external key stores that are not on the internet",
    )
    .option("--xks-authority <file>", "PEM of who vouches for proxies besides those trusted here")
    .option("--admit-signature-v2", "accept S3 URLs signed with Signature Version 2")
    .option("--lift-shard-limits", "do not hold Kinesis shards to AWS's limits")
    .option(
      "--spark-connect <address>",
      "Spark cluster for statements of projects that allow it: sc://host:port/;use_ssl=true",
    )
    .option("--spark-token-file <file>", "file with the token that its Spark Connect server asks")
    .option(
      "--accept-unconfined-cells",
      "run tenants' code WITHOUT a sandbox where this host permits none",
    );
}

function toPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new CommandFailure(`\`${text}\` is not a port: give a number from 0 to 65535`, 2);
}

export const dataDirectory = (options: DataOptions, around: Surroundings): string =>
  options.data === undefined
    ? join(around.dataHome, "bondstore")
    : resolve(around.workingDirectory, options.data);

/** How a command line names this directory: not at all where it is the user's own. */
export const dataWords = (data: string, around: Surroundings): string =>
  data === join(around.dataHome, "bondstore") ? "" : ` --data ${shellWord(data)}`;

/** A word that a shell reads back as it is. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** The configuration of a command line. Refuses what would be unsafe. */
export function configOf(options: UpOptions, around: Surroundings): Config {
  if (options.plainHttp && !isLoopback(options.host)) {
    throw new CommandFailure(
      `plain HTTP is served on a loopback address only, and ${options.host} is none: leave out --plain-http`,
      2,
    );
  }
  const data = dataDirectory(options, around);
  return {
    data,
    host: options.host,
    port: options.port,
    region: options.region,
    furtherRegions: furtherRegionsOf(options),
    plainHttp: options.plainHttp ?? false,
    hostNames: options.hostName ?? [],
    admitSignatureV2: options.admitSignatureV2 ?? false,
    shardLimits: options.liftShardLimits ? "lift" : "enforce",
    unconfinedCells: options.acceptUnconfinedCells ? "accept" : "refuse",
    hsmPort: options.hsmPort,
    moduleEnv: around.moduleEnv ?? {},
    xks: xksOf(options, around),
    root: rootOf(options, data, around),
    vault:
      options.vault === undefined
        ? join(data, "vault")
        : resolve(around.workingDirectory, options.vault),
    engines: {
      cache: around.cache,
      ...(around.flinkHome !== undefined && { flinkHome: around.flinkHome }),
    },
    ...clusterOf(options, around),
  };
}

/** A job's credentials go to the cluster by this way: in clear only on this machine. */
function clusterOf(
  { sparkConnect, sparkTokenFile }: UpOptions,
  around: Surroundings,
): Pick<Config, "sparkCluster"> {
  if (sparkConnect === undefined) return {};
  const address = readClusterAddress(sparkConnect);
  if (!address) {
    throw new CommandFailure(`\`${sparkConnect}\` is not sc://HOST:PORT or …/;use_ssl=true`, 2);
  }
  if (!address.tls && !isLoopback(address.host)) {
    throw new CommandFailure(
      `a cluster on another machine is asked over TLS: add /;use_ssl=true`,
      2,
    );
  }
  const file = sparkTokenFile && resolve(around.workingDirectory, sparkTokenFile);
  const token = file && readFileSync(file, "utf8").trim();
  return { sparkCluster: { ...address, ...(token && { token }) } };
}

/** As KMS's model has it (RegionType). */
const regionForm = /^(?:[a-z]+-){2,3}\d+$/;

function furtherRegionsOf({ region, alsoRegion = [] }: UpOptions): readonly string[] {
  for (const [at, name] of alsoRegion.entries()) {
    if (!regionForm.test(name) || name.length > 32) {
      throw new CommandFailure(`\`${name}\` is no region: give a name such as eu-west-1`, 2);
    }
    if (name === region || alsoRegion.indexOf(name) < at) {
      throw new CommandFailure(`region ${name} is given twice`, 2);
    }
  }
  return alsoRegion;
}

/** AWS gives a proxy 250 ms. Here it has a second, with the connection and the network between. */
const answerWithinMs = 1_000;

const proxyForm = /^([a-z0-9][a-z0-9.-]*)=(?:\[([0-9a-f:.]+)\]|([0-9.]+)):(\d{1,5})$/i;

function xksOf({ xksProxy = [], xksAuthority }: UpOptions, around: Surroundings): Config["xks"] {
  const proxies = xksProxy.map((text) => {
    const [, host, wide, address = wide, port = ""] = proxyForm.exec(text) ?? [];
    if (host === undefined || address === undefined) {
      throw new CommandFailure(`\`${text}\` is not HOST=ADDRESS:PORT`, 2);
    }
    return { host, address, port: toPort(port) };
  });
  if (xksAuthority === undefined) return { proxies, authority: undefined, answerWithinMs };
  const file = resolve(around.workingDirectory, xksAuthority);
  return { proxies, authority: readFileSync(file, "utf8"), answerWithinMs };
}

function rootOf(options: DataOptions, data: string, around: Surroundings): Config["root"] {
  const { passphrase, systemdCredentials } = around;
  const { pkcs11Module, pkcs11Token, pkcs11PinFile } = options;
  if (pkcs11Module !== undefined) {
    if (pkcs11Token === undefined || pkcs11PinFile === undefined) {
      throw new CommandFailure("--pkcs11-module needs --pkcs11-token and --pkcs11-pin-file", 2);
    }
    const module = resolve(around.workingDirectory, pkcs11Module);
    const pinFile = resolve(around.workingDirectory, pkcs11PinFile);
    return { kind: "pkcs11-token", module, token: pkcs11Token, pinFile };
  }
  if (options.keyFile !== undefined) {
    return { kind: "key-file", path: resolve(around.workingDirectory, options.keyFile) };
  }
  if (passphrase !== undefined) return { kind: "passphrase", passphrase };
  if (systemdCredentials !== undefined) {
    return { kind: "systemd-credential", path: join(systemdCredentials, "bondstore-root") };
  }
  return { kind: "key-file", path: join(data, "root.secret") };
}

/** For commands that open a directory without serving it. */
export const offlineConfig = (options: DataOptions, around: Surroundings): Config =>
  configOf({ ...options, host: "127.0.0.1", port: 0 }, around);
