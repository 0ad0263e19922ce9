import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import type { Keys } from "./bondstore.ts";
import { descendsFrom, processesWith, readIfThere } from "./processes.ts";

/** A program of a cell, as the host sees it. */
export interface EngineProcess {
  readonly pid: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** The JVMs that run below a process. */
export function enginesBelow(ancestor: number): readonly EngineProcess[] {
  return allEngines().filter(({ pid }) => descendsFrom(pid, ancestor));
}

/** Every JVM of this host that runs Flink. */
export function allEngines(): readonly EngineProcess[] {
  return processesWith((line) => /^[^\0]*\/java\0/.test(line)).map((pid) => ({
    pid,
    environment: Object.fromEntries(
      readIfThere(`/proc/${pid}/environ`)
        .split("\0")
        .map((line) => [line.split("=")[0] ?? "", line.slice(line.indexOf("=") + 1)]),
    ),
  }));
}

/** Socket of the front door as the cell of this application sees it, of the Bondstore of a data directory. */
export function doorOf(data: string, applicationId: string): string {
  const door = join(readFileSync(join(data, "run"), "utf8"), `flink-${applicationId}.sock`);
  assert.ok(existsSync(door), `no door of ${applicationId}`);
  return door;
}

/** What an engine gets when it asks its door for credentials. */
export async function credentialsAt(
  socketPath: string,
  token: string,
): Promise<{ readonly status: number; readonly keys: Keys }> {
  const headers = { host: "door", authorization: token };
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: "/credentials", headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      answer.on("end", () => {
        const given = JSON.parse(text);
        const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token } = given;
        const keys = { accessKeyId, secretAccessKey, sessionToken: Token };
        resolve({ status: answer.statusCode ?? 0, keys });
      });
    });
    asked.on("error", reject).end();
  });
}

/** What a client of the AWS SDK is made with, to go through a cell's door. */
export const through = (socketPath: string, credentials: Keys) => ({
  endpoint: "http://127.0.0.1:4566",
  region: "us-east-1",
  credentials,
  maxAttempts: 1,
  requestHandler: { httpAgent: new Agent({ socketPath } as object) },
});
