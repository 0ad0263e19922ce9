import { accessSync, constants, existsSync } from "node:fs";
import { availableParallelism, freemem } from "node:os";
import { delimiter, join } from "node:path";
import { probeSandbox } from "../../cells/probe.ts";
import { missingForVolumes } from "../../cells/volume.ts";
import { flinkHomeIn } from "../../engines/flink/install.ts";
import { findJavaFunctions } from "../../engines/functions/java-set.ts";
import { findJava } from "../../engines/java.ts";
import { isInstalled } from "../../engines/pinned-set.ts";
import { pythonPath } from "../../engines/python.ts";
import { findSpark } from "../../engines/spark/spark-home.ts";
import { type Check, fail, ok, type Patient, warn } from "./check.ts";

const setup = "npm run setup";
const mebi = 1024 ** 2;
/** What a small application takes. */
const cellMebi = 900;

/** The version of Node, processors and memory. */
export function checkMachine(): Check[] {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const fit = major > 20 || (major === 20 && minor >= 19);
  const node = `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}`;
  const free = Math.floor(freemem() / mebi);
  const room = `${availableParallelism()} processors, ${free} MiB of memory are free`;
  return [
    fit ? ok("node", node) : fail("node", node, "install Node 20.19 or newer"),
    free >= cellMebi
      ? ok("memory", room)
      : warn("memory", room, `an application takes ${cellMebi} MiB: close other programs`),
  ];
}

/** Whether tenants' code can be confined here. */
export async function checkSandbox({ config }: Patient): Promise<Check[]> {
  const name = "sandbox";
  const { ok: works, why, limits } = await probeSandbox();
  if (!works) {
    const fix = why.includes("not installed")
      ? "sudo apt-get install bubblewrap"
      : "allow user namespaces: sudo sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0";
    const accepted = config.unconfinedCells === "accept" ? "" : "; no application will run";
    return [fail(name, `${why}${accepted}`, fix)];
  }
  const held = Object.entries(limits).map(([what, by]) => `${what} by ${by}`);
  return [ok(name, `cells run confined; limits: ${held.join(", ")}`)];
}

/** Whether applications' running storage can be encrypted here. */
export function checkVolumes({ config }: Patient): Check[] {
  const name = "running storage";
  const why = missingForVolumes();
  if (why === undefined) return [ok(name, "encrypted volumes can be mounted")];
  const accepted = config.unconfinedCells === "accept";
  const effect = accepted ? "it will be in memory, not encrypted" : "no application will run";
  const fix = "sudo apt-get install gocryptfs fuse3, and let this user open /dev/fuse";
  return [fail(name, `${why}; ${effect}`, fix)];
}

/** The interpreter of users' functions in the warehouse. */
export function checkPython(): Check[] {
  const fix = "sudo apt-get install python3";
  if (existsSync(pythonPath)) return [ok("python", pythonPath)];
  return [warn("python", `${pythonPath} is not there: no function in Python will run`, fix)];
}

/** Flink, Java, Spark, and what functions in Java run with. */
export function checkEngines({ config: { engines } }: Patient): Check[] {
  const home = flinkHomeIn(engines.cache, engines.flinkHome);
  const java = findJava(undefined);
  const spark = findSpark(engines.cache);
  const functions = findJavaFunctions(engines.cache);
  return [
    isInstalled(home) ? ok("flink", home) : fail("flink", `it is not in ${home}`, setup),
    java === undefined
      ? fail(
          "java",
          "no Java 11 or 17 is installed",
          "sudo apt-get install openjdk-17-jre-headless",
        )
      : ok("java", java),
    spark
      ? ok("spark", spark.sparkHome)
      : warn("spark", "it is not there, or no Java 17: nothing will run on Spark", setup),
    functions
      ? ok("java functions", functions.home)
      : warn("java functions", "what they run with is not there, or no Java 17", setup),
  ];
}

/** Clients that people use, in the private venv or on the path. */
export function checkClients({ around }: Patient): Check[] {
  const venv = join(around.cache, "clients", "bin");
  const clients = ["aws", "python"].map((name): Check => {
    const own = join(venv, name);
    const path = existsSync(own) ? own : onPath(name, around.path);
    const title = name === "python" ? "boto3" : "aws";
    if (path === undefined) return warn(title, `\`${name}\` is not installed`, setup);
    return ok(title, path);
  });
  const more = ["psql", "redis-cli", "terraform"].filter(
    (name) => onPath(name, around.path) !== undefined,
  );
  return more.length === 0 ? clients : [...clients, ok("other clients", more.join(", "))];
}

function onPath(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
