import { mkdirSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { odpsSource } from "../../../engines/spark/odps-source.ts";
import type { NewCredentials } from "../../../identity/directory.ts";
import { isoSeconds } from "../../../lib/clock.ts";
import { invalid } from "../invalid.ts";
import type { ProjectSealing } from "../project-sealing.ts";
import { readResourceContent } from "../resources/content.ts";
import type { FoundResource } from "../resources/find.ts";
import { type ResourceRecord, resourceKey, resourceRows } from "../resources/records.ts";
import type { SparkTarget } from "./run-job.ts";

const resourceBytesMax = 512 * 1024 ** 2;

/** Puts what the job is started with on its volume: nothing else of the host's files is in its cell. */
export async function writeFiles(
  files: string,
  target: SparkTarget,
  made: NewCredentials,
  sealing: ProjectSealing,
): Promise<void> {
  for (const folder of ["resources", "modules"])
    mkdirSync(join(files, folder), { recursive: true });
  writeFileSync(join(files, "modules", "pyspark_odps.py"), odpsSource);
  writeFileSync(
    join(files, "credentials.json"),
    JSON.stringify({
      ...{ accessKeyId: made.accessKeyId, accessKeySecret: made.secret },
      ...{ securityToken: made.token, expiration: isoSeconds(made.expiresAtMs) },
    }),
  );
  let bytes = 0;
  const names = new Set<string>();
  for (const resource of target.resources) {
    const { record } = resource;
    if (!record) continue;
    bytes += record.size;
    if (bytes > resourceBytesMax) throw refused(`they have more than ${resourceBytesMax} bytes`);
    if (names.has(record.name)) throw refused(`two are called ${record.name}`);
    names.add(record.name);
    checkUnchanged(resource, record);
    const file = await open(join(files, "resources", record.name), "w");
    try {
      for await (const part of readResourceContent(resource, record, sealing)) {
        await file.write(part);
      }
    } finally {
      await file.close();
    }
  }
}

/** What was judged is what is run, or nothing is. */
function checkUnchanged({ store, project, name }: FoundResource, record: ResourceRecord): void {
  const now = resourceRows(store).find(resourceKey(project.id, name.schema, name.name));
  if (now?.id !== record.id || now.version !== record.version) {
    throw refused(`${record.name} was changed after the job was submitted`);
  }
}

const refused = (why: string) => invalid(`the job's resources are not run: ${why}.`);
