import type { ResourceRecord } from "../resources/records.ts";
import type { SparkPlan } from "./plan.ts";

/** What of a resource its place in the job hangs on. */
export type SparkCode = Pick<ResourceRecord, "name" | "type">;

/** The option of `spark-submit` by which each type of a further resource comes in. */
const options: Readonly<Partial<Record<ResourceRecord["type"], string>>> = {
  py: "--py-files",
  jar: "--jars",
  file: "--files",
  archive: "--archives",
};

/** The words of `spark-submit` for a job; the first resource is what it runs. */
export function submitWords(
  { mainClass, words }: SparkPlan,
  name: string,
  [main, ...further]: readonly SparkCode[],
  at: (name: string) => string,
): readonly string[] {
  const given = Object.entries(options).flatMap(([type, option]) => {
    const paths = further.filter((one) => one.type === type).map((one) => at(one.name));
    return paths.length > 0 ? [option, paths.join(",")] : [];
  });
  return [
    ...["--name", name],
    ...(mainClass === undefined ? [] : ["--class", mainClass]),
    ...given,
    ...[at(main?.name ?? ""), ...words],
  ];
}
