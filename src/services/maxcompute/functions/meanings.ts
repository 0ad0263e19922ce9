import { FunctionRefusal } from "../../../engines/functions/code-failure.ts";
import { parseCodeSignature } from "../../../sql/code-signature.ts";
import type { CodeMeaning, FoundFunction } from "./find.ts";

const meaningsMax = 1_000;
const signaturesMax = 100;
const signatureLengthMax = 10_000;

/** Refusals that the same class gets whenever it is asked. */
const reasons: Readonly<Record<string, (className: string) => string>> = {
  class: (name) =>
    `none of its resources has a class ${name}: it is named with its package, com.example.Plus`,
  needs: (name) =>
    `${name} needs a class that none of its resources has: name the JAR that has it as well`,
  base: () => "it is no UDF, UDTF or Aggregator of com.aliyun.odps.udf",
};

/** What classes in Java are as functions, as cells have told: of the contents that their functions had then. */
export class Meanings {
  readonly #known = new Map<string, CodeMeaning>();

  of(found: FoundFunction): CodeMeaning | undefined {
    return this.#known.get(keyOf(found));
  }

  /** Remembers what `ask` answers for a function; throws what it refuses for now. */
  async ask(found: FoundFunction, ask: () => Promise<string>): Promise<void> {
    const meaning = await ask().then(readMeaning, (error: unknown) =>
      refusedMeaning(error, found.record.className),
    );
    const [oldest] = this.#known.keys();
    if (this.#known.size >= meaningsMax && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(keyOf(found), meaning);
  }
}

const keyOf = ({ record, resources }: FoundFunction): string =>
  JSON.stringify([
    record.id,
    record.className,
    resources.map(({ record: { id, version } }) => [id, version]),
  ]);

function refusedMeaning(error: unknown, className: string): CodeMeaning {
  if (!(error instanceof FunctionRefusal)) throw error;
  const { error: reason, words = "" } = error.failure;
  // The compiler has seen the statement's own code, and nothing of it has run.
  if (reason === "compile") return { why: `it does not compile:\n${words}` };
  const why = Object.hasOwn(reasons, reason) ? reasons[reason] : undefined;
  if (!why) throw error;
  return { why: why(className) };
}

/** Reads what a cell tells of a class. */
function readMeaning(text: string): CodeMeaning {
  const told: unknown = JSON.parse(text);
  const member = (name: string): unknown =>
    typeof told === "object" && told !== null ? Reflect.get(told, name) : undefined;
  const [kind, list] = [member("kind"), member("signatures")];
  if (kind !== "scalar" && kind !== "table" && kind !== "aggregate") {
    throw new FunctionRefusal({ error: "ended", frames: [] });
  }
  const signatures = (Array.isArray(list) ? list : [])
    .slice(0, signaturesMax)
    .filter((one): one is string => typeof one === "string" && one.length <= signatureLengthMax)
    .filter((one) => parseCodeSignature(one));
  if (signatures.length > 0) return { code: { language: "Java", kind, signatures } };
  return {
    why:
      kind === "scalar"
        ? "its class has no evaluate of types that MaxCompute has"
        : 'its class has no @Resolve("types->types")',
  };
}
