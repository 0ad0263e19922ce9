/** Files of a table that a text for Spark reads as one view. */
export interface SparkTable {
  /** What the text calls it. */
  readonly name: string;
  /** Its columns, as Spark writes them; what a file lacks is NULL. */
  readonly schema: string;
  /** A directory above the files: what their paths below it tell are columns, too. */
  readonly base?: string;
  readonly files: readonly string[];
}

/** A query for Spark. */
export interface SparkQuestion {
  /** Unique among the jobs that run. */
  readonly id: string;
  /** What its answer is called, until it is dropped. */
  readonly name: string;
  /** Queries that run before: the rows of each are a view of its name for what comes after it. */
  readonly steps: readonly { readonly name: string; readonly sql: string }[];
  readonly sql: string;
  readonly tables: readonly SparkTable[];
  readonly timezone: string;
}
