import type { Invoke, Parts, Pointer } from "../../../pipeline/call.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import { namedPrincipal } from "../../../projects/named-principal.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import type { OdpsCall } from "../find-project.ts";
import { callerName } from "../projects.ts";
import { locationText, type SetLocation } from "./location.ts";
import { checkReachesOut } from "./set-location.ts";

/** An object that lies in a location. */
export interface ExternalObject {
  readonly key: string;
  readonly size: number;
}

/** Most of one location, and their bytes: what one statement may copy into its cell. */
const objectsMax = 10_000;
const bytesMax = 20 * 1024 ** 3;

/** Locations of one statement that are looked at before they are set; of more only the buckets. */
const lookedAtMax = 100;

/** Locations that are listed at a time. */
const atOnce = 16;

interface Page {
  readonly Contents?: readonly { readonly Key?: string; readonly Size?: number }[];
  readonly CommonPrefixes?: readonly { readonly Prefix?: string }[];
  readonly NextContinuationToken?: string;
}

type Caller = Parameters<Invoke>[3];

/**
 * Objects outside of the warehouse, as the caller of a job reaches them: each call is judged by S3's policies, of the
 * caller and of who has set the location, by the protection of the bucket's project, and recorded, as of the job's
 * project.
 */
export class ExternalObjects {
  readonly #call: OdpsCall;
  readonly #project: ProjectRecord;
  readonly #callers = new Map<string, Caller>();

  constructor(project: ProjectRecord, call: OdpsCall) {
    checkReachesOut(call);
    // Who may alter a table says where its objects are: nobody's rights read them without their asking.
    if (call.source.via !== undefined) {
      throw refused(
        "the clock reads no objects outside of the project: run ALTER MATERIALIZED VIEW .. REBUILD",
      );
    }
    this.#call = call;
    this.#project = project;
  }

  #s3<Output>(
    operation: string,
    { bucket: Bucket, setBy }: SetLocation,
    input: Record<string, unknown>,
  ): Promise<Output> {
    // A name that another account has taken meanwhile is not the bucket that was judged.
    const own = { ...input, Bucket, ExpectedBucketOwner: this.#project.account };
    return this.#call.parts.invoke<Output>("s3", operation, own, this.#callerAt(setBy));
  }

  /** The caller, and with it who has set the location. */
  #callerAt(setBy: string): Caller {
    const known = this.#callers.get(setBy);
    if (known) return known;
    const { parts, principal, account, source } = this.#call;
    const own = { ...source, project: this.#project.name };
    const pointed = setBy === callerName(this.#call) ? undefined : pointerOf(setBy, parts);
    const caller = { principal, account, source: pointed ? { ...own, pointedBy: pointed } : own };
    this.#callers.set(setBy, caller);
    return caller;
  }

  /**
   * Refuses locations whose bucket is not there. Who may not look may set one: to write is enough for some, and rights
   * may come later. The warning, of lines, says so; the refusal is in the trail, and at each use.
   */
  async checkBuckets(locations: readonly SetLocation[]): Promise<string> {
    const keyed = locations.map((one, at) => {
      const key = at < lookedAtMax ? locationText(one) : one.bucket;
      return [key, one] as const;
    });
    const each = [...new Map(keyed).values()];
    const denied: SetLocation[] = [];
    await inTurn(each, (location) =>
      this.#s3("ListObjectsV2", location, { Prefix: location.prefix, MaxKeys: 1 }).catch(
        (error: unknown) => {
          if (!(error instanceof ServiceError)) throw error;
          if (error.code === "AccessDenied") {
            denied.push(location);
            return;
          }
          throw new ServiceError(
            "ODPS-0130071",
            `ODPS-0130071: Semantic analysis exception - external table checking failure, error message: ${error.code}: ${error.message}`,
          );
        },
      ),
    );
    return denied.map((one) => `\n${notListed(one)}`).join("");
  }

  /** The objects of each location; all together are as many as one statement may copy. */
  async list(locations: readonly SetLocation[]): Promise<readonly (readonly ExternalObject[])[]> {
    let [count, bytes] = [0, 0];
    return inTurn(locations, async (location) => {
      const found: ExternalObject[] = [];
      for await (const { Contents = [] } of this.#pages(location)) {
        for (const { Key = "", Size = 0 } of Contents) {
          if (Key.endsWith("/") || Size === 0) continue;
          found.push({ key: Key, size: Size });
          count += 1;
          bytes += Size;
        }
        if (count > objectsMax || bytes > bytesMax) throw tooMuch;
      }
      return found;
    });
  }

  /** The folders right below each location, as prefixes. */
  async folders(locations: readonly SetLocation[]): Promise<readonly (readonly string[])[]> {
    let count = 0;
    return inTurn(locations, async (location) => {
      const found: string[] = [];
      for await (const { CommonPrefixes = [] } of this.#pages(location, "/")) {
        found.push(...CommonPrefixes.map(({ Prefix = "" }) => Prefix));
        count += CommonPrefixes.length;
        if (count > objectsMax) throw tooMuch;
      }
      return found;
    });
  }

  async *#pages(location: SetLocation, Delimiter?: string): AsyncGenerator<Page> {
    let ContinuationToken: string | undefined;
    do {
      const page: Page = await this.#s3("ListObjectsV2", location, {
        Prefix: location.prefix,
        ...(Delimiter !== undefined && { Delimiter }),
        ...(ContinuationToken !== undefined && { ContinuationToken }),
      });
      yield page;
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  async *read(location: SetLocation, { key: Key }: ExternalObject): AsyncGenerator<Buffer> {
    const { Body } = await this.#s3<{ Body: Buffer | AsyncIterable<Buffer> }>(
      "GetObject",
      location,
      { Key },
    );
    if (Buffer.isBuffer(Body)) yield Body;
    else yield* Body;
  }

  async write(
    location: SetLocation,
    name: string,
    body: AsyncIterable<Buffer>,
    bytes: number,
  ): Promise<void> {
    const input = { Key: `${location.prefix}${name}`, Body: body, ContentLength: bytes };
    await this.#s3("PutObject", location, input);
  }

  async remove(location: SetLocation, { key: Key }: ExternalObject): Promise<void> {
    await this.#s3("DeleteObject", location, { Key });
  }
}

/** What the refused can do about who has set a location. */
const again = "who is allowed sets it again: ALTER TABLE .. [PARTITION (..)] SET LOCATION";

const notListed = (location: SetLocation): string =>
  `WARNING: ${location.setBy} may not list ${locationText(location)}: nobody reads there until who has set this location may, too`;

function pointerOf(setBy: string, { directory, clock }: Parts): Pointer {
  const principal = namedPrincipal(setBy, directory, clock.now());
  if (principal) return { principal, remedy: `${setBy} has set this location; ${again}` };
  throw refused(`${setBy} has set this location and is not there any more; ${again}`);
}

const refused = (why: string) =>
  new ServiceError("ODPS-0130013", `ODPS-0130013:Authorization exception - ${why}`);

/** Work for each item, some at a time, in their order. */
async function inTurn<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += atOnce) {
    results.push(...(await Promise.all(items.slice(at, at + atOnce).map(work))));
  }
  return results;
}

const tooMuch = new ServiceError(
  "ODPS-0130071",
  `ODPS-0130071: Semantic analysis exception - a location has at most ${objectsMax} objects and 20 GiB`,
);
