import type { CodeFailure } from "../../../engines/functions/code-failure.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import { type FoundFunction, filesOf } from "./find.ts";

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
  command: "the program of its command is not there",
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
  calls: readonly { readonly found: Pick<FoundFunction, "resources" | "record"> }[],
): ServiceError {
  const resources = calls.flatMap(({ found }) => filesOf(found));
  const classes = calls.map(({ found }) => found.record.className).filter((name) => name !== "");
  const [, status] = /^exit (\d{1,3})$/.exec(error) ?? [];
  const known =
    status === undefined
      ? Object.hasOwn(reasons, error)
        ? reasons[error]
        : undefined
      : `the command ended with ${status}; what it says of it is not shown`;
  const lines = frames.flatMap(({ file, line }) => {
    if (classes.includes(file) && line >= 1 && line <= javaLinesMax) {
      return [`\tat ${file}(${file.replace(/^.*\.|\$.*$/g, "")}.java:${line})`];
    }
    const most = resources.find(({ name }) => name === file)?.lines ?? 0;
    return line >= 1 && line <= most ? [`  File "${file}", line ${line}`] : [];
  });
  const what = exceptions.has(type) || javaExceptions.has(type) ? type : "an exception of its own";
  const text =
    known ??
    (javaExceptions.has(type) || lines[0]?.startsWith("\t")
      ? [`${what} (its words are not shown)`, ...lines]
      : ["Traceback (most recent call last; its words are not shown):", ...lines, what]
    ).join("\n");
  return new ServiceError("ODPS-0123055", `ODPS-0123055: User script exception - ${text}`);
}
