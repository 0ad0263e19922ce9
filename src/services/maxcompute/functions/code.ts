import type {
  CodeSource,
  FunctionCode,
  FunctionResource,
} from "../../../engines/functions/function-cell.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import type { CodeCall } from "../../../sql/catalog.ts";
import type { EmbeddedCode } from "../../../sql/tree.ts";
import type { ProjectSealing } from "../project-sealing.ts";
import { readResourceContent } from "../resources/content.ts";
import { noSuchResource } from "../resources/find.ts";
import type { FoundFunction } from "./find.ts";

/** All that one function is made of, in memory while it runs. */
const resourceBytesMax = 256 * 1024 * 1024;

/** A call, and what was found of its function. */
export interface LentCall {
  readonly call: CodeCall;
  readonly found: FoundFunction;
  /** Rows of the tables that it reads. */
  readonly tables?: readonly (FunctionResource & FunctionCode["tables"][number])[];
}

/** What the cell of a call is told. */
export function codeOf(
  { call, found, tables = [] }: LentCall,
  timezone: string,
  sealing: ProjectSealing,
): FunctionCode {
  const { code } = call.function;
  if (!code) throw new Error(`the function ${found.record.name} has no code`);
  const { signature, parameters, results, closes } = call;
  const source = sourceOf(found, code.language, sealing);
  return {
    ...source,
    resources: [...source.resources, ...tables],
    tables: tables.map(({ name, columns }) => ({ name, columns })),
    ...(call.function.command && { command: call.function.command }),
    ...{ signature, kind: code.kind, parameters, results, timezone, closes },
  };
}

/** A module in Python that the statement holds. */
function moduleOf({ file, text }: EmbeddedCode): FunctionResource {
  const bytes = Buffer.from(text);
  const content = async function* () {
    yield bytes;
  };
  return { name: `${file}.py`, size: bytes.length, content };
}

/** What a function is made of. */
export function sourceOf(
  found: FoundFunction,
  language: CodeSource["language"],
  sealing: ProjectSealing,
): CodeSource {
  const { record, resources, missing: [missing] = [] } = found;
  if (missing) throw noSuchResource(missing.name.name);
  const files = resources.filter((one) => one.record.blob);
  if (files.reduce((sum, one) => sum + one.record.size, 0) > resourceBytesMax) {
    throw new ServiceError(
      "ODPS-0130071",
      `ODPS-0130071: Semantic analysis exception - the resources of ${record.name} have more than ${resourceBytesMax} bytes`,
    );
  }
  const { embedded } = record;
  const kept = files.map((file) => ({
    ...{ name: file.record.name, size: file.record.size },
    content: () => readResourceContent(file, file.record, sealing),
  }));
  return {
    ...{ language, className: record.className },
    resources: embedded?.language === "Python" ? [...kept, moduleOf(embedded)] : kept,
    ...(embedded?.language === "Java" && { source: embedded.text }),
  };
}
