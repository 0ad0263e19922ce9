import assert from "node:assert/strict";

/**
 * Part of a script: table `t`, and what is asked of a function that gives rows (`words`) and of one of rows (`mean`),
 * whatever they are written in; their names may have something in front.
 */
export const askedOfFunctions = (front = ""): string => `
o.execute_sql("create table t (a bigint, b string, c double)")
o.write_table("t", [[1, "one two", 1.5], [2, "zwei", 2.5], [None, None, None]])
out["words"] = rows("select ${front}words(b) as (word, size) from t order by word limit 9")
out["lateral"] = rows("select a, word, size from t lateral view ${front}words(b) w as word, size where size > 3 order by a limit 9")
out["mean"] = rows("select ${front}mean(c), ${front}mean(distinct cast(4 as double)), count(*) from t")
out["by group"] = rows("select a > 1, ${front}mean(c) from t where a is not null group by a > 1 order by ${front}mean(c) limit 9")
out["window"] = rows("select a, ${front}mean(c) over (order by a) from t where a is not null order by a limit 9")
`;

/** Fails unless all of that was answered as it should be. */
export function assertAnswered(out: Record<string, unknown>): void {
  assert.deepEqual(out["words"], [
    ["one", 3],
    ["two", 3],
    ["zwei", 4],
  ]);
  assert.deepEqual(out["lateral"], [[2, "zwei", 4]]);
  assert.deepEqual(out["mean"], [[2, 4, 3]]);
  assert.deepEqual(out["by group"], [
    [false, 1.5],
    [true, 2.5],
  ]);
  assert.deepEqual(out["window"], [
    [1, 1.5],
    [2, 2],
  ]);
}
