import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { missingForVolumes, openVolume, type Volume } from "../../cells/volume.ts";
import type { Parts } from "../../pipeline/call.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { ProjectRecord } from "../../projects/project.ts";
import { projectContext, warehouseUse } from "../../projects/project-key.ts";
import type { CellsOutside } from "./project-engines.ts";

/** In the place of a volume where this host has none and that was accepted. */
async function plainDirectory(path: string): Promise<Volume> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const failed = new Promise<string>(() => {});
  return { path, failed, close: () => rm(path, { recursive: true, force: true }) };
}

/** A cell's working volume under a key of the account that is made for it and forgotten with it. */
export async function openProjectVolume(
  project: ProjectRecord,
  { id, bytesMax }: { readonly id: string; readonly bytesMax: number },
  parts: Parts,
  { unconfined, runDirectory, volumeDirectory }: CellsOutside,
): Promise<Volume> {
  const { keys, random } = parts;
  const missing = missingForVolumes();
  if (missing !== undefined) {
    if (unconfined === "accept") return plainDirectory(join(volumeDirectory, id));
    throw new ServiceError("ServiceUnavailable", `The warehouse cannot run: ${missing}.`);
  }
  const context = projectContext(project);
  const owned = keys.volumes.owned(project.account, context);
  const key = await keys.volumes.open(owned, context, warehouseUse(project, parts));
  return openVolume({
    ...{ id, mountsIn: runDirectory, storedIn: volumeDirectory, key, random, bytesMax },
  });
}
