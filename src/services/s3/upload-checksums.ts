import type { CompletedPart } from "@aws-sdk/client-s3";
import { assert } from "../../lib/assert.ts";
import { type ChecksumAlgorithm, checksumAlgorithms, createChecksum } from "../../lib/checksum.ts";
import { joinChecksums } from "../../lib/checksum-join.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import {
  type Checksums,
  type ChecksumType,
  checksumMembers,
  type PartRecord,
  type UploadRecord,
} from "./records.ts";

type Wanted = Pick<UploadRecord, "checksumAlgorithm" | "checksumType">;

const hashes: readonly ChecksumAlgorithm[] = ["SHA1", "SHA256"];

const memberOf = (algorithm: ChecksumAlgorithm): (typeof checksumMembers)[number] =>
  `Checksum${algorithm}`;

/** The checksum that an upload is begun with; hashes are made of the parts', CRC64NVME of the whole. */
export function wantedChecksum(input: {
  readonly ChecksumAlgorithm?: string | undefined;
  readonly ChecksumType?: string | undefined;
}): Wanted {
  const { ChecksumAlgorithm: name, ChecksumType: type } = input;
  if (name === undefined) {
    if (type === undefined) return {};
    throw new ServiceError(
      "InvalidRequest",
      "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
    );
  }
  const algorithm = checksumAlgorithms.find((one) => one === name);
  if (!algorithm) {
    throw new ServiceError(
      "InvalidRequest",
      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
    );
  }
  const standard = algorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE";
  const checksumType: ChecksumType =
    type === "COMPOSITE" || type === "FULL_OBJECT" ? type : standard;
  const impossible = checksumType === "COMPOSITE" ? ["CRC64NVME"] : hashes;
  if (impossible.includes(algorithm)) {
    throw new ServiceError(
      "InvalidRequest",
      `The ${checksumType} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  return { checksumAlgorithm: algorithm, checksumType };
}

/** A part comes with the checksum of its upload, never with another; only where parts are not compared, with none. */
export function checkPartChecksum(
  { checksumAlgorithm, checksumType }: UploadRecord,
  given: Checksums,
): void {
  if (!checksumAlgorithm) return;
  const [member] = Object.keys(given);
  if (
    member === undefined ? checksumType === "FULL_OBJECT" : member === memberOf(checksumAlgorithm)
  ) {
    return;
  }
  const actual = member?.replace("Checksum", "").toLowerCase() ?? "null";
  throw new ServiceError(
    "InvalidRequest",
    `Checksum Type mismatch occurred, expected checksum Type: ${checksumAlgorithm.toLowerCase()}, actual checksum Type: ${actual}`,
  );
}

/** Whether the checksums that a client names for a part are the part's own. */
export const fitsPart = (named: CompletedPart, { checksums }: PartRecord): boolean =>
  checksumMembers.every(
    (member) => named[member] === undefined || named[member] === checksums[member],
  );

/** An upload whose checksum is made of its parts' names each of them at its end too. */
export function checkNamed(
  { checksumAlgorithm, checksumType }: Wanted,
  named: CompletedPart,
): void {
  if (!checksumAlgorithm || checksumType !== "COMPOSITE") return;
  if (named[memberOf(checksumAlgorithm)] !== undefined) return;
  throw new ServiceError(
    "InvalidRequest",
    `The upload was created using a ${checksumAlgorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${named.PartNumber} in the request.`,
  );
}

/** An upload ends with the kind of checksum that it began with. */
export function checkType({ checksumType }: Wanted, said: string | undefined): void {
  if (said === undefined || said === checksumType) return;
  throw new ServiceError(
    "InvalidRequest",
    `The upload was created using the ${checksumType ?? "null"} checksum mode. The complete request must use the same checksum mode.`,
  );
}

/** The checksum of the whole object, from those of its parts; compared with what the client says it is. */
export function joinedChecksum(
  { checksumAlgorithm: algorithm, checksumType }: UploadRecord,
  parts: readonly PartRecord[],
  said: Checksums,
): { readonly checksums: Checksums; readonly checksumType?: ChecksumType } {
  if (!algorithm || !checksumType) return { checksums: {} };
  const member = memberOf(algorithm);
  const pieces = parts.map(({ checksums, size }) => ({
    checksum: Buffer.from(checksums[member] ?? "", "base64"),
    sizeBytes: size,
  }));
  const joined =
    checksumType === "FULL_OBJECT"
      ? joinChecksums(algorithm, pieces)
      : checksumOf(
          algorithm,
          pieces.map(({ checksum }) => checksum),
        );
  assert(joined, "only checksums that can be joined are of the whole object");
  const text = joined.toString("base64");
  const whole = checksumType === "COMPOSITE" ? `${text}-${parts.length}` : text;
  const claimed = said[member];
  if (claimed !== undefined && claimed !== whole && claimed !== text) {
    throw new ServiceError(
      "BadDigest",
      `The ${algorithm} you specified did not match the calculated checksum.`,
    );
  }
  return { checksums: { [member]: whole }, checksumType };
}

function checksumOf(algorithm: ChecksumAlgorithm, pieces: readonly Buffer[]): Buffer {
  const running = createChecksum(algorithm);
  for (const piece of pieces) running.update(piece);
  return running.digest();
}
