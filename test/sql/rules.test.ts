import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";
import { type Job, type Rule, rowsOf, ruleFiles } from "./rule-files.ts";

/** Runs the jobs of each file in order, three files at a time. Where one of many values fails, each is asked alone. */
const script = (path: string) => `
from concurrent.futures import ThreadPoolExecutor
defaults = {"odps.sql.validate.orderby.limit": "false"}
def answer(sql, hints):
    try:
        job = o.run_sql(sql, hints={**defaults, **hints})
        job.wait_for_success(interval=0.01)
        return {"csv": job.get_task_result()}
    except Exception as error:
        return {"error": str(error)}
def answers(job):
    together = answer(job["sql"], job["hints"])
    if "csv" in together or len(job["alone"]) < 2:
        return [together]
    return [answer(sql, job["hints"]) for sql in job["alone"]]
with open(${JSON.stringify(path)}) as file:
    files = json.load(file)
answer("select 1", {})
with ThreadPoolExecutor(3) as pool:
    out = list(pool.map(lambda jobs: [answers(job) for job in jobs], files))
`;

type Answer = { readonly csv: string } | { readonly error: string };

/** What is wrong with an answer, in words; nothing where it is right. */
function failureOf(job: Job, rule: Rule, index: number, answers: readonly Answer[]): string[] {
  const { sql, expected, error } = rule;
  const answer = answers[answers.length > 1 ? index : 0];
  const failed = answer && "error" in answer ? answer.error : undefined;
  const rows = answer && "csv" in answer ? rowsOf(answer.csv) : [];
  const together = job.rules.length > 1 && answers.length === 1;
  const all = rule.isText && answer && "csv" in answer ? answer.csv.trimEnd() : undefined;
  const given = together
    ? rows[0]?.[index]
    : (all ?? rows.map((row) => row.join(" | ")).join("\n"));
  const right = error === undefined ? failed === undefined : failed?.includes(error);
  if (right && (expected === undefined || given === expected)) return [];
  const wanted = error ?? expected ?? "no error";
  return [`${job.file}:${rule.line}: ${sql}\n  expected ${wanted}\n  answered ${failed ?? given}`];
}

test("statements mean what MaxCompute's rules say", async (t) => {
  const { running, root, odps } = await startWorld(t, "rules");
  const files = ruleFiles();
  const path = join(running.data, "rules.json");
  const asked = files.map((jobs) =>
    jobs.map(({ sql, hints, rules }) => ({ sql, hints, alone: rules.map((rule) => rule.sql) })),
  );
  writeFileSync(path, JSON.stringify(asked));
  const answers = await odps<readonly (readonly (readonly Answer[])[])[]>(
    root,
    "rules",
    script(path),
  );
  for (const [at, jobs] of files.entries()) {
    for (const [place, job] of jobs.entries()) {
      await t.test(`${job.file}: ${job.title}`, () => {
        const given = answers[at]?.[place] ?? [];
        const failures = job.rules.flatMap((rule, index) => failureOf(job, rule, index, given));
        assert.equal(failures.join("\n"), "");
      });
    }
  }
});
