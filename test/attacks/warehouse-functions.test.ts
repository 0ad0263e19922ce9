import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { watchPrograms } from "../support/processes.ts";
import { until } from "../support/until.ts";
import { firstValue, startWorld } from "../support/warehouse.ts";

/** What each script begins with: `make` registers code under a name, `ask` runs a query and answers rows or an error. */
const prelude = `
def make(name, body, signature="bigint->string", base="object", o=None):
    o = o or globals()["o"]
    text = "import os, sys, socket, time, subprocess, threading\\nfrom odps.udf import annotate, BaseUDTF, BaseUDAF\\n"
    text += '@annotate("%s")\\nclass F(%s):\\n' % (signature, base)
    text += "\\n".join("    " + line for line in body.strip("\\n").split("\\n")) + "\\n"
    o.create_resource(name + ".py", "py", file_obj=text)
    o.execute_sql("create function %s as '%s.F' using '%s.py'" % (name, name, name))
def ask(sql, o=None, **hints):
    try:
        return rows(sql, o, **hints)
    except Exception as error:
        return type(error).__name__ + ": " + str(error).split("\\n", 1)[-1]
`;

test("code of a user sees nothing but itself, and reaches nobody", async (t) => {
  const { odps, root, running } = await startWorld(t, "sales", "other");
  await odps(
    root,
    "other",
    `${prelude}
make("theirs", "def evaluate(self, a):\\n    return 'their own words'")
`,
  );
  const out = await odps<Record<string, string>>(
    root,
    "sales",
    `${prelude}
o.execute_sql("create table t (a bigint, b string)")
o.execute_sql("insert into t values (1, 'only rows')")
rows("select * from t")
def tried(body, signature="bigint->string"):
    tried.count += 1
    name = "f%d" % tried.count
    make(name, body, signature)
    return ask("select %s(1)" % name)
tried.count = 0
out["root"] = tried("def evaluate(self, a):\\n    return ' '.join(sorted(os.listdir('/')))")
out["files"] = tried("""
def evaluate(self, a):
    found = []
    for at, folders, names in os.walk('/'):
        folders[:] = [one for one in folders if os.path.join(at, one) not in ('/usr', '/lib', '/lib64', '/proc', '/dev', '/etc/ssl')]
        found += [os.path.join(at, one) for one in names]
    return ' '.join(sorted(found))
""")
out["processes"] = tried("def evaluate(self, a):\\n    return ' '.join(sorted(open('/proc/%s/cmdline' % one).read().replace(chr(0), ' ')[:60] for one in os.listdir('/proc') if one.isdigit()))")
out["environment"] = tried("def evaluate(self, a):\\n    return ' '.join(sorted(os.environ))")
out["network"] = tried("""
def evaluate(self, a):
    told = []
    for where in [('127.0.0.1', ${new URL(running.endpoint).port}), ('1.1.1.1', 53), ('169.254.169.254', 80)]:
        try:
            socket.create_connection(where, 2).close()
            told.append('reached')
        except OSError as error:
            told.append(type(error).__name__)
    return ' '.join(told)
""")
out["write"] = tried("""
def evaluate(self, a):
    told = []
    for path in ['/usr/x', '/cell/x', '/function/x', '/etc/passwd', '/proc/sys/kernel/hostname']:
        try:
            open(path, 'w').close()
            told.append('written')
        except OSError as error:
            told.append(type(error).__name__)
    return ' '.join(told)
""")
out["open"] = tried("def evaluate(self, a):\\n    return ' '.join(sorted(os.readlink('/proc/%s/fd/%s' % (pid, fd)) for pid in os.listdir('/proc') if pid.isdigit() for fd in os.listdir('/proc/%s/fd' % pid) if os.path.islink('/proc/%s/fd/%s' % (pid, fd))))")
make("state", "seen = []\\ndef evaluate(self, a):\\n    try:\\n        open('/work/kept', 'a').write('x')\\n    except OSError: pass\\n    F.seen.append(a)\\n    return str(len(F.seen)) + str(len(open('/work/kept').read()))")
out["state"] = [ask("select state(1)"), ask("select state(2)")]
make("one", "def evaluate(self, a):\\n    return ' '.join(sorted(one for one in os.listdir('.') if one.endswith('.py')))")
make("two", "def evaluate(self, a):\\n    return ' '.join(sorted(one for one in os.listdir('.') if one.endswith('.py')))")
out["apart"] = ask("select one(1), two(1), other:theirs(1)")
`,
  );
  const only = (what: string) => firstValue(out[what]);
  for (const folder of only("root").split(" ")) {
    assert.match(folder, /^(bin|cell|dev|etc|function|lib|lib64|proc|tmp|usr|work)$/);
  }
  for (const file of only("files").split(" ")) {
    assert.match(
      file,
      /^\/(cell\/(inside\.mjs|node|in\.sock)|function\/python3|etc\/(passwd|group|hosts|nsswitch\.conf|resolv\.conf|ld\.so\.cache)|work\/function\/f2\.py|etc\/pki\/.*)$/,
    );
  }
  assert.doesNotMatch(only("processes"), /bondstore|main\.js|query-process|duckdb/);
  assert.equal(only("environment"), "HOME LANG PATH TMPDIR TZ USER");
  assert.match(only("network"), /^(\w+Error ?|timeout ?|TimeoutError ?){3}$/);
  assert.match(only("write"), /^(\w+Error ?){5}$/);
  assert.doesNotMatch(only("open"), /mdb|bondstore/);
  assert.deepEqual(out["state"], [[["11"]], [["11"]]], "nothing is left of an earlier query");
  assert.deepEqual(out["apart"], [["one.py", "two.py", "their own words"]]);
});

