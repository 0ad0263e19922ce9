import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { functionsJar } from "../support/java-functions.ts";
import { watchPrograms } from "../support/processes.ts";
import { firstValue, startWorld } from "../support/warehouse.ts";

const source = readFileSync("test/support/java/HostileFunctions.java", "utf8");

/** What each script begins with: `make` registers a class, `ask` runs a query and answers rows or an error. */
const prelude = (jar: string): string => `
import io, time, zipfile
def bring(o=None, content=None):
    (o or globals()["o"]).create_resource("h.jar", "jar", file_obj=content or open("${jar}", "rb"))
def make(name, o=None):
    (o or globals()["o"]).execute_sql("create function h_%s as 'HostileFunctions$%s' using 'h.jar'" % (name.lower().rstrip("_"), name))
def ask(sql, o=None, **hints):
    try:
        return rows(sql, o, **hints)
    except Exception as error:
        return type(error).__name__ + ": " + str(error).split("\\n", 1)[-1]
`;

test("code in Java sees nothing but itself, and reaches nobody", async (t) => {
  const jar = await functionsJar(t, { "HostileFunctions.java": source });
  const { odps, root, running } = await startWorld(t, "sales", "other");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `${prelude(jar)}
other = entry("other")
bring(); bring(other)
o.execute_sql("create table t (a bigint, b string)")
o.execute_sql("insert into t values (1, 'only rows')")
for name in ["Files_", "Around", "Network", "Writes", "State", "Attach"]:
    make(name)
make("State", other)
out["files"] = ask("select h_files('/')")
out["processes"] = ask("select h_around()")
out["environment"] = ask("select h_around('environment')")
out["parent"] = ask("select h_around('/proc/1/environ')")
out["shadow"] = ask("select h_around('/etc/shadow')")
out["network"] = ask("select h_network(${new URL(running.endpoint).port})")
out["writes"] = ask("select h_writes()")
out["state"] = [ask("select h_state()"), ask("select h_state()"), ask("select h_state()", other), ask("select h_state(), other:h_state()")]
out["attach"] = ask("select h_attach()")
`,
  );
  const only = (what: string) => firstValue(out[what]);
  for (const file of only("files").split(" ")) {
    assert.match(
      file,
      /^\/(cell\/(inside\.mjs|node|in\.sock)|function\/java\/(complete|classes\/bondstore\/[\w$]+\.class|[\w.-]+\.jar)|etc\/(passwd|group|hosts|nsswitch\.conf|resolv\.conf|ld\.so\.cache|java(-\d+-openjdk)?\/.*)|work\/function\/h\.jar|bin|tmp|etc\/pki\/.*)$/,
    );
  }
  assert.doesNotMatch(only("processes"), /bondstore\.js|main\.js|query-process|duckdb/);
  assert.equal(only("environment"), "HOME LANG PATH TMPDIR TZ USER");
  assert.match(only("parent"), /^((PATH|UV_THREADPOOL_SIZE|PWD)=[^\0]*\0)*$/);
  assert.equal(only("shadow"), "NoSuchFileException");
  assert.match(only("network"), /^(\w+Exception ){2}\w+Exception$/);
  assert.match(only("writes"), /^(\w+Exception ){4}\w+Exception$/);
  assert.deepEqual(
    out["state"],
    [[["new1"]], [["new1"]], [["new1"]], [["new1", "new1"]]],
    "nothing is left of an earlier query, and nothing is shared",
  );
  assert.match(
    only("attach"),
    /^(ClassNotFoundException|InvocationTargetException) IOException UnsatisfiedLinkError$/,
  );
});

test("code in Java that does not end, grows, lies or dies costs its own query alone", async (t) => {
  const jar = await functionsJar(t, { "HostileFunctions.java": source });
  const { odps, root, running } = await startWorld(t, "sales");
  const hostile = "Endless Grows Native Crashes Threads Forks Exits Hooks Recurses Lies Fills Made";
  const runners = watchPrograms(running.data, "bondstore.Runner");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `${prelude(jar)}
bring()
for name in "${hostile} Prints Tells Begins Annotated Resolved State".split():
    make(name)
for name in "${hostile}".split():
    out[name] = ask("select h_%s()" % name.lower(), **{"odps.sql.udf.timeout": "3"})
out["prints"] = ask("select h_prints()")
out["tells"] = ask("select h_tells(42)")
out["begins"] = [ask("select h_%s(1, 2)" % name) for name in ["begins", "annotated", "resolved"]]
out["after"] = ask("select h_state()")
instance = o.run_sql("select h_endless()")
time.sleep(4)
instance.stop()
out["stopped"] = str(instance.status)
`,
  );
  for (const name of hostile.split(" ")) {
    assert.match(String(out[name]), /ODPS-0(123055|010000)/, `${name}: ${out[name]}`);
  }
  assert.match(String(out["Endless"]), /took too long/);
  assert.match(String(out["Recurses"]), /java\.lang\.StackOverflowError/);
  assert.deepEqual(out["prints"], [["x"]]);
  assert.match(String(out["tells"]), /an exception of its own/);
  assert.doesNotMatch(String(out["tells"]), /secret|42/);
  // What runs first never ends: to ask what a class is runs none of it.
  for (const told of out["begins"] as unknown[]) {
    assert.match(String(told), /takes 1 arguments, by bigint->bigint/);
  }
  assert.deepEqual(out["after"], [["new1"]]);
  assert.equal(out["stopped"], "Status.TERMINATED");
  assert.deepEqual(await runners(), { ran: true }, "nothing of it runs on");
  assert.doesNotMatch(running.logged.join("\n"), /printed words/);
});

test("a JAR that is a bomb, or none, is refused where it is used", async (t) => {
  const jar = await functionsJar(t, { "HostileFunctions.java": source });
  const { odps, root } = await startWorld(t, "sales");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `${prelude(jar)}
def packed(more):
    target = io.BytesIO()
    with zipfile.ZipFile("${jar}") as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.infolist():
            new.writestr(one.filename, more.get(one.filename, old.read(one)))
        for name, content in more.items():
            if name not in old.namelist():
                new.writestr(name, content)
    return target.getvalue()
zeros = bytes(600_000_000)
bring(content=packed({"zeros": zeros}))
make("Bombs"); make("State")
out["resource"] = ask("select h_bombs()")
out["beside"] = ask("select h_state()")
o.get_resource("h.jar").update(file_obj=packed({"HostileFunctions$State.class": zeros}))
out["class"] = ask("select h_state()")
o.get_resource("h.jar").update(file_obj=b"PK\\x03\\x04 no archive at all")
out["none"] = ask("select h_state()")
o.get_resource("h.jar").update(file_obj=packed({"HostileFunctions$State.class": b"\\xca\\xfe\\xba\\xbe" + bytes(100)}))
out["broken"] = ask("select h_state()")
o.get_resource("h.jar").update(file_obj=packed({}))
out["whole"] = ask("select h_state()")
`,
  );
  assert.match(String(out["resource"]), /java\.lang\.OutOfMemoryError|its process ended/);
  assert.deepEqual(out["beside"], [["new1"]]);
  for (const name of ["class", "none", "broken"]) {
    assert.match(String(out[name]), /ODPS-0(123055|130071)/, `${name}: ${out[name]}`);
  }
  assert.deepEqual(out["whole"], [["new1"]], "a new content is what the function is from then on");
});
