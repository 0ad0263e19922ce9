import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { findJava } from "../java.ts";

/** What is to be there for Spark to start. */
export interface SparkInstallation {
  /** PySpark, which brings all of Spark. */
  readonly sparkHome: string;
  readonly javaHome: string;
  /** What a job's code finds beside Spark: PyODPS, PyArrow and pandas. */
  readonly packages: string;
  /** What a client of Spark Connect needs beside these; undefined: it is not there. */
  readonly client?: string;
}

/** Where the set-up has put Spark below a cache, with a Java for it; undefined: it is not all there. */
export function findSpark(cache: string): SparkInstallation | undefined {
  const javaHome = findJava(undefined, "spark");
  const sparkHome = within(cache, "spark", "pyspark");
  const odps = within(cache, "spark-jobs", "odps");
  const grpc = within(cache, "spark-connect", "grpc");
  if (!javaHome || !sparkHome || !odps) return undefined;
  return { sparkHome, javaHome, packages: dirname(odps), ...(grpc && { client: dirname(grpc) }) };
}

/** A package in an environment of Python. */
function within(cache: string, environment: string, name: string): string | undefined {
  const libraries = join(cache, environment, "lib");
  const versions = existsSync(libraries) ? readdirSync(libraries) : [];
  return versions
    .map((version) => join(libraries, version, "site-packages", name))
    .find((home) => existsSync(home));
}
