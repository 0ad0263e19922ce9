import assert from "node:assert/strict";
import { test } from "node:test";
import { watchPrograms } from "../support/processes.ts";
import { member, startWorld } from "../support/warehouse.ts";

const prelude = `
def ask(work, **hints):
    try:
        return work() if callable(work) else rows(work, **hints)
    except Exception as error:
        return type(error).__name__ + ": " + str(error).split("\\n", 1)[-1]
def command(line, resources=""):
    return "select transform(a) using '%s' %s as (a string) from t" % (line, resources)
`;

test("a command sees its own rows and files, and reaches nobody", async (t) => {
  const { asRoot, running } = await startWorld(t, "sales");
  const port = new URL(running.endpoint).port;
  const out = await asRoot(`${prelude}
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1)")
def program(name, text):
    o.create_resource(name, "file", file_obj=text)
    return [one for [one] in ask(command("python3 " + name, "resources '%s'" % name))]
out["files"] = program("files.py", """
import os
for at, folders, names in os.walk('/'):
    folders[:] = [one for one in folders if os.path.join(at, one) not in ('/usr/lib', '/usr/lib64', '/lib', '/lib64', '/proc', '/dev', '/etc/ssl')]
    for one in names: print(os.path.join(at, one))
""")
out["network"] = program("network.py", """
import socket
for where in [('127.0.0.1', ${port}), ('1.1.1.1', 53), ('169.254.169.254', 80)]:
    try:
        socket.create_connection(where, 2).close()
        print('reached')
    except OSError as error: print(type(error).__name__)
""")
out["processes"] = program("processes.py", """
import os
for one in os.listdir('/proc'):
    if one.isdigit(): print(open('/proc/%s/cmdline' % one).read().replace(chr(0), ' ').replace(chr(10), ' ')[:80])
print(' '.join(sorted(os.environ)))
""")
out["write"] = program("write.py", """
for path in ['/usr/bin/x', '/usr/x', '/cell/x', '/function/x', '/etc/passwd']:
    try:
        open(path, 'w').close()
        print('written')
    except OSError as error: print(type(error).__name__)
""")
out["shell"] = ask(command("cat /etc/shadow"))
out["state"] = [ask(command("sh -c \\"cat /work/function/* | wc -l; echo x > /work/function/kept\\"")) for _ in range(2)]
`);
  for (const file of out["files"] as string[]) {
    assert.match(
      file,
      /^\/(cell\/(inside\.mjs|node|in\.sock)|function\/python3|(usr\/)?bin\/\w+|etc\/(passwd|group|hosts|nsswitch\.conf|resolv\.conf|ld\.so\.cache)|work\/function\/files\.py|etc\/pki\/.*)$/,
    );
  }
  assert.equal((out["network"] as string[]).length, 3);
  assert.ok(!(out["network"] as string[]).includes("reached"));
  assert.doesNotMatch((out["processes"] as string[]).join("\n"), /bondstore|main\.js|AWS_|duckdb/);
  assert.equal((out["write"] as string[]).length, 5);
  assert.ok(!(out["write"] as string[]).includes("written"));
  assert.match(String(out["shell"]), /the command ended with 1/);
  assert.deepEqual(out["state"], [[["0"]], [["0"]]], "nothing is left of an earlier query");
});

test("a command that does not end, floods, forks or dies costs its own query alone", async (t) => {
  const { asRoot, running } = await startWorld(t, "sales");
  const orphans = watchPrograms(running.data, "sleep(1234)");
  const sleep = (seconds: number) => `python3 -c \\'import time; time.sleep(${seconds})\\'`;
  const lines = {
    endless: 'sh -c "while true; do true; done"',
    sleeps: sleep(1000),
    floods:
      'sh -c "while true; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"',
    line: "python3 -c \\'while True: print(end=\"x\" * 1000000)\\'",
    grows: "python3 -c \\'x = [bytearray(50000000) for _ in range(1000)]\\'",
    forks: 'sh -c "f() { f | f & }; f; sleep 1000"',
    kills: 'sh -c "kill -9 -1"',
    fills: 'sh -c "cat /dev/zero > /work/x"',
  };
  const orphan = `sh -c "${sleep(1234)} >/dev/null 2>&1 & ${sleep(3)}; cat"`;
  const out = await asRoot(`${prelude}
o.execute_sql("create table t (a bigint)")
o.execute_sql("insert into t values (1)")
for name, line in ${JSON.stringify(lines)}.items():
    out[name] = ask(command(line), **{"odps.sql.udf.timeout": "3"})
out["orphan"] = ask(command(${JSON.stringify(orphan)}))
out["after"] = ask(command("cat"))
`);
  for (const name of Object.keys(lines)) {
    assert.match(String(out[name]), /ODPS-0(123055|123131|010000)/, `${name}: ${out[name]}`);
  }
  assert.deepEqual(out["orphan"], [["1"]]);
  assert.deepEqual(await orphans(), { ran: true }, "nothing of it runs on");
  assert.deepEqual(out["after"], [["1"]]);
});

test("a command is made of what its caller may read, and is no way out of a protected project", async (t) => {
  const { asRoot, odps, account, user, root } = await startWorld(t, "safe", "plain");
  const ann = await user("ann");
  const name = `RAM$${account}:ann`;
  await asRoot(`${prelude}
o.execute_sql("create table t (a bigint)")
o.execute_sql("create table closed (a bigint)")
o.execute_sql("insert into t values (7)")
o.create_resource("closed.py", "file", file_obj="print('words')")
${member(name, "Select on table t")}
o.run_security_query("revoke Read on project safe from user ${name}")
`);
  const asked = await odps(
    ann,
    "safe",
    `${prelude}
out["rows"] = ask(command("cat"))
out["resource"] = ask(command("cat closed.py", "resources ''closed.py''".replace("''", "'")))
out["missing"] = ask(command("cat x", "resources ''nothing.py''".replace("''", "'")))
out["table"] = ask(command("cat").replace("from t", "from closed"))
`,
  );
  assert.deepEqual(asked["rows"], [["7"]]);
  assert.match(String(asked["resource"]), /NoPermission.*odps:Read.*resources\/closed\.py/s);
  assert.match(String(asked["missing"]), /NoPermission.*odps:Read.*resources\/nothing\.py/s);
  assert.match(String(asked["table"]), /NoPermission.*odps:Select/s);
  const out = await odps(
    root,
    "safe",
    `${prelude}
plain = entry("plain")
o.run_security_query("set ProjectProtection=true")
out["into"] = ask(lambda: plain.execute_sql("create table stolen as select transform(a) using 'cat' as a from safe.t"))
out["code"] = ask(lambda: [list(one.values) for one in o.execute_sql(command("cat closed.py", "resources 'closed.py'")).open_reader(tunnel=True, limit=False)])
out["other"] = ask(lambda: [list(one.values) for one in plain.execute_sql("select transform(1) using 'cat closed.py' resources 'safe/resources/closed.py' as a").open_reader(tunnel=True, limit=False)])
out["inside"] = ask(lambda: o.execute_sql("create table kept as select transform(a) using 'cat' as a from t") and rows("select * from kept", tunnel=False))
`,
  );
  assert.match(String(out["into"]), /NoPermission.*protected/s);
  assert.match(String(out["code"]), /NoPermission/);
  assert.match(String(out["other"]), /NoPermission/);
  assert.deepEqual(out["inside"], [["7"]]);
});
