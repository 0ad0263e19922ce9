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

interface Page {
  readonly Contents?: readonly { readonly Key?: string; readonly Size?: number }[];
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
    this.#invoke = parts.invoke;
    this.#as = { principal, account, source: { ...source, project: project.name } };
    this.#owner = project.account;
  }

  #s3<Output>(operation: string, input: Record<string, unknown>): Promise<Output> {
    // A name that another account has taken meanwhile is not the bucket that was judged.
    const own = { ...input, ExpectedBucketOwner: this.#owner };
    return this.#invoke<Output>("s3", operation, own, this.#as);
  }

  async list({ bucket, prefix }: Location): Promise<readonly ExternalObject[]> {
    const found: ExternalObject[] = [];
    let [bytes, ContinuationToken]: [number, string | undefined] = [0, undefined];
    do {
      const page: Page = await this.#s3("ListObjectsV2", {
        ...{ Bucket: bucket, Prefix: prefix },
        ...(ContinuationToken !== undefined && { ContinuationToken }),
      });
      for (const { Key = "", Size = 0 } of page.Contents ?? []) {
        if (Key.endsWith("/") || Size === 0) continue;
        found.push({ key: Key, size: Size });
        bytes += Size;
      }
      if (found.length > objectsMax || bytes > bytesMax) throw tooMuch;
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    return found;
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

const tooMuch = new ServiceError(
  "ODPS-0130071",
  `ODPS-0130071: Semantic analysis exception - a location has at most ${objectsMax} objects and 20 GiB`,
);
