import type { OdpsCall, ProjectTarget } from "../find-project.ts";
import { invalid } from "../invalid.ts";
import { type FoundResource, findResource, resourceNameText } from "../resources/find.ts";

const resourcesMax = 50;

/** Resources by the names that are written, as they are now; who calls refuses what is missing. */
export function resourcesNamed(
  { schema, resources }: { readonly schema: string; readonly resources: readonly string[] },
  { project }: Pick<ProjectTarget, "project">,
  call: OdpsCall,
): readonly FoundResource[] {
  if (resources.length > resourcesMax) {
    throw invalid(`a function has at most ${resourcesMax} resources`);
  }
  const place = { project: project.name, schema };
  const byName = new Map<string, FoundResource>();
  for (const written of resources) {
    const found = findResource(written, place, call);
    const key = found.name.name.toLowerCase();
    const other = byName.get(key);
    // All of them lie in one folder of its cell.
    if (other && placeOf(other) !== placeOf(found)) {
      throw invalid(`two of its resources are called ${found.name.name.slice(0, 256)}`);
    }
    byName.set(key, found);
  }
  return [...byName.values()];
}

const placeOf = ({ name }: FoundResource): string => resourceNameText(name).toLowerCase();