test("code that does not end, grows, forks, lies or dies costs its own query alone", async (t) => {
  const { odps, root, running } = await startWorld(t, "sales");
  const runners = watchPrograms(running.data, "/function/python3");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `${prelude}
make("endless", "def evaluate(self, a):\\n    while True: pass")
make("closes", "def process(self, a):\\n    pass\\ndef close(self):\\n    while True: pass", base="BaseUDTF")
make("grows", "def evaluate(self, a):\\n    kept = []\\n    while True: kept.append(bytearray(50000000))")
make("forks", "def evaluate(self, a):\\n    while True:\\n        os.fork()")
make("threads", "def evaluate(self, a):\\n    while True: threading.Thread(target=time.sleep, args=(1000,)).start()")
make("dies", "def evaluate(self, a):\\n    os._exit(0)")
make("kills", "def evaluate(self, a):\\n    os.kill(-1, 9)")
make("wrong", "def evaluate(self, a):\\n    return 1")
make("range", "def evaluate(self, a):\\n    return 1 << 70", "bigint->bigint")
make("lies", "def evaluate(self, a):\\n    for fd in range(3, 20):\\n        try: os.write(fd, b'\\\\x00\\\\x00\\\\x00\\\\x05\\\\x00abc\\\\n')\\n        except OSError: pass\\n    os._exit(0)", "bigint->bigint")
make("floods", "def evaluate(self, a):\\n    for fd in range(3, 20):\\n        try:\\n            while True: os.write(fd, b'\\\\x00' * 1000000)\\n        except OSError: pass")
make("fills", "def evaluate(self, a):\\n    with open('/work/x', 'wb') as file:\\n        while True: file.write(bytes(1000000))")
make("prints", "def evaluate(self, a):\\n    print('printed words ' * 1000)\\n    sys.stderr.write('printed words')\\n    return 'x'")
make("deep", "def evaluate(self, a):\\n    return '[' * 1000000")
make("big", "def evaluate(self, a):\\n    return 'x' * 40000000")
hints = {"odps.sql.udf.timeout": "2"}
for name in ["endless", "closes", "grows", "forks", "threads", "dies", "kills", "wrong", "range", "lies", "floods", "fills"]:
    out[name] = ask("select %s(1)" % name, **({} if name == "wrong" else hints))
out["prints"] = ask("select prints(1)")
out["deep"] = ask("select length(deep(1))")
out["big"] = ask("select length(big(1)), length(big(2))")
make("fine", "def evaluate(self, a):\\n    return 'fine'")
out["after"] = ask("select fine(1)")
instance = o.run_sql("select endless(1)")
import time
time.sleep(2)
instance.stop()
out["stopped"] = str(instance.status)
`,
  );
  for (const name of [
    "endless",
    "closes",
    "grows",
    "forks",
    "threads",
    "dies",
    "kills",
    "wrong",
    "range",
    "lies",
    "floods",
    "fills",
  ]) {
    assert.match(String(out[name]), /ODPS-0(123055|123131|010000)/, `${name}: ${out[name]}`);
  }
  assert.match(String(out["endless"]), /took too long/);
  assert.match(String(out["wrong"]), /not of the type in its annotation/);
  assert.deepEqual([out["prints"], out["deep"]], [[["x"]], [[1_000_000]]]);
  assert.match(String(out["big"]), /40000000|too large|Out of Memory/);
  assert.deepEqual(out["after"], [["fine"]]);
  assert.equal(out["stopped"], "Status.TERMINATED");
  assert.deepEqual(await runners(), { ran: true }, "nothing of it runs on");
  assert.doesNotMatch(running.logged.join("\n"), /printed words/);
});

