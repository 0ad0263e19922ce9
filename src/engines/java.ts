import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Bind } from "../cells/sandbox.ts";

/** The releases of Java that an engine runs on and that were tried. */
const releases = {
  flink: /^JAVA_VERSION="(17|11)[."]/m,
  spark: /^JAVA_VERSION="17[."]/m,
  functions: /^JAVA_VERSION="17[."]/m,
} as const;

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function installed(): string[] {
  const homes = existsSync("/usr/lib/jvm")
    ? readdirSync("/usr/lib/jvm").map((name) => join("/usr/lib/jvm", name))
    : [];
  if (existsSync("/usr/bin/java")) homes.unshift(dirname(dirname(realpathSync("/usr/bin/java"))));
  return homes;
}

/** Home of a Java that an engine runs on: the one named, or one of those installed; undefined without. */
export function findJava(
  named: string | undefined,
  engine: keyof typeof releases = "flink",
): string | undefined {
  const candidates = named === undefined ? installed() : [named];
  const found = candidates.find(
    (home) =>
      existsSync(join(home, "bin/java")) && releases[engine].test(textOf(join(home, "release"))),
  );
  return found === undefined ? undefined : realpathSync(found);
}

/** What a cell must see for this Java to run; distributions keep parts of it under /etc. */
export function javaBinds(home: string): Bind[] {
  const settings = readdirSync("/etc").filter((name) => /^java(-\d+-openjdk)?$/.test(name));
  return [
    ...(home.startsWith("/usr/lib/") ? [] : [{ source: home }]),
    ...settings.map((name) => ({ source: join("/etc", name) })),
  ];
}
