// Installs what is missing, and says what it does. Safe to run again; what is there already costs no time.
//   --quiet       speak only when there is something to do
//   --no-engines  only what compiling and checking need
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { answerOf, fail, run } from "./run.js";

const quiet = process.argv.includes("--quiet");
const engines = !process.argv.includes("--no-engines");
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

function installPrograms() {
  const missing = programs.filter(([name, args]) => answerOf(name, args) === undefined);
  if (missing.length === 0) return;
  for (const [name, , , use] of missing) say(`${name} is missing: ${use}`);
  const packages = missing.map(([, , name]) => name);
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

/** AWS CLI and boto3 in a private venv: nothing of the user's Python is touched. */
function installClients() {
  const venv = join(cache, "clients");
  mkdirSync(cache, { recursive: true });
  const wanted = readFileSync("scripts/clients.txt");
  once(join(cache, "clients.stamp"), wanted, () => {
    say(`installing AWS CLI and boto3 into ${venv}`);
    run("python3", ["-m", "venv", "--clear", venv]);
    run(join(venv, "bin", "pip"), ["install", "--quiet", "-r", "scripts/clients.txt"]);
  });
}

checkNode();
installPackages();
if (engines) {
  installPrograms();
  installClients();
  // What fetches Flink is written in TypeScript.
  if (!existsSync("dist/src/main.js")) run(process.execPath, ["scripts/build.js"]);
  run(process.execPath, ["scripts/fetch-flink.js", ...(quiet ? ["--quiet"] : [])]);
}
if (!quiet) say("everything is there");
