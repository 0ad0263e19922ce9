import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

test("PyODPS makes, changes, reads, lists and drops resources", async (t) => {
  const { odps, root, account } = await startWorld(t, "sales");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
import io
made = o.create_resource("words.txt", "file", file_obj="one\\ntwo\\n", comment="some words")
again = o.get_resource("words.txt")
out["about"] = [type(again).__name__, again.owner, again.size, again.comment, again.last_updator, again.content_md5]
with again.open("r") as file:
    out["lines"] = [line for line in file]
with again.open("a") as file:
    file.write("three\\n")
with o.get_resource("words.txt").open("rb") as file:
    out["appended"] = file.read().decode()
options.resource_chunk_size = 1000
options.upload_resource_in_chunks = True
large = bytes(range(256)) * 20
o.create_resource("large.bin", "file", file_obj=io.BytesIO(large))
with o.get_resource("large.bin").open("rb", stream=True) as file:
    out["large"] = file.read() == large
o.create_resource("words.txt".replace("words", "more"), "archive", fileobj=b"not really a zip")
o.create_resource("code.py", "py", file_obj="x = 1\\n")
o.create_resource("lib.jar", "jar", file_obj=b"PK")
o.execute_sql("create table t (a bigint)")
o.write_table("t", [[7]])
o.create_resource("rows", "table", table_name="t")
out["table"] = [o.get_resource("rows").table.name, [record[0] for record in o.get_resource("rows").open_reader()]]
out["listed"] = sorted([one.name, one.type.name] for one in o.list_resources())
out["there"] = [o.exist_resource("code.py"), o.exist_resource("nothing.py")]
out["twice"] = refused(lambda: o.create_resource("code.py", "py", file_obj="y"))[0]
out["name"] = refused(lambda: o.create_resource("../x", "file", file_obj="y"))[0]
o.delete_resource("code.py")
out["dropped"] = [o.exist_resource("code.py"), refused(lambda: o.delete_resource("code.py"))[0]]
out["owner"] = refused(lambda: again._client.put(again.resource(), "", action="updateowner", headers={"x-odps-owner": "x"}))[0]
out["kept"] = o.get_resource("words.txt").size
`,
  );
  assert.deepEqual(out["about"], [
    ...["FileResource", `ALIYUN$${account}`, 8, "some words", `ALIYUN$${account}`],
    createHash("md5").update("one\ntwo\n").digest("hex"),
  ]);
  assert.deepEqual(out["lines"], ["one\n", "two\n"]);
  assert.equal(out["appended"], "one\ntwo\nthree\n");
  assert.equal(out["large"], true);
  assert.deepEqual(out["table"], ["t", [7]]);
  assert.deepEqual(
    out["listed"],
    [
      ["large.bin", "FILE"],
      ["lib.jar", "JAR"],
      ["more.txt", "ARCHIVE"],
      ["code.py", "PY"],
      ["rows", "TABLE"],
      ["words.txt", "FILE"],
    ].sort(),
  );
  assert.deepEqual(out["there"], [true, false]);
  assert.deepEqual(out["twice"], "ObjectAlreadyExists");
  assert.equal(out["name"], "InvalidArgument");
  assert.deepEqual(out["dropped"], [false, "NoSuchObject"]);
  assert.equal(out["owner"], "InvalidArgument");
  assert.equal(out["kept"], 14);
});

test("PyODPS makes, changes, lists and drops functions", async (t) => {
  const { odps, root, account } = await startWorld(t, "sales");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
code = o.create_resource("code.py", "py", file_obj="x = 1\\n")
more = o.create_resource("more.txt", "file", file_obj="x")
made = o.create_function("plus", class_type="code.Plus", resources=[code])
out["made"] = [made.name, made.owner, made.class_type, [one.name for one in made.resources]]
made.class_type = "code.Other"
made.resources = [code, more]
o.get_project().functions.update(made)
again = o.get_function("PLUS")
out["changed"] = [again.class_type, [one.name for one in again.resources]]
out["listed"] = [[one.name, one.owner] for one in o.list_functions()]
out["there"] = [o.exist_function("plus"), o.exist_function("minus")]
out["refused"] = [refused(lambda: o.create_function("plus", class_type="code.Plus", resources=["code.py"]))[0],
                  refused(lambda: o.create_function("x", class_type="code.Plus", resources=["nothing.py"]))[0],
                  refused(lambda: o.create_function("x y", class_type="code.Plus", resources=["code.py"]))[0]]
jar = o.create_resource("lib.jar", "jar", file_obj=b"PK")
out["java"] = refused(lambda: o.create_function("j", class_type="com.example.Plus", resources=[jar]))
o.delete_function("plus")
out["dropped"] = o.exist_function("plus")
`,
  );
  assert.deepEqual(out["made"], ["plus", `ALIYUN$${account}`, "code.Plus", ["code.py"]]);
  assert.deepEqual(out["changed"], ["code.Other", ["code.py", "more.txt"]]);
  assert.deepEqual(out["listed"], [["plus", `ALIYUN$${account}`]]);
  assert.deepEqual(out["there"], [true, false]);
  assert.deepEqual(out["refused"], ["ObjectAlreadyExists", "NoSuchObject", "InvalidArgument"]);
  assert.equal(out["java"], null, "what is in it is asked when it is called");
});
