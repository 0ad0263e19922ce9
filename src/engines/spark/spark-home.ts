import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** What is to be there for Spark to start. */
export interface SparkInstallation {
  /** PySpark, which brings all of Spark. */
  readonly sparkHome: string;
  readonly javaHome: string;
}

/** Where PySpark is installed below a cache; undefined: it is not. */
export function findSpark(cache: string): string | undefined {
  const libraries = join(cache, "spark", "lib");
  const versions = existsSync(libraries) ? readdirSync(libraries) : [];
  return versions
    .map((version) => join(libraries, version, "site-packages", "pyspark"))
    .find((home) => existsSync(join(home, "jars")));
}
