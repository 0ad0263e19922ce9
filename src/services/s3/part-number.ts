import { ServiceError } from "../../pipeline/operation.ts";

const partsMax = 10_000;

/** An upload has at most ten thousand parts, numbered from one. */
export function checkPartNumber(number: number): void {
  if (number >= 1 && number <= partsMax) return;
  throw new ServiceError(
    "InvalidArgument",
    `Part number must be an integer between 1 and ${partsMax}, inclusive`,
    { ArgumentName: "partNumber", ArgumentValue: String(number) },
  );
}
