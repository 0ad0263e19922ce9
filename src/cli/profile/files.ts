import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Surroundings } from "../surroundings.ts";

/** The two files of the AWS CLI and the SDKs. */
export interface AwsFiles {
  readonly config: string;
  readonly credentials: string;
}

/** Where they are: as the AWS tools look for them. */
export const awsFiles = ({ home, awsConfigFile, awsCredentialsFile }: Surroundings): AwsFiles => ({
  config: awsConfigFile ?? join(home, ".aws", "config"),
  credentials: awsCredentialsFile ?? join(home, ".aws", "credentials"),
});

/** The text of a file; undefined when there is none. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Replaces a file as a whole, or removes it: a reader sees the old one or the new one. Keeps its mode, and the file
 * that a link leads to.
 */
export function replaceFile(path: string, text: string | undefined): void {
  const known = statSync(path, { throwIfNoEntry: false });
  if (text === undefined) {
    rmSync(path, { force: true });
    return;
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const target = known ? realpathSync(path) : path;
  const draft = `${target}.bondstore-${process.pid}`;
  const file = openSync(draft, "wx", known ? known.mode & 0o777 : 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, target);
}
