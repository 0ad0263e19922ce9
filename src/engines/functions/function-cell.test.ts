import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  bytesOf,
  cancelledAfter,
  columnsOf,
  startTestEngine,
} from "../../../test/support/duckdb.ts";
import { parseType } from "../../sql/parse-type.ts";
import { FunctionRefusal } from "./code-failure.ts";
import { type FunctionCode, startFunctionCell } from "./function-cell.ts";

const settings = { timezone: "UTC" };

function codeOf(
  text: string,
  signature: string,
  kind: FunctionCode["kind"] = "scalar",
): FunctionCode {
  const [parameters = [], results = []] = signature
    .split("->")
    .map((types) => types.split(",").map(parseType));
  const file = Buffer.from(`from odps.udf import *\n@annotate("${signature}")\n${text}`);
  const content = async function* () {
    yield file;
  };
  const resources = [{ name: "code.py", size: file.length, content }];
  const what = { language: "Python", className: "code.F", timezone: "UTC", closes: false } as const;
  return { ...what, signature, kind, parameters, results, resources, tables: [] };
}

let cells = 0;

async function start(t: TestContext, code: FunctionCode) {
  const runDirectory = mkdtempSync(join(tmpdir(), "bst-f-"));
  cells += 1;
  const cell = await startFunctionCell(code, {
    ...{ id: `f-${cells}`, runDirectory },
    java: undefined,
  });
  t.after(async () => {
    await cell.stop();
    rmSync(runDirectory, { recursive: true, force: true });
  });
  return cell;
}

test("a query calls a user's function, batch after batch", async (t) => {
  const { engine } = await startTestEngine(t);
  const cell = await start(
    t,
    codeOf(
      "class F(object):\n  def evaluate(self, a):\n    return None if a % 2 else a * 10\n",
      "bigint->bigint",
    ),
  );
  const called = "odps_user_0(CAST(json_array(range) AS VARCHAR) || chr(10))";
  const kept = await engine.keep(
    {
      ...{ id: "one", file: "one.parquet", settings },
      sql: `select range, from_json_strict(${called}, '["BIGINT"]')[1] as x from range(5000)`,
      functions: { names: ["odps_user_0"], batchMs: 60_000 },
    },
    [cell.link],
  );
  assert.equal(kept.rows, 5000);
  const read = { files: ["one.parquet"], columns: columnsOf({ range: "bigint", x: "bigint" }) };
  const csv = await bytesOf(engine.read({ ...read, from: 4997, count: 3, form: "csv" }));
  assert.equal(csv.toString(), '"range","x"\n"4997",\\N\n"4998","49980"\n"4999",\\N\n');
});

test("what a function raises ends the query, without its words", async (t) => {
  const { engine } = await startTestEngine(t);
  const cell = await start(
    t,
    codeOf(
      "class F(object):\n  def evaluate(self, a):\n    raise ValueError('secret %d' % a)\n",
      "bigint->bigint",
    ),
  );
  const asked = engine.keep(
    {
      ...{ id: "two", file: "two.parquet", settings },
      sql: "select odps_user_0(CAST(json_array(range) AS VARCHAR) || chr(10)) as x from range(10)",
      functions: { names: ["odps_user_0"], batchMs: 60_000 },
    },
    [cell.link],
  );
  await assert.rejects(asked, (error: Error) => {
    assert.match(error.message, /odps_user_error0:\{"error": "raised", "type": "ValueError"/);
    assert.match(error.message, /\["code.py", 5\]/);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
});

test("a function that never answers is ended", async (t) => {
  const { engine } = await startTestEngine(t);
  const endless = "class F(object):\n  def evaluate(self, a):\n    while True: pass\n";
  const job = (id: string, batchMs: number) => ({
    ...{ id, file: `${id}.parquet`, settings },
    sql: "select odps_user_0(CAST(json_array(range) AS VARCHAR) || chr(10)) as x from range(10)",
    functions: { names: ["odps_user_0"], batchMs },
  });
  const late = await start(t, codeOf(endless, "bigint->bigint"));
  await assert.rejects(engine.keep(job("late", 300), [late.link]), /"error":"time"/);
  const stopped = await start(t, codeOf(endless, "bigint->bigint"));
  await cancelledAfter(500, engine, job("stopped", 600_000), [stopped.link]);
  const kept = await engine.keep({ id: "x", sql: "select 1 as a", file: "x.parquet", settings });
  assert.equal(kept.rows, 1);
});

test("code that is not what it says is not run", async (t) => {
  const refused = async (code: FunctionCode, error: string) => {
    await assert.rejects(start(t, code), (refusal: unknown) => {
      assert.ok(refusal instanceof FunctionRefusal, String(refusal));
      assert.equal(refusal.failure.error, error);
      return true;
    });
  };
  const body = "class F(object):\n  def evaluate(self, a): return a\n";
  await refused({ ...codeOf(body, "bigint->bigint"), className: "code.G" }, "class");
  await refused({ ...codeOf(body, "bigint->bigint"), signature: "string->bigint" }, "signature");
  await refused(codeOf("class F(object)\n  nonsense", "bigint->bigint"), "raised");
  await refused(codeOf("class F(object): pass\nimport os\nos._exit(3)", "bigint->bigint"), "ended");
  const table = "class F(BaseUDTF):\n  def close(self): self.forward(1)\n";
  await refused(codeOf(table, "bigint->bigint", "table"), "close");
});
