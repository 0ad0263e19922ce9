/** Functions of users that a query calls: their code runs elsewhere, and rows go to it in batches. */
export interface LentFunctions {
  /** As the query calls them: each takes one text and gives one. */
  readonly names: readonly string[];
  /** How long one batch may take. */
  readonly batchMs: number;
}

/** Most bytes that one batch of rows, or of results, may have. */
export const frameBytesMax = 64 * 1024 * 1024;

/** Begins an error of a function: its number and, behind a colon, what its cell says of it. */
export const functionError = "odps_user_error";

/** A query's own process has the first connection to a function as this file, and the others behind it. */
export const firstLinkFd = 3;

/** Where the cell's server takes connections to functions. */
export const lendPath = "/function";
