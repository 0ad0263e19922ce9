import { sparkAnswers } from "./answers.ts";

/**
 * The program in a cell of Spark, in PySpark: it takes questions over HTTP, reads the Parquet files that a question names
 * as views, runs its texts, which must be queries, and leaves Parquet of the last. INVARIANT: what goes back of an error
 * is the name of its kind alone, and nothing is written to a log: both would hold values.
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
    parser = strict(session)
    for text in (asked, *asked["steps"]):
        parser.parseQuery(text["sql"])
    session.conf.set("spark.sql.session.timeZone", asked["timezone"])
    for table in asked["tables"]:
        reader = session.read.schema(table["schema"])
        if "base" in table:
            reader = reader.option("basePath", in_data(table["base"]))
        frame = reader.parquet(*[in_data(file) for file in table["files"]])
        frame.createOrReplaceTempView(table["name"])
    context.setJobGroup(asked["id"], "", True)
    kept = os.path.join(out, asked["name"] + "-steps")
    try:
        for step in asked["steps"]:
            rows = os.path.join(kept, step["name"])
            session.sql(step["sql"]).write.parquet(rows)
            session.read.parquet(rows).createOrReplaceTempView(step["name"])
        session.sql(asked["sql"]).write.parquet(os.path.join(out, asked["name"]))
    finally:
        shutil.rmtree(kept, ignore_errors=True)
    return {"files": [os.path.getsize(file) for file in left(asked)]}


def cancel(asked):
    # It may not have begun.
    context._jsc.sc().cancelJobGroupAndFutureJobs(asked["id"])
    return {}


def drop(asked):
    shutil.rmtree(os.path.join(out, asked["name"]), ignore_errors=True)
    return {}


questions = {"/run": run, "/cancel": cancel, "/drop": drop}
${sparkAnswers}`;
