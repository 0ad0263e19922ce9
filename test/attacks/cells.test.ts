/** A cell reaches only the front door, sees nothing of the host, and cannot outgrow its limits. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Cell, startCell } from "../../src/cells/cell.ts";
import type { CellOptions } from "../../src/cells/layout.ts";
import type { Limits } from "../../src/cells/limits.ts";
import { probeSandbox } from "../../src/cells/probe.ts";
import { processesWith } from "../support/processes.ts";
import { until } from "../support/until.ts";

const mebi = 1024 * 1024;
const limits: Limits = {
  memoryBytes: 128 * mebi,
  cpus: 1,
  processes: 64,
  workBytes: 8 * mebi,
  openFiles: 256,
};
const token = "token-of-this-cell";

let directory = "";
let dataDirectory = "";
const asked: string[] = [];
const door = createServer((request, response) => {
  asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? "-"}`);
  response.end("the front door");
});
/** Something of the host that listens on loopback, as a database would. */
const neighbour = createServer((_, response) => response.end("the host's own service"));
let neighbourPort = 0;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "cells-"));
  dataDirectory = join(directory, "data");
  mkdirSync(dataDirectory);
  writeFileSync(join(dataDirectory, "secret"), "marker-of-the-data-directory");
  door.listen(join(directory, "door.sock"));
  neighbour.listen(0, "127.0.0.1");
  await Promise.all([once(door, "listening"), once(neighbour, "listening")]);
  const address = neighbour.address();
  neighbourPort = typeof address === "object" && address ? address.port : 0;
});

after(async () => {
  await Promise.all(running.map((cell) => cell.stop(0)));
  door.close();
  neighbour.close();
  rmSync(directory, { recursive: true, force: true });
});

let cells = 0;
const running: Cell[] = [];
async function start(script: string, more: Partial<CellOptions> = {}): Promise<Cell> {
  cells += 1;
  const cell = await startCell({
    id: `attack-${cells}`,
    program: () => ({ command: "/usr/bin/bash", args: ["-c", script], env: {} }),
    // More than an engine gets: whatever a tenant brings along, it runs with these programs.
    binds: [{ source: "/usr/bin" }],
    door: { socket: join(directory, "door.sock"), credentialsToken: token },
    ports: ["rest"],
    runDirectory: join(directory, "run"),
    limits,
    ...more,
  });
  running.push(cell);
  return cell;
}

async function run(script: string, more: Partial<CellOptions> = {}) {
  const cell = await start(script, more);
  const end = await cell.exited;
  return { ...end, log: cell.log.join("\n") };
}

const inNode = (script: string) => `/cell/node -e '${script}'`;

test("the probe says that this host permits sandboxes, and how limits are held", async () => {
  const sandbox = await probeSandbox();
  assert.equal(sandbox.why, "");
  assert.ok(sandbox.ok);
});

test("the front door is reached, with the cell's credentials token", async () => {
  const ask = "$AWS_CONTAINER_CREDENTIALS_FULL_URI";
  const { log, code } = await run(
    inNode(
      `fetch(process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI, {headers: {authorization:
       process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN}}).then(r => r.text()).then(console.log)`,
    ).concat(`; echo ${ask}`),
  );
  assert.equal(code, 0);
  assert.match(log, /the front door/);
  assert.match(log, /^http:\/\/127\.0\.0\.1:\d+\/credentials$/m);
  assert.ok(asked.includes(`GET /credentials ${token}`));
});

