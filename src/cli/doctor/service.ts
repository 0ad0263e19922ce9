import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { connect, type PeerCertificate } from "node:tls";
import { isLoopback } from "../loopback.ts";
import { dataWords } from "../options.ts";
import { findBlock, settingOf } from "../profile/block.ts";
import { awsFiles, readText } from "../profile/files.ts";
import { defaultProfile } from "../profile.ts";
import { type Check, fail, ok, type Patient, warn } from "./check.ts";

const dayMs = 86_400_000;
const timeoutMs = 5_000;

/** Whether a Bondstore serves, and if not, whether it could. */
export async function checkService({ running, config, around }: Patient): Promise<Check[]> {
  const name = "service";
  if (!running) {
    const { host, port, data } = config;
    const start = `bondstore up${dataWords(data, around)}`;
    if (await isFree(host, port)) return [ok(name, `nobody serves yet: \`${start}\``)];
    return [warn(name, `port ${port} of ${host} is taken`, `${start} --port 0`)];
  }
  const { protocol, hostname } = new URL(running.endpoint);
  if (protocol === "http:" && !isLoopback(hostname.replace(/^\[|\]$/g, ""))) {
    return [fail(name, `${running.endpoint} is reachable in clear`, "start without --plain-http")];
  }
  const { events } = running.trail;
  return [ok(name, `${running.endpoint} serves ${running.accounts} accounts, ${events} events`)];
}

/** The certificate, as clients see it: by our own authority, for the name they use, and not about to end. */
export async function checkCertificate({ running, clock }: Patient): Promise<Check[]> {
  const name = "certificate";
  if (running?.ca === undefined) return [];
  const { hostname, port } = new URL(running.endpoint);
  try {
    const shown = await certificateOf(hostname, Number(port), running.ca);
    const days = Math.floor((Date.parse(shown.valid_to) - clock.now()) / dayMs);
    const detail = `good for ${hostname} and ${days} days more (CA: ${running.ca})`;
    return [days > 7 ? ok(name, detail) : warn(name, detail, "start Bondstore again: it renews")];
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [
      fail(name, `clients will not accept it: ${text}`, `start with --host-name ${hostname}`),
    ];
  }
}

function certificateOf(host: string, port: number, ca: string): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ca: readFileSync(ca), timeout: timeoutMs }, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.once("error", reject);
    socket.once("timeout", () => {
      reject(new Error("no answer"));
      socket.destroy();
    });
  });
}

/** Whether the profile of the AWS tools leads to this Bondstore. */
export function checkProfile({ running, around, config }: Patient): Check[] {
  const name = "profile";
  const fix = `bondstore profile install${dataWords(config.data, around)}`;
  const block = findBlock(readText(awsFiles(around).config), defaultProfile);
  if (!block) return [ok(name, `none is installed; \`${fix}\` makes one`)];
  const endpoint = settingOf(block, "endpoint_url");
  if (!running || endpoint === running.endpoint) return [ok(name, `it points at ${endpoint}`)];
  return [warn(name, `it points at ${endpoint}, not at ${running.endpoint}`, fix)];
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
