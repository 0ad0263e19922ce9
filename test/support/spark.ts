import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { sparkSettings } from "../../src/sql/spark/emit.ts";
import { cache } from "./python.ts";

/** What a statement answered: rows as values of JSON, or Spark's words about why not. */
export type SparkAnswer =
  | { readonly rows: readonly (readonly unknown[])[] }
  | { readonly failed: string };

/** One real Spark in local mode, for as many statements as a test has. */
export interface Spark {
  ask(sql: string): Promise<SparkAnswer>;
  close(): void;
}

/** Nothing is compiled for a few rows, and nothing is spread over threads. */
const settings = {
  ...sparkSettings,
  "spark.ui.enabled": "false",
  "spark.driver.host": "127.0.0.1",
  "spark.driver.bindAddress": "127.0.0.1",
  "spark.sql.session.timeZone": "Asia/Shanghai",
  "spark.sql.shuffle.partitions": "1",
  "spark.sql.adaptive.enabled": "false",
  "spark.sql.codegen.wholeStage": "false",
  "spark.sql.codegen.factoryMode": "NO_CODEGEN",
  "spark.sql.legacy.parquet.nanosAsLong": "true",
};

const script = `
import datetime, decimal, json, os, sys, time
os.environ["TZ"] = "Asia/Shanghai"
time.tzset()
from pyspark.sql import Row, SparkSession
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
builder = SparkSession.builder.master("local[1]")
for name, value in json.loads(sys.argv[1]).items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("OFF")

def told(value):
    if isinstance(value, bool) or value is None or isinstance(value, (str, float)):
        return value
    if isinstance(value, (int, decimal.Decimal)):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return "".join(chr(b) if 32 <= b < 127 else "\\\\x%02X" % b for b in value)
    if isinstance(value, datetime.datetime):
        moment = value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")
        return moment.rstrip("0").rstrip(".") + "+00"
    if isinstance(value, datetime.date):
        return str(value)
    if isinstance(value, Row):
        return {name: told(each) for name, each in zip(value.__fields__, value)}
    if isinstance(value, dict):
        return [{"key": told(key), "value": told(each)} for key, each in value.items()]
    return [told(each) for each in value]

for line in sys.stdin:
    try:
        answer = {"rows": [[told(value) for value in row] for row in spark.sql(json.loads(line)).collect()]}
    except Exception as error:
        answer = {"failed": str(error)[:2000]}
    print(json.dumps(answer), file=answers, flush=True)
`;

/** Starts Spark; it ends when it is closed. */
export function startSpark(): Spark {
  const python = join(cache, "spark", "bin", "python3");
  assert.ok(existsSync(python), `${python} is missing: npm test installs it`);
  const child = spawn(python, ["-c", script, JSON.stringify(settings)], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(sql) {
      child.stdin.write(`${JSON.stringify(sql)}\n`);
      const line = await lines.next();
      assert.ok(!line.done, "Spark ended before it answered");
      return JSON.parse(line.value) as SparkAnswer;
    },
    close: () => child.stdin.end(),
  };
}
