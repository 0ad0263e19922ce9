import type { ProjectTarget } from "../find-project.ts";
import { invalid } from "../invalid.ts";
import { type ResourceName, readResourceName } from "../resources/find.ts";
import { type ResourceRecord, resourceKey, resourceRows } from "../resources/records.ts";

const resourcesMax = 50;

/** Resources by the names that are written, as they are now; who calls refuses what is missing. */
export function resourcesNamed(
  { schema, resources }: { readonly schema: string; readonly resources: readonly string[] },
  { project, store }: Pick<ProjectTarget, "project" | "store">,
): readonly { readonly name: ResourceName; readonly resource: ResourceRecord | undefined }[] {
  if (resources.length > resourcesMax) {
    throw invalid(`a function has at most ${resourcesMax} resources`);
  }
  return resources.map((written) => {
    const name = readResourceName(written, { project: project.name, schema });
    if (name.project !== project.name) {
      throw invalid(`the resource ${written} is of another project, which is not built`);
    }
    const key = resourceKey(project.id, name.schema, name.name);
    return { name, resource: resourceRows(store).find(key) };
  });
}