/** What runs inside, and what must (not) be in its output. */
const attempts: readonly (readonly [title: string, script: string, expected: RegExp])[] = [
  ["only loopback exists", "ls /sys 2>&1; tail -n +3 /proc/net/dev | cut -d: -f1", /^\s*lo$/m],
  [
    "no route leads out",
    inNode(`require("net").connect(53, "1.1.1.1").on("error", e => console.log(e.code))`),
    /^ENETUNREACH$/m,
  ],
  [
    "names of the world do not resolve",
    inNode(`require("dns").lookup("example.com", e => console.log(e.code))`),
    /^(EAI_AGAIN|ENOTFOUND)$/m,
  ],
  [
    "no socket family passes by the network namespace",
    `python3 -c 'import socket
for family in (40, 17, 16 + 22):
  try:
    socket.socket(family, 1, 0); print("open", family)
  except OSError as e:
    print("errno", e.errno)'`,
    /^errno 97\nerrno 97\nerrno 97$/,
  ],
  [
    "root's home is not there",
    "ls -a /root /home /var /opt /srv /mnt /boot /run 2>&1 | grep -vc No",
    /^0$/,
  ],
  [
    "the host's passwords are not there",
    "cat /etc/shadow; cat /etc/passwd",
    /^cat: .*No such file[\s\S]*cell/,
  ],
  [
    "the host's temporary files are not there",
    "ls -A /tmp /var/tmp 2>&1",
    /^ls: .*\/var\/tmp[\s\S]*\/tmp:$/,
  ],
  ["processes of the host are not there", "ls /proc | grep -c '^[0-9]'", /^[1-9]$/],
  [
    "a process of the host cannot be signalled",
    "kill -0 4000000 2>&1; kill -0 1; echo done",
    /No such/,
  ],
  [
    "programs cannot be written",
    "echo x > /usr/bin/bash 2>&1; touch /usr/bin/x",
    /Read-only[\s\S]*Read-only/,
  ],
  ["the cell's own program cannot be replaced", "echo x > /cell/inside.mjs", /Read-only/],
  [
    "no file is made outside the work directory",
    "touch /x /etc/x /cell/x /dev/x 2>&1 | grep -c 'Read-only'",
    /^4$/,
  ],
  [
    "the host's kernel settings cannot be written",
    "cat /proc/sys/kernel/panic > /proc/sys/kernel/panic",
    /Read-only/,
  ],
  [
    "nothing of /proc but the own processes can be changed",
    `find /proc -not -path '/proc/[0-9]*' -type f -writable -print -exec sh -c ': >> "$1"' _ {} \\; 2>&1 |
     grep -v '^/proc' | grep -vc -e 'Read-only' -e 'Permission' -e 'Operation not' -e 'cannot create'`,
    /^0$/,
  ],
  [
    "no capability is held, and none can be gained",
    "grep -E 'Cap(Prm|Eff|Bnd)|NoNew' /proc/self/status",
    /CapPrm:\s0+\nCapEff:\s0+\nCapBnd:\s0+\nNoNewPrivs:\s1/,
  ],
  [
    "no namespace can be made",
    "unshare -Ur true 2>&1; unshare -n true",
    /not permitted[\s\S]*not permitted/,
  ],
  [
    "nothing can be mounted",
    "mount -t tmpfs none /work; mount -o remount,rw /usr/bin",
    /(must be superuser|permission denied|not permitted)/i,
  ],
  [
    "another process cannot be traced",
    "python3 -c 'import ctypes; c=ctypes.CDLL(None,use_errno=True); print(c.ptrace(16,2,0,0), ctypes.get_errno())'",
    /^-1 1$/,
  ],
  [
    "keys of the host's keyrings are not there",
    "python3 -c 'import ctypes; c=ctypes.CDLL(None,use_errno=True); print(c.syscall(250,0,-4,0), ctypes.get_errno())'",
    process.arch === "x64" ? /^-1 1$/ : /^-1/,
  ],
  [
    "the work directory is limited",
    "head -c 20000000 /dev/zero > /work/big 2>&1; stat -c %s /work/big",
    /^8388608$/m,
  ],
  [
    "secrets are in no environment",
    "cat /proc/*/environ | tr '\\0' '\\n' | grep -ci -e secret -e AWS_ACCESS",
    /^0$/,
  ],
];

test("from inside, nothing of the host is seen or changed", async (t) => {
  for (const [title, script, expected] of attempts) {
    await t.test(title, async () => {
      const { log } = await run(`exec 2>&1; ${script}`);
      assert.match(log, expected);
      assert.doesNotMatch(log, /marker-of-the-data-directory/);
    });
  }
});

test("what the host serves on loopback is another loopback", async () => {
  const { log } = await run(
    inNode(
      `require("net").connect(${neighbourPort}, "127.0.0.1").on("error", e => console.log(e.code))`,
    ),
  );
  assert.match(log, /^ECONNREFUSED$/m);
});

test("the data directory is not there under any name", async () => {
  const { log } = await run(
    `ls ${dataDirectory} 2>&1; grep -rs marker-of-the-data /work /tmp /cell /etc /dev/shm /run; echo end`,
  );
  assert.match(log, /No such file/);
  assert.match(log, /end$/);
});

