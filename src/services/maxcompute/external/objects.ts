import type { Invoke } from "../../../pipeline/call.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import type { OdpsCall } from "../find-project.ts";
import type { Location } from "./location.ts";

/** An object that lies in a location. */
export interface ExternalObject {
  readonly key: string;
  readonly size: number;
}

/** Most of one location, and their bytes: what one statement may copy into its cell. */
const objectsMax = 10_000;
const bytesMax = 20 * 1024 ** 3;

/** Locations that are listed at a time. */
const atOnce = 16;

interface Page {
  readonly Contents?: readonly { readonly Key?: string; readonly Size?: number }[];
  readonly CommonPrefixes?: readonly { readonly Prefix?: string }[];
  readonly NextContinuationToken?: string;
}

/**
 * Objects outside of the warehouse, as the caller of a job reaches them: each call is judged by S3's policies, by the
 * protection of the bucket's project, and recorded, as of the job's project.
 */
export class ExternalObjects {
  readonly #invoke: Invoke;
  readonly #as: Parameters<Invoke>[3];
  readonly #owner: string;

  constructor(project: ProjectRecord, { parts, principal, account, source }: OdpsCall) {
    // Such a token is good for a project's things alone.
    if (principal.kind !== "service" && principal.kind !== "anonymous") {
      if (principal.session?.bearerPolicy !== undefined) {
        throw new ServiceError(
          "ODPS-0130013",
          "ODPS-0130013:Authorization exception - a bearer token reaches no location outside of the project",
        );
      }
    }
    // Who may alter a table says where its objects are: nobody's rights read them without their asking.
    if (source.via !== undefined) {
      throw new ServiceError(
        "ODPS-0130013",
        "ODPS-0130013:Authorization exception - the clock reads no objects outside of the project: run ALTER MATERIALIZED VIEW .. REBUILD",
      );
    }
    this.#invoke = parts.invoke;
    this.#as = { principal, account, source: { ...source, project: project.name } };
    this.#owner = project.account;
  }

  #s3<Output>(operation: string, input: Record<string, unknown>): Promise<Output> {
    // A name that another account has taken meanwhile is not the bucket that was judged.
    const own = { ...input, ExpectedBucketOwner: this.#owner };
    return this.#invoke<Output>("s3", operation, own, this.#as);
  }

  /** The objects of each location; all together are as many as one statement may copy. */
  async list(locations: readonly Location[]): Promise<readonly (readonly ExternalObject[])[]> {
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
  async folders(locations: readonly Location[]): Promise<readonly (readonly string[])[]> {
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

  async *#pages({ bucket, prefix }: Location, Delimiter?: string): AsyncGenerator<Page> {
    let ContinuationToken: string | undefined;
    do {
      const page: Page = await this.#s3("ListObjectsV2", {
        ...{ Bucket: bucket, Prefix: prefix },
        ...(Delimiter !== undefined && { Delimiter }),
        ...(ContinuationToken !== undefined && { ContinuationToken }),
      });
      yield page;
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  async *read({ bucket }: Location, { key }: ExternalObject): AsyncGenerator<Buffer> {
    const { Body } = await this.#s3<{ Body: Buffer | AsyncIterable<Buffer> }>("GetObject", {
      Bucket: bucket,
      Key: key,
    });
    if (Buffer.isBuffer(Body)) yield Body;
    else yield* Body;
  }

  async write(
    { bucket, prefix }: Location,
    name: string,
    body: AsyncIterable<Buffer>,
    bytes: number,
  ): Promise<void> {
    const input = { Bucket: bucket, Key: `${prefix}${name}`, Body: body, ContentLength: bytes };
    await this.#s3("PutObject", input);
  }

  async remove({ bucket }: Location, { key }: ExternalObject): Promise<void> {
    await this.#s3("DeleteObject", { Bucket: bucket, Key: key });
  }
}

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
