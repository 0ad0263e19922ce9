/**
 * The program in a cell of Spark, in PySpark: it takes questions over HTTP, reads the Parquet files that a question names as
 * views, runs its one text, which must be a query, and leaves Parquet. INVARIANT: what goes back of an error is the name of its kind alone, and
 * nothing is written to a log: both would hold values.
 */
export const sparkProgram = `
import glob, http.server, json, logging, os, shutil, sys
from pyspark.sql import SparkSession

told = json.loads(sys.argv[1])
out = os.path.join(told["work"], "out")
shutil.rmtree(out, ignore_errors=True)
os.makedirs(out, 0o700)
logging.disable(logging.CRITICAL)
spark = SparkSession.builder.getOrCreate()
context = spark.sparkContext
silence = os.open(os.devnull, os.O_WRONLY)
os.dup2(silence, 1)
os.dup2(silence, 2)


def in_data(file):
    return os.path.join(told["data"], file)


def left(asked):
    return sorted(glob.glob(os.path.join(out, asked["name"], "part-*.parquet")))


def strict(session):
    state = session._jsparkSession.sessionState()
    for name in ("reflect", "java_method", "try_reflect"):
        identifier = context._jvm.org.apache.spark.sql.catalyst.FunctionIdentifier(name)
        state.functionRegistry().dropFunction(identifier)
    return state.sqlParser()


def run(asked):
    session = spark.newSession()
    strict(session).parseQuery(asked["sql"])
    session.conf.set("spark.sql.session.timeZone", asked["timezone"])
    for table in asked["tables"]:
        reader = session.read.schema(table["schema"])
        if "base" in table:
            reader = reader.option("basePath", in_data(table["base"]))
        frame = reader.parquet(*[in_data(file) for file in table["files"]])
        frame.createOrReplaceTempView(table["name"])
    context.setJobGroup(asked["id"], "", True)
    session.sql(asked["sql"]).write.parquet(os.path.join(out, asked["name"]))
    return {"files": [os.path.getsize(file) for file in left(asked)]}


def cancel(asked):
    # It may not have begun.
    context._jsc.sc().cancelJobGroupAndFutureJobs(asked["id"])
    return {}


def drop(asked):
    shutil.rmtree(os.path.join(out, asked["name"]), ignore_errors=True)
    return {}


kinds = {
    "CAST_INVALID_INPUT": "Conversion",
    "CANNOT_PARSE_TIMESTAMP": "Conversion",
    "CAST_OVERFLOW": "Conversion",
    "ARITHMETIC_OVERFLOW": "Out of Range",
    "NUMERIC_VALUE_OUT_OF_RANGE": "Out of Range",
    "DATETIME_OVERFLOW": "Out of Range",
    "USER_RAISED_EXCEPTION": "Invalid Input",
}


def kind_of(error):
    for _ in range(20):
        if error is None:
            break
        name = getattr(error, "getCondition", lambda: None)() or ""
        if name.split(".")[0] in kinds:
            return kinds[name.split(".")[0]]
        if "OutOfMemoryError" in type(error).__name__ + str(error)[:4000]:
            return "Out of Memory"
        error = getattr(error, "_cause", None) or error.__cause__
    return "Execution"


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, length):
        self.send_response(status)
        self.send_header("content-length", str(length))
        self.end_headers()

    def do_GET(self):
        self.answer(404, 0)

    def do_POST(self):
        size = int(self.headers.get("content-length", "0"))
        asked = json.loads(self.rfile.read(size))
        if self.path == "/give":
            with open(left(asked)[asked["at"]], "rb") as file:
                self.answer(200, os.fstat(file.fileno()).st_size)
                shutil.copyfileobj(file, self.wfile, 1 << 20)
            return
        status = 200
        try:
            body = {"/run": run, "/cancel": cancel, "/drop": drop}[self.path](asked)
        except BaseException as error:
            status, body = 400, {"error": kind_of(error) + " Error: "}
        text = json.dumps(body).encode()
        self.answer(status, len(text))
        self.wfile.write(text)


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass


Server(("127.0.0.1", told["port"]), Answers).serve_forever()
`;
