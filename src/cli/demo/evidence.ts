import { cpSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listSegments } from "../../audit/segment.ts";
import type { DirectoryReport } from "../verify/verify-directory.ts";
import type { Cast } from "./cast.ts";
import { markerOf } from "./orders.ts";
import { scanFor } from "./scan.ts";
import type { DemoServer } from "./server.ts";

const mebi = 1024 * 1024;

/** Item 7, first half: nothing written in clear lies on disk, and everything is as it was written. */
export async function inspect({ stage, data, seed }: Cast): Promise<void> {
  const marker = markerOf(seed);
  stage.tell(`… looking for \`${marker}\` in every file of ${data}`);
  const { files, bytes, found } = await scanFor(data, marker);
  stage.check(
    `none of ${files} files (${(bytes / mebi).toFixed(0)} MiB) holds a marker of the orders`,
    found.length === 0 && files > 0 && bytes > mebi,
    found.join(", "),
  );
  const { status } = await stage.bondstore(["verify", "--full", "--data", data]);
  stage.check("verify finds nothing, beside the Bondstore that runs", status === 0);
}

/** Item 7, second half: on copies, one flipped byte and one cut tail are found and named. */
export async function tamper(cast: Cast, server: DemoServer, scratch: string): Promise<void> {
  const { stage, data } = cast;
  stage.tell("… stopping Bondstore, to copy its directory");
  await server.stop();
  const copy = join(scratch, "copy");
  cpSync(data, copy, { recursive: true });
  const last = (await listSegments(join(copy, "trail"))).at(-1);
  stage.check("the trail has a segment", last !== undefined);
  if (!last) return;
  const whole = readFileSync(last.path);

  const middle = Math.floor(whole.length / 2);
  const flipped = Buffer.from(whole);
  flipped.writeUInt8(flipped.readUInt8(middle) ^ 1, middle);
  writeFileSync(last.path, flipped);
  stage.tell(`… one bit of byte ${middle} of the copy's trail is flipped`);
  await finds(cast, copy, /^changed event/);

  writeFileSync(last.path, whole);
  truncateSync(last.path, statSync(last.path).size - 2_000);
  stage.tell("… the last 2,000 bytes of the copy's trail are cut off");
  await finds(cast, copy, /^cut tail/);
  rmSync(copy, { recursive: true, force: true });

  const { status } = await stage.bondstore(["verify", "--data", data], true);
  stage.check("the directory itself verifies, with nobody running", status === 0);
}

async function finds({ stage }: Cast, copy: string, what: RegExp): Promise<void> {
  const { status, out } = await stage.bondstore(["verify", "--data", copy, "--json"], true);
  const { findings } = JSON.parse(out) as DirectoryReport;
  for (const { what: kind, where, detail } of findings)
    stage.tell(`  ${kind}: ${where}: ${detail}`);
  stage.check(
    "verify finds it and names it",
    status === 1 && findings.some((finding) => what.test(finding.what)),
  );
}