const speak = (bytes: string) => `
for fd in range(3, 20):
    try: os.write(fd, ${bytes})
    except OSError: pass
`;

/** What a module does when it is loaded. */
const loading = {
  fine: "",
  raises: "raise ValueError('x')",
  dies: "os._exit(1)",
  endless: "while True: pass",
  early: speak("bytes([0, 0, 0, 1, 0]) * 3"),
  huge: speak("bytes([255] * 4) + bytes(100000)"),
  calls: `
for _ in range(20):
    if os.fork() == 0:
        held = []
        for _ in range(150):
            try:
                held.append(socket.socket(socket.AF_UNIX))
                held[-1].connect("/cell/in.sock")
                held[-1].send(bytes(1000))
            except OSError: pass
        time.sleep(1000)
time.sleep(1)
`,
};

test("code that does not load, or calls on its host, leaves nothing open there", async (t) => {
  const { asRoot, running } = await startWorld(t, "sales");
  const open = () => readdirSync("/proc/self/fd").length;
  const runners = watchPrograms(running.data, "/function/python3");
  await asRoot(`
head = "import os, socket, time\\nfrom odps.udf import annotate\\n"
tail = "\\n@annotate('bigint->string')\\nclass F(object):\\n    def evaluate(self, a):\\n        return 'x'\\n"
for name, lines in ${JSON.stringify(loading)}.items():
    o.create_resource(name + ".py", "py", file_obj=head + lines + tail)
    o.execute_sql("create function %s as '%s.F' using '%s.py'" % (name, name, name))
rows("select fine(1)")
`);
  const before = open();
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, open());
  }, 50);
  const out = await asRoot(`${prelude}
import time
for name in ["raises", "dies", "early", "huge"]:
    out[name] = [ask("select %s(1)" % name) for _ in range(8)]
out["calls"] = [ask("select calls(1)"), ask("select fine(1)")]
instance = o.run_sql("select endless(1)")
time.sleep(3)
instance.stop()
`);
  clearInterval(timer);
  for (const name of ["raises", "dies", "early", "huge"]) {
    for (const told of out[name] as unknown[]) assert.match(String(told), /ODPS-0123055/, name);
  }
  assert.deepEqual(out["calls"], [[["x"]], [["x"]]]);
  assert.deepEqual(await runners(), { ran: true }, "what is stopped while it loads ends");
  await until("what is open to be closed", async () => open() <= before + 8);
  assert.ok(most <= before + 60, `${most} of ${before}`);
});
