import { notRun } from "../jobs/not-run.ts";

/** A Spark job, as the plan and the settings of its task say. */
export interface SparkPlan {
  /** Name of the resource that is run: a Python file or a JAR. */
  readonly main: string;
  readonly mainClass?: string;
  readonly words: readonly string[];
  /** Names of further resources. */
  readonly files: readonly string[];
  /** Properties of Spark. */
  readonly settings: Readonly<Record<string, string>>;
}

const wordsMax = 500;
const wordCharsMax = 16 * 1024;
const filesMax = 50;
/** MaxCompute's name of the property that lists a job's resources. */
const filesProperty = "spark.hadoop.odps.cupid.resources";

/**
 * Reads the plan of a task: JSON with `resource`, `class` and `arguments`. That of the vendor's own client for Spark is
 * a message of another form, and is refused.
 */
export function readPlan(text: string, settings: Readonly<Record<string, string>>): SparkPlan {
  const told = parsed(text);
  const { resource, class: mainClass, arguments: words = [], ...more } = told;
  const unknown = Object.keys(more)[0];
  if (unknown !== undefined) throw notRun(`its Plan has no \`${unknown.slice(0, 64)}\``);
  if (typeof resource !== "string" || resource === "") throw notRun("its Plan names no resource");
  if (mainClass !== undefined && !(typeof mainClass === "string" && /^[\w.$]+$/.test(mainClass))) {
    throw notRun("the class of its Plan is not a name");
  }
  if (!isWords(words)) throw notRun(`its arguments are at most ${wordsMax} texts`);
  const properties = Object.entries(settings).filter(([name]) => /^spark\.[\w.-]+$/.test(name));
  const files = (settings[filesProperty] ?? "").split(",").map((name) => name.trim());
  const named = [...new Set(files)].filter((name) => name !== "" && name !== resource);
  if (named.length > filesMax) throw notRun(`it has more than ${filesMax} resources`);
  return {
    ...{ main: resource, words, files: named },
    ...(mainClass !== undefined && { mainClass }),
    settings: Object.fromEntries(
      properties.filter(([name]) => !name.startsWith("spark.hadoop.odps.")),
    ),
  };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    // Below.
  }
  if (typeof told === "object" && told !== null && !Array.isArray(told)) return { ...told };
  throw notRun(
    "its Plan is not the JSON that is run here; jobs of the vendor's client for Spark are not built in this Bondstore",
  );
}

const isWords = (given: unknown): given is readonly string[] =>
  Array.isArray(given) &&
  given.length <= wordsMax &&
  given.every((word) => typeof word === "string" && word.length <= wordCharsMax);
