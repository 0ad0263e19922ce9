import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

test("resources and functions are touched by who may, and by nobody else", async (t) => {
  const { odps, root, account, user } = await startWorld(t, "sales");
  const [ann, bob, eve] = [await user("ann"), await user("bob"), await user("eve")];
  const name = (who: string) => `RAM$${account}:${who}`;
  await odps(
    root,
    "sales",
    `
for query in ["add user ${name("ann")}", "add user ${name("bob")}",
              "grant CreateResource, CreateFunction, Read, List on project sales to user ${name("ann")}",
              "grant CreateFunction, Read on project sales to user ${name("bob")}"]:
    o.run_security_query(query)
`,
  );
  const made = await odps<Record<string, unknown>>(
    ann,
    "sales",
    `
o.create_resource("code.py", "py", file_obj="secret = 1")
o.create_function("f", class_type="code.F", resources=["code.py"])
o.create_resource("code.py.part.tmp.1", "file", file_obj="part of ann", part=True)
out["own"] = o.get_resource("code.py").size
`,
  );
  assert.equal(made["own"], 10);
  const tried = `
def content():
    with entry("sales").get_project().resources.get_typed("code.py", "py").open("r") as file:
        return file.read()
resources = o.get_project().resources
part = o.get_project().resources.get_typed("code.py.part.tmp.1", "file")
def merged():
    import hashlib
    part.size = 11
    target = resources.get_typed("mine.txt", "file")
    resources.merge_part_files(target, [part], hashlib.md5(b"part of ann").hexdigest())
out["tried"] = [refused(work) and refused(work)[0] for work in [
    content,
    lambda: o.get_resource("code.py").reload(),
    lambda: resources.update(resources.get_typed("code.py", "py"), file_obj="mine = 1"),
    lambda: o.delete_resource("code.py"),
    lambda: o.create_resource("mine.txt", "file", file_obj="x"),
    lambda: list(o.list_resources()),
    lambda: o.create_function("g", class_type="code.F", resources=["code.py"]),
    lambda: o.get_function("f").reload(),
    lambda: o.delete_function("f"),
    lambda: list(o.list_functions()),
    merged,
]]
`;
  for (const [who, keys] of [
    ["bob", bob],
    ["eve", eve],
  ] as const) {
    const out = await odps<{ tried: unknown[] }>(keys, "sales", tried);
    assert.deepEqual(
      out.tried,
      Array.from({ length: 11 }, () => "NoPermission"),
      who,
    );
  }
  const granted = await odps<{ read: string }>(
    root,
    "sales",
    `
o.run_security_query("grant Read on resource code.py to user ${name("bob")}")
out["read"] = [entry("sales").get_resource("code.py").size]
`,
  );
  assert.deepEqual(granted.read, [10]);
  const bobs = await odps<Record<string, unknown>>(
    bob,
    "sales",
    `
from odps import models
with o.get_resource("code.py").open("r") as file:
    out["content"] = file.read()
o.create_function("g", class_type="code.F", resources=["code.py"])
out["write"] = refused(lambda: o.get_project().resources.update(o.get_resource("code.py"), file_obj="mine = 1"))[0]
out["update"] = refused(lambda: o.get_project().functions.update(models.Function(name="f", class_type="code.G", resources=["code.py"], parent=o.get_project().functions)))[0]
`,
  );
  assert.deepEqual(bobs, { content: "secret = 1", write: "NoPermission", update: "NoPermission" });
  const again = await odps<Record<string, unknown>>(
    ann,
    "sales",
    `
o.delete_resource("code.py")
o.create_resource("code.py", "py", file_obj="secret = 2")
`,
  );
  assert.deepEqual(again, {});
  const gone = await odps<{ read: unknown }>(
    bob,
    "sales",
    `out["read"] = refused(lambda: o.get_resource("code.py").reload())[0]`,
  );
  assert.equal(gone.read, "NoPermission", "a grant ends with the resource that it was for");
});

test("the content of a resource leaves a protected project as rows do", async (t) => {
  const { odps, root, account } = await startWorld(t, "safe");
  const exception = (resource: string) =>
    JSON.stringify({
      Version: "1",
      Statement: [
        {
          ...{ Effect: "Allow", Principal: `ALIYUN$${account}`, Action: ["odps:Read"] },
          Resource: `acs:odps:*:projects/safe/resources/${resource}`,
          Condition: { StringEquals: { "odps:TaskType": ["DT"] } },
        },
      ],
    });
  const out = await odps<Record<string, unknown>>(
    root,
    "safe",
    `
o.create_resource("data.txt", "file", file_obj="rows")
o.create_resource("other.txt", "file", file_obj="rows")
def content(name="data.txt"):
    with entry("safe").get_project().resources.get_typed(name, "file").open("r") as file:
        return file.read()
out["open"] = content()
o.run_security_query("set ProjectProtection=true")
out["about"] = entry("safe").get_resource("data.txt").size
out["protected"] = refused(content)
o.run_security_query('set ProjectProtection=true with exception ' + json.dumps(${JSON.stringify(exception("data.txt"))}))
out["exception"] = content()
out["other"] = refused(lambda: content("other.txt"))[0]
o.get_project().resources.update(o.get_resource("data.txt"), file_obj="other rows")
out["changed"] = refused(content)[0]
o.run_security_query("set ProjectProtection=false")
o.run_security_query("set odps.security.enabledownloadprivilege=true")
out["controlled"] = content()
`,
  );
  assert.equal(out["open"], "rows");
  assert.equal(out["about"], 4);
  const [kind, why] = out["protected"] as [string, string];
  assert.equal(kind, "NoPermission");
  assert.match(why, /resources\/data\.txt.*protected/);
  assert.deepEqual([out["exception"], out["other"]], ["rows", "NoPermission"]);
  assert.equal(out["changed"], "NoPermission", "an exception is for the content that was approved");
  assert.equal(out["controlled"], "other rows", "the owner holds Download");
});
