import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import type { CommandLine, Up } from "./command-line.ts";
import { scanFor } from "./files-below.ts";
import { warehousePython } from "./warehouse.ts";

/** A value of rows that no file below the data directory may hold in clear. */
export const marker = "a-value-that-is-in-clear-nowhere";

/** Runs a script of PyODPS against a Bondstore; `seen` gets each line that it prints. */
export function script(up: Up, keys: Up["ready"], text: string, seen: (line: string) => void) {
  const head = `
import json, warnings
warnings.simplefilter("ignore")
from odps import ODPS
o = ODPS("${keys.accessKeyId}", "${keys.secretAccessKey}", "sales", endpoint="${up.ready.endpoint}/api")
`;
  const child = spawn(warehousePython, ["-u", "-c", head + text], {
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [rest, errors] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    errors = (errors + part).slice(-4_000);
  });
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    const lines = (rest + part).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) seen(line);
  });
  const ended = new Promise<string>((resolve) => child.once("close", () => resolve(errors)));
  return { child, ended };
}

/** Kills the server while a script writes that never ends by itself; `acknowledged` says when. */
export async function killAmid(
  up: Up,
  keys: Up["ready"],
  write: string,
  acknowledged: (n: number, kill: () => void) => void,
): Promise<void> {
  let kill = () => {};
  const enough = new Promise<undefined>((resolve) => {
    kill = () => resolve(undefined);
  });
  const writing = script(up, keys, write, (line) => acknowledged(Number(line), kill));
  const failed = await Promise.race([enough, writing.ended]);
  assert.ok(failed === undefined, `the writer ended by itself: ${failed}`);
  await up.kill();
  writing.child.kill("SIGKILL");
  await writing.ended;
}

/** The store stops, is whole, and holds no row in clear. */
export async function checkStore(bondstore: CommandLine, up: Up): Promise<void> {
  assert.equal(await up.stop(), 0);
  const verified = await bondstore.run("verify", "--data", bondstore.data);
  assert.equal(verified.status, 0, verified.said);
  assert.deepEqual(scanFor(bondstore.data, [marker]).found, []);
}

const clientOf = ({ ready: { endpoint, region } }: Up, keys: Up["ready"]) => {
  const { accessKeyId = "", secretAccessKey = "" } = keys;
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
};

/** Makes a bucket as somebody. */
export async function makeBucket(up: Up, keys: Up["ready"], Bucket: string): Promise<void> {
  const s3 = new S3Client({ ...clientOf(up, keys), forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket }));
  s3.destroy();
}

/** Makes a key as somebody; answers its ARN. */
export async function newKey(up: Up, keys: Up["ready"]): Promise<string> {
  const kms = new KMSClient(clientOf(up, keys));
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  kms.destroy();
  return KeyMetadata?.Arn ?? "";
}
