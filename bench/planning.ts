import { emitDuckDb } from "../src/sql/emit.ts";
import { parseScript } from "../src/sql/parse.ts";
import { resolveStatement } from "../src/sql/resolve.ts";
import { catalogOf } from "../test/sql/warehouse.ts";
import { median } from "./measure.ts";
import { met } from "./table.ts";

const rounds = 200;

/** A query of 200 lines: common tables that build upon each other, joins, conditions and cases. */
const query = (): string => {
  const steps = Array.from({ length: 24 }, (_, at) => {
    const from = at === 0 ? "t" : `s${at - 1}`;
    return `s${at} AS (
  SELECT x.a,
    CONCAT(x.b, '${at}') AS b,
    CASE WHEN x.a > ${at} AND x.b LIKE '%o%' THEN x.c + ${at} ELSE NULL END AS c
  FROM ${from} x
  LEFT JOIN u y
    ON x.a = y.a
  WHERE x.a IS NOT NULL AND y.d <> 'none')`;
  });
  return `WITH ${steps.join(",\n")}\nSELECT a, COUNT(DISTINCT b) AS n,\n  SUM(c) AS c\nFROM s23\nGROUP BY a\nORDER BY n\nLIMIT 10;`;
};

/** What it costs to read, resolve and plan a query, in CPU time of this process. */
export function planningLine(): string {
  const text = query();
  const times = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    const [first] = parseScript(text).statements;
    if (!first) throw new Error("the text has no statement");
    const plan = resolveStatement(first.statement, catalogOf(), []);
    if (plan.kind !== "query") throw new Error("the text is no query");
    emitDuckDb(plan.selection, ({ name }) => name);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  const p50 = median(times);
  const lines = text.split("\n").length;
  return `parse, resolve and plan ${lines} lines: ${p50.toFixed(1)} ms (bar: < 10, ${met(p50 < 10)}); the first, cold, ${times[0]?.toFixed(0)} ms`;
}
