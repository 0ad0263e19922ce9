import { mkdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { sha256Hex } from "../../lib/hash.ts";
import { findJava } from "../java.ts";
import {
  type Artifact,
  InstallationFailed,
  installSet,
  isInstalled,
  obtain,
  run,
} from "../pinned-set.ts";
import { javaProgram } from "./java-runner.ts";

const sdkVersion = "0.48.8-public";

/** MaxCompute's SDK for functions, and a compiler that runs where no JDK is. */
const artifacts: readonly Artifact[] = [
  {
    from: "maven",
    name: `com.aliyun.odps:odps-sdk-udf:${sdkVersion}`,
    file: `odps-sdk-udf-${sdkVersion}.jar`,
    sizeBytes: 41_466,
    sha256: "39aedc05d619f8cca2351f1b070bc7aec74d93b7d627a93014acae84afa82b1a",
  },
  {
    from: "maven",
    name: `com.aliyun.odps:odps-sdk-commons:${sdkVersion}`,
    file: `odps-sdk-commons-${sdkVersion}.jar`,
    sizeBytes: 206_778,
    sha256: "7c5e9652eabaff6da78f3423caae322aaa92b3f92d401ec7cce86e9e364b7d1e",
  },
  {
    from: "maven",
    name: "org.eclipse.jdt:ecj:3.33.0",
    file: "ecj-3.33.0.jar",
    sizeBytes: 3_160_927,
    sha256: "f7686c4960cf70c2ebc5c500a73a8cfc04541b730c18f1c5c21329889b137f45",
  },
];

const setName = `java-functions-${sha256Hex(JSON.stringify([artifacts, javaProgram])).slice(0, 8)}`;
const classes = "classes";

/** What functions in Java run with. */
export interface JavaFunctions {
  readonly javaHome: string;
  /** The set: jars, and the program of their cells, compiled. */
  readonly home: string;
}

/** The class path of a set that is seen at a path. */
export const classPathIn = (home: string): string =>
  [classes, ...artifacts.map(({ file }) => file)].map((name) => join(home, name)).join(":");

/** Where the set-up has put the set below a cache, with a Java for it; undefined: it is not all there. */
export function findJavaFunctions(cache: string): JavaFunctions | undefined {
  const javaHome = findJava(undefined, "functions");
  const home = join(cache, setName);
  return javaHome && isInstalled(home) ? { javaHome, home } : undefined;
}

interface Installation {
  readonly cache: string;
  readonly say: (line: string) => void;
}

/** Makes the set stand in the cache: fetches what is pinned, and compiles the program. */
export async function installJavaFunctions({ cache, say }: Installation): Promise<void> {
  const home = join(cache, setName);
  if (isInstalled(home)) return;
  const javaHome = findJava(undefined, "functions");
  if (!javaHome) {
    say("no Java 17 is found: functions in Java will not run; install openjdk-17-jre-headless");
    return;
  }
  say(`fetching MaxCompute's SDK for functions in Java into ${home}`);
  await installSet(home, async (part) => {
    for (const artifact of artifacts) await obtain(artifact, part, say);
    await compile(javaHome, part);
  });
}

/** Compiles the program of the cells into a set that has its jars. */
async function compile(javaHome: string, set: string): Promise<void> {
  const source = join(set, "source");
  mkdirSync(source);
  for (const [name, text] of Object.entries(javaProgram)) {
    writeFileSync(join(source, `${name}.java`), text);
  }
  const words = ["-cp", classPathIn(set), "org.eclipse.jdt.internal.compiler.batch.Main"];
  const options = ["-17", "-proc:none", "-nowarn", "-encoding", "UTF-8"];
  const target = ["-classpath", classPathIn(set), "-d", join(set, classes), source];
  const failure = await run(join(javaHome, "bin/java"), [...words, ...options, ...target]);
  if (failure !== undefined) {
    throw new InstallationFailed(`the program of functions in Java is not compiled: ${failure}`);
  }
  await rm(source, { recursive: true });
}
