import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** What is to be there for Spark to start. */
export interface SparkInstallation {
  /** PySpark, which brings all of Spark. */
  readonly sparkHome: string;
  readonly javaHome: string;
}

/** Where PySpark is installed below a cache; undefined: it is not. */
export const findSpark = (cache: string): string | undefined => within(cache, "spark", "pyspark");

/** Where what a job's code finds beside Spark is: PyODPS, PyArrow and pandas. */
export const findPackages = (cache: string): string | undefined =>
  within(cache, "spark-jobs", "odps") && within(cache, "spark-jobs", "");

/** A package in an environment of Python, or the folder of all. */
function within(cache: string, environment: string, name: string): string | undefined {
  const libraries = join(cache, environment, "lib");
  const versions = existsSync(libraries) ? readdirSync(libraries) : [];
  return versions
    .map((version) => join(libraries, version, "site-packages", name))
    .find((home) => existsSync(home));
}
