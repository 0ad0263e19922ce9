import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorldWithBuckets } from "../support/buckets.ts";

test("PyODPS reads what is inside of lines of JSON as arrays, maps and structs", async (t) => {
  const { odps, root, put } = await startWorldWithBuckets(t, ["sales"], ["lake"]);
  const lines = [
    '{"id": 1, "Tags": ["a", null, "b"], "counts": {"x": 1, "y z": null}, "who": {"Name": "ann", "born": "2000-01-02 03:04:05", "SCORES": [1, 2.5], "more": {"k": [true]}}, "raw": {"a": [1]}}',
    '{"id": 2, "tags": "a", "counts": [1], "who": ["ann"], "raw": "text"}',
    '{"id": 3, "tags": [], "counts": {}, "who": {}, "raw": null}',
    '{"id": 4, "tags": [{"a": 1}, 7], "counts": {"x": "one", "\\"q\\"": 5}, "who": {"name": null, "scores": null}}',
    "[1]",
    "{}",
  ];
  await put("in/one.json", lines.join("\n"));
  await put("deep/one.json", `{"id": 1, "a": ${"[".repeat(900)}${"]".repeat(900)}}\n`);
  await put("broken/one.json", '{"id": 1, "a": [1, 2}\n');
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
o.execute_sql("""create external table lines (id bigint, tags array<string>, counts map<string,bigint>, raw json,
  who struct<name:string,born:datetime,scores:array<double>,more:map<string,array<boolean>>>) stored as json location 's3://lake/in/'""")
out["tags"] = rows("select id, to_json(tags), tags[0], size(counts) from lines order by id limit 9")
out["counts"] = rows("select id, counts['x'], counts['y z'], counts['\\"q\\"'] from lines where id is not null order by id limit 9")
out["who"] = rows("select id, who.name, cast(who.born as string), who.scores[1], who.more['k'][0] from lines where id is not null order by id limit 9")
out["raw"] = rows("select id, json_format(raw) from lines where id < 4 order by id limit 9")
out["exploded"] = rows("select id, tag from lines lateral view explode(tags) e as tag where tag is not null order by id, tag limit 9")
o.execute_sql("create table kept as select * from lines where id = 1")
out["kept"] = rows("select who.name, size(tags) from kept")
def told(sql): return refused(lambda: o.execute_sql(sql))
def outside(type, folder="deep"):
    o.execute_sql("drop table if exists other")
    return told("create external table other (id bigint, a %s) stored as json location 's3://lake/%s/'" % (type, folder))
out["deep"] = [outside("array<array<bigint>>"), rows("select id, size(a), size(a[0]) from other")]
out["broken"] = [outside("array<bigint>", "broken"), told("select a from other")[1]]
deep = "bigint"
for _ in range(40):
    deep = "map<string,%s>" % deep
wide = "struct<%s>" % ",".join("f%d:struct<%s>" % (n, ",".join("g%d:array<bigint>" % m for m in range(40))) for n in range(40))
out["too much"] = [outside(deep)[1], outside(wide)[1], outside("map<string,binary>")[1]]
out["written"] = told("insert into lines select 1, array('a'), null, null, null")[1]
`,
  );
  assert.deepEqual(out["tags"], [
    [null, null, null, -1],
    [null, null, null, -1],
    [1, '["a",null,"b"]', "a", 2],
    [2, null, null, -1],
    [3, "[]", null, 0],
    [4, '["{\\"a\\":1}","7"]', '{"a":1}', 1],
  ]);
  assert.deepEqual(out["counts"], [
    [1, 1, null, null],
    [2, null, null, null],
    [3, null, null, null],
    [4, null, null, 5],
  ]);
  assert.deepEqual(out["who"], [
    [1, "ann", "2000-01-02 03:04:05", 2.5, true],
    [2, null, null, null, null],
    [3, null, null, null, null],
    [4, null, null, null, null],
  ]);
  assert.deepEqual(out["raw"], [
    [1, '{"a":[1]}'],
    [2, '"text"'],
    [3, "null"],
  ]);
  assert.deepEqual(out["exploded"], [
    [1, "a"],
    [1, "b"],
    [4, "7"],
    [4, '{"a":1}'],
  ]);
  assert.deepEqual(out["kept"], [["ann", 3]]);
  assert.deepEqual(out["deep"], [null, [[1, 1, 0]]]);
  const [made, read] = out["broken"] as [null, string];
  assert.equal(made, null);
  assert.match(read, /error while the statement ran/);
  const [nested, wide, binary] = out["too much"] as string[];
  for (const told of [nested, wide]) assert.match(String(told), /column a has too many parts/);
  assert.match(String(binary), /cannot be of type binary/);
  assert.match(String(out["written"]), /of JSON outside cannot be of type array/);
});