test("a fork bomb stays within its limit, and the cell still ends", async () => {
  const cell = await start("b() { b | b & }; b; sleep 30");
  await new Promise((resolve) => setTimeout(resolve, 700));
  const group = `/sys/fs/cgroup/pids/bondstore-cell-${process.pid}-${cell.id}/pids.current`;
  if (existsSync(group)) assert.ok(Number(readFileSync(group, "utf8")) <= limits.processes);
  const end = await cell.stop(0);
  assert.equal(end.stopped, true);
});

test("memory beyond the limit ends the engine, and the end says so", async () => {
  const end = await run("python3 -c 'a=[]\nwhile True: a.append(bytearray(8*1024*1024))'");
  assert.notEqual(end.code, 0);
  const sandbox = await probeSandbox();
  assert.equal(end.outOfMemory, sandbox.limits.memory.startsWith("cgroup"));
});

test("an engine that floods its log is kept in bounds", async () => {
  const cell = await start("head -c 8000000 /dev/zero; echo; seq 1 20000; echo last");
  await cell.exited;
  assert.ok(cell.log.length <= 2500);
  assert.ok(cell.log.every((line) => line.length <= 4096));
  assert.equal(cell.log.at(-1), "last");
});

test("an engine that ignores the request to end is ended after the grace", async () => {
  let up: () => void = () => {};
  const told = new Promise<void>((resolve) => {
    up = resolve;
  });
  const deaf = "trap '' TERM; echo up; while true; do sleep 1; done";
  const cell = await start(deaf, { onLog: () => up() });
  await told;
  const end = await cell.stop(100);
  assert.deepEqual([end.code, end.stopped], [137, true]);
});

test("a socket that the engine replaces leads nowhere on the host", async () => {
  const { log } = await run(
    "exec 2>&1; rm -f /cell/in.sock; ln -sf /x /cell/in.sock; rm /cell/door.sock",
  );
  assert.equal(log.match(/(Read-only|busy)/g)?.length, 3);
});

async function askInside(cell: Cell): Promise<string> {
  const connection = await cell.connect("rest");
  return new Promise((resolve, reject) => {
    request({ createConnection: () => connection }, (response) => {
      response.setEncoding("utf8");
      response.once("data", resolve);
    })
      .once("error", reject)
      .end();
  });
}

test("the way in reaches the named port only", async () => {
  const listen = (port: number) =>
    `require("http").createServer((q, r) => r.end("inside")).listen(${port}, "127.0.0.1")`;
  const cell = await start(
    inNode(`${listen(4567)}; ${listen(4568)}; setTimeout(() => {}, 900000)`),
  );
  const answer = await until("an answer", () => askInside(cell).catch(() => undefined));
  assert.equal(answer, "inside");
  await assert.rejects(cell.connect("other"), /no port/);
  await cell.stop(0);
});

function childrenOf(marker: string): readonly number[] {
  return processesWith((line) => line.includes(marker));
}

test("where no sandbox is permitted, a cell is refused unless that is accepted in so many words", async () => {
  const child = spawn(process.execPath, [parent, directory, `refused-${process.pid}`, "confined"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: "/nowhere" },
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  await once(child, "close");
  assert.match(said, /SandboxRefused: no sandbox on this host: bubblewrap is not installed/);
});

const parent = fileURLToPath(new URL("./cells-parent.js", import.meta.url));

async function parentWith(marker: string, mode: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [parent, directory, marker, mode], {
    stdio: ["ignore", "pipe", "inherit"],
    // Without bubblewrap on the path, the probe finds no sandbox.
    env: { PATH: mode === "unconfined" ? "/nowhere" : "/usr/bin:/bin" },
  });
  assert.ok(child.stdout);
  await once(child.stdout, "data");
  return child;
}

for (const mode of ["confined", "unconfined"]) {
  test(`no orphan is left when the parent of a ${mode} cell is killed`, async () => {
    const marker = `orphan-${mode}-${process.pid}`;
    const child = await parentWith(marker, mode);
    assert.ok(childrenOf(marker).length >= 2, "the cell runs");
    const sandboxes = childrenOf(`run/${marker}/in.sock`).length;
    assert.equal(sandboxes > 0, mode === "confined");
    child.kill("SIGKILL");
    await once(child, "exit");
    await until("the end of its children", async () => childrenOf(marker).length === 0);
  });
}
