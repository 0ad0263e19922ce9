import type { CodeFailure } from "../../../engines/functions/function-cell.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import type { FoundFunction } from "./find.ts";

/** What an exception may be called in a message: a name that a user makes up could hold a value. */
const exceptions = new Set(
  `ArithmeticError AssertionError AttributeError BaseException BlockingIOError BrokenPipeError BufferError EOFError
  Exception FileExistsError FileNotFoundError FloatingPointError GeneratorExit ImportError IndentationError IndexError
  InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError
  NotADirectoryError NotImplementedError OSError OverflowError PermissionError ProcessLookupError RecursionError
  ReferenceError RuntimeError StopIteration SyntaxError SystemError SystemExit TabError TimeoutError TypeError
  UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError ValueError ZeroDivisionError`.split(
    /\s+/,
  ),
);

const reasons: Readonly<Record<string, string>> = {
  class: "its module has no such class",
  signature: "the annotation of its class is not the one that its file shows",
  close: "rows that close() forwards are not built: forward them in process()",
  result: "it returned a value that is not of the type in its annotation",
  size: "a batch of its rows or results is too large",
  time: "it took too long (odps.sql.udf.timeout)",
  ended: "its process ended; it may need more memory than there is",
  start: "its process did not start",
};

/**
 * What the caller is told of code that failed. All of it comes from where the code runs: what is not known to be a file,
 * a line of it or a name of Python's own is left out, because it could be a value.
 */
export function failureOf(
  { error, type = "", frames }: CodeFailure,
  calls: readonly { readonly found: Pick<FoundFunction, "resources"> }[],
): ServiceError {
  const resources = calls.flatMap(({ found }) => found.resources);
  const known = Object.hasOwn(reasons, error) ? reasons[error] : undefined;
  const lines = frames.flatMap(({ file, line }) => {
    const most = resources.find(({ name }) => name === file)?.lines ?? 0;
    return line >= 1 && line <= most ? [`  File "${file}", line ${line}`] : [];
  });
  const what = exceptions.has(type) ? type : "an exception of its own";
  const text =
    known ??
    [`Traceback (most recent call last; its words are not shown):`, ...lines, what].join("\n");
  return new ServiceError("ODPS-0123055", `ODPS-0123055: User script exception - ${text}`);
}
