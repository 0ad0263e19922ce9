import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

test("jobs of engines that are not built say so to PyODPS, and are in the trail", async (t) => {
  const { odps, root, account, running } = await startWorld(t, "sales");
  const out = await odps<Record<string, string>>(
    root,
    "sales",
    `
def task(kind, inner=""):
    xml = ("<?xml version='1.0' encoding='utf-8'?><Instance><Job><Priority>9</Priority><Tasks><%s><Name>t</Name>%s</%s>"
           "</Tasks></Job></Instance>") % (kind, inner, kind)
    return refused(lambda: o.get_project().instances.create(xml=xml))[1]
for kind in ["LOT", "Graph", "MaxFrame", "PS", "toString"]:
    out[kind] = task(kind, "<Config/>")
out["CUPID"] = task("CUPID", "<Plan>CgdzdGFydGFt</Plan>")
out["XFlow"] = refused(lambda: o.run_xflow("LogisticRegression", "algo_public", {"inputTableName": "t"}))[1]
`,
  );
  const expected: Readonly<Record<string, string>> = {
    LOT: "it is a MapReduce job, which is",
    Graph: "it is a Graph job, which is",
    CUPID: "jobs of the vendor's client for Spark are",
    MaxFrame: "it is a MaxFrame job, which is",
    PS: "it is a PAI job, which is",
    toString: "it is a task of kind toString, which is",
    XFlow: "it is a PAI job, which is",
  };
  for (const [kind, what] of Object.entries(expected))
    assert.match(out[kind] ?? "", new RegExp(`ODPS-0420411.*${what} not built in this Bondstore`));
  const events = await running.bondstore.opened.trail.find({ account, limit: 200 });
  const refused = events.filter(
    ({ event }) => event.eventName === "CreateInstance" && event.errorCode === "InvalidArgument",
  );
  assert.equal(refused.length, Object.keys(expected).length);
});

test("EXPLAIN tells whether Spark SQL has words for a statement", async (t) => {
  const { odps, root } = await startWorld(t, "sales");
  const out = await odps<Record<string, string>>(
    root,
    "sales",
    `
o.execute_sql("create table orders (id bigint, note string)")
def explained(sql):
    return str(o.execute_sql("explain " + sql).get_task_result())
out["query"] = explained("select id, sum(length(note)) from orders group by id")
out["write"] = explained("insert into orders select id, upper(note) from orders")
out["not"] = explained("select chr(id) from orders")
`,
  );
  assert.match(out["query"] ?? "", /^spark {2}has words for it$/m);
  assert.match(out["write"] ?? "", /^spark {2}has words for it$/m);
  assert.match(out["not"] ?? "", /^spark {2}function chr with a code is not built for Spark$/m);
});
