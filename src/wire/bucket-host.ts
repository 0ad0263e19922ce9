/**
 * The bucket that a host names, or undefined where the path does: `b.s3.us-east-1.HOST`, `b.s3.HOST`, `b.HOST`,
 * `b.s3.localhost`, `b.s3.REGION.amazonaws.com`. `baseHosts` are the names under which clients reach Bondstore.
 */
export function findBucketInHost(
  host: string | undefined,
  baseHosts: readonly string[],
): string | undefined {
  const known = recent.get(baseHosts) ?? new Map<string, string | undefined>();
  const name = host ?? "";
  if (known.has(name)) return known.get(name);
  const bucket = find(name, baseHosts);
  // Anyone may send any host: a full memory begins anew.
  if (known.size >= hostsMax) known.clear();
  known.set(name, bucket);
  recent.set(baseHosts, known);
  return bucket;
}

/** Hosts seen lately, by the list they were looked up in: the same ones come with every request. */
const recent = new WeakMap<readonly string[], Map<string, string | undefined>>();
const hostsMax = 256;

function find(host: string, baseHosts: readonly string[]): string | undefined {
  const name = host
    .toLowerCase()
    .replace(/:\d{1,5}$/, "")
    .replace(/\.$/, "");
  if (name === "" || name.startsWith("[") || /^[\d.]+$/.test(name)) return undefined;
  for (const base of [...baseHosts, "localhost", "amazonaws.com"]) {
    const rest = before(name, base.toLowerCase());
    if (rest === undefined) continue;
    if (rest === "") return undefined;
    const bucket = beforeService(rest);
    if (bucket !== undefined) return bucket === "" ? undefined : bucket;
    // Without a label of the service, what stands before a base of ours is the bucket.
    if (baseHosts.includes(base)) return rest;
  }
  return undefined;
}

function before(name: string, base: string): string | undefined {
  if (name === base) return "";
  return name.endsWith(`.${base}`) ? name.slice(0, -base.length - 1) : undefined;
}

/** What stands before `s3`, `s3.REGION` or `s3.dualstack.REGION` at the end of the labels. */
function beforeService(labels: string): string | undefined {
  const found = /^(?:(.+)\.)?s3(?:\.dualstack)?(?:\.[a-z]{2}(?:-[a-z]+)+-\d)?$/.exec(labels);
  return found ? (found[1] ?? "") : undefined;
}
