import type { CodeFailure } from "../../../engines/functions/code-failure.ts";
import { commandPrograms } from "../../../engines/functions/function-cell.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import type { Command } from "../../../sql/catalog.ts";
import type { LentCall } from "./code.ts";
import { filesOf } from "./find.ts";

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

/** Of Java's own and the SDK's by their packages, as far as code commonly meets them. */
const javaNames: Readonly<Record<string, string>> = {
  "java.lang": `AbstractMethodError ArithmeticException ArrayIndexOutOfBoundsException ArrayStoreException
    AssertionError ClassCastException ClassNotFoundException CloneNotSupportedException Error Exception
    ExceptionInInitializerError IllegalAccessException IllegalArgumentException IllegalMonitorStateException
    IllegalStateException IncompatibleClassChangeError IndexOutOfBoundsException InstantiationException
    InterruptedException LinkageError NegativeArraySizeException NoClassDefFoundError NoSuchFieldException
    NoSuchMethodError NoSuchMethodException NullPointerException NumberFormatException OutOfMemoryError
    ReflectiveOperationException RuntimeException SecurityException StackOverflowError
    StringIndexOutOfBoundsException Throwable UnsatisfiedLinkError UnsupportedClassVersionError
    UnsupportedOperationException VerifyError`,
  "java.io": "EOFException FileNotFoundException IOException UncheckedIOException",
  "java.net": "ConnectException MalformedURLException SocketException UnknownHostException",
  "java.nio.file": "AccessDeniedException NoSuchFileException",
  "java.time": "DateTimeException",
  "java.util": `ConcurrentModificationException InputMismatchException MissingResourceException
    NoSuchElementException`,
  "java.util.zip": "ZipException",
  "com.aliyun.odps.udf": "InvalidInvocationException UDFException",
};
const javaExceptions = new Set(
  Object.entries(javaNames).flatMap(([place, names]) =>
    names.split(/\s+/).map((name) => `${place}.${name}`),
  ),
);
/** No file of Java has more lines: a class file numbers them in two bytes. */
const javaLinesMax = 65_535;

const reasons: Readonly<Record<string, string>> = {
  class: "there is no such class",
  signature: "the types of its class are not those that its file shows",
  compile: "it does not compile",
  close:
    "rows that its close() forwards stand beside no row of a LATERAL VIEW: call it alone in SELECT",
  result: "it returned a value that is not of the type in its annotation",
  size: "a batch of its rows or results is too large",
  time: "it took too long (odps.sql.udf.timeout)",
  ended: "its process ended; it may need more memory than there is",
  start: "its process did not start",
};

/** A function whose code failed, and its call, where it was called. */
type Failed = Pick<LentCall, "found"> & Partial<LentCall>;

const lineMax = 100;

/** What is told of a failure of which the cell has said no more than its kind. */
function knownReason(error: string, command: Command | undefined): string | undefined {
  if (command && error === "command") {
    return `its command \`${command.line.slice(0, lineMax)}\` does not start: its first word is ./ and the name of one of its resources, or one of ${commandPrograms.join(", ")}`;
  }
  const [, status] = /^exit (\d{1,3})$/.exec(error) ?? [];
  if (command && status !== undefined) {
    return `the command ended with ${status}; what it says of it is not shown`;
  }
  return Object.hasOwn(reasons, error) ? reasons[error] : undefined;
}

/**
 * What the caller is told of code that failed. All of it comes from where the code runs: what is not known to be a file,
 * a line of it or a name of Python's own is left out, because it could be a value.
 */
export function failureOf(
  { error, type = "", frames }: CodeFailure,
  { found, call }: Failed,
): ServiceError {
  const lines = frames.flatMap(({ file, line }) => {
    if (file !== "" && file === found.record.className && line >= 1 && line <= javaLinesMax) {
      return [`\tat ${file}(${file.replace(/^.*\.|\$.*$/g, "")}.java:${line})`];
    }
    const most = filesOf(found).find(({ name }) => name === file)?.lines ?? 0;
    return line >= 1 && line <= most ? [`  File "${file}", line ${line}`] : [];
  });
  const what = exceptions.has(type) || javaExceptions.has(type) ? type : "an exception of its own";
  const text =
    knownReason(error, call?.function.command) ??
    (javaExceptions.has(type) || lines[0]?.startsWith("\t")
      ? [`${what} (its words are not shown)`, ...lines]
      : ["Traceback (most recent call last; its words are not shown):", ...lines, what]
    ).join("\n");
  return new ServiceError("ODPS-0123055", `ODPS-0123055: User script exception - ${text}`);
}
