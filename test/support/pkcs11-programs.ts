import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { findProgram } from "./programs.ts";

/** Directories in which distributions keep PKCS#11 modules and engines of OpenSSL. */
const libraries = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64"];

function findLibrary(...names: readonly string[]): string {
  const found = libraries.flatMap((place) => names.map((name) => join(place, name)));
  const path = found.find(existsSync);
  if (path === undefined) throw new Error(`${names[0]} is missing: run \`npm run setup\``);
  return path;
}

/** PKCS#11 module that speaks p11-kit's RPC to a socket, of p11-kit. */
export const clientModule = (): string => findLibrary("pkcs11/p11-kit-client.so");

export interface Ran {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly said: string;
}

/** Runs a program of the system to its end; answers whatever happens. */
export function runProgram(
  name: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  directory: string,
): Promise<Ran> {
  const child = spawn(isAbsolute(name) ? name : findProgram(name), words, {
    cwd: directory,
    env: { PATH: process.env["PATH"] ?? "", HOME: directory, LC_ALL: "C", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out: Buffer[] = [];
  let said = "";
  child.stdout.on("data", (piece: Buffer) => out.push(piece));
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    said += piece;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout: Buffer.concat(out), said }));
  });
}

/** A configuration of OpenSSL with the pkcs11 engine on a module. */
export function writeEngineConfig(directory: string, module: string): string {
  const path = join(directory, "openssl.cnf");
  writeFileSync(
    path,
    `openssl_conf = start
[start]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
dynamic_path = ${findLibrary("engines-3/pkcs11.so")}
MODULE_PATH = ${module}
init = 0
[req]
distinguished_name = name
[name]
`,
  );
  return path;
}
