import { ServiceError } from "../../../pipeline/operation.ts";

/** Where data outside of the warehouse lies: objects of a bucket whose keys begin so. */
export interface Location {
  readonly bucket: string;
  /** Empty, or ending with a slash. */
  readonly prefix: string;
}

/** A location, and who has set it, as projects know them: whoever uses it, they must be allowed the same there. */
export interface SetLocation extends Location {
  readonly setBy: string;
}

/** As a table keeps it: what was set before that was noted counts as set by the table's owner. */
export type StoredLocation = Location & Partial<SetLocation>;

/** A location as its text, which `readLocation` reads. */
export const locationText = ({ bucket, prefix }: Location): string => `s3://${bucket}/${prefix}`;

/**
 * Reads the text of a LOCATION: `s3://bucket/folder/`, or as MaxCompute writes it with OSS's address,
 * `oss://oss-cn-hangzhou-internal.aliyuncs.com/bucket/folder/`. The bucket is one of this Bondstore either way.
 */
export function readLocation(text: string): Location {
  const [, path = ""] = /^(?:s3|oss):\/\/(.+)$/s.exec(text) ?? [];
  const parts = path.split("/");
  if (/^oss-[a-z0-9.-]+$/.test(parts[0] ?? "") && parts[0]?.includes(".")) parts.shift();
  const [bucket = "", ...folders] = parts;
  const prefix = folders.filter((folder) => folder !== "").join("/");
  const isPlain = !folders.some((folder) => folder === "." || folder === "..");
  if (!/^[a-z0-9][a-z0-9.-]{2,62}$/.test(bucket) || !isPlain || prefix.length > 512) {
    throw new ServiceError(
      "ODPS-0130071",
      `ODPS-0130071: Semantic analysis exception - the location \`${text.slice(0, 200)}\` is none: s3://bucket/folder/ is expected`,
    );
  }
  return { bucket, prefix: prefix === "" ? "" : `${prefix}/` };
}
