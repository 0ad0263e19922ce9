import assert from "node:assert/strict";
import { test } from "node:test";
import {
  volumePartRows,
  volumeUploadRows,
} from "../../src/services/maxcompute/volumes/sessions.ts";
import { commands, member, startWorld } from "../support/warehouse.ts";

/** What everybody tries with a volume that is not theirs. */
const attempts = `
from odps.tunnel import VolumeTunnel
from odps.models import Volume, PartedVolume, FSVolume
lake = PartedVolume(name="lake", parent=o.get_project().volumes, client=o.rest, type="old")
disk = FSVolume(name="disk", parent=o.get_project().volumes, client=o.rest, type="new")
base = o.endpoint + "/projects/sales"
path = {"x-odps-volume-fs-path": "/disk/secret.txt"}
uploads = base + "/tunnel/uploads"
def post(url, data="", **params):
    return o.rest.post(url, data, params=params)
tried = {
    "list": lambda: list(o.list_volumes()),
    "create": lambda: post(base + "/volumes", "<Meta><Name>mine</Name><Type>old</Type></Meta>"),
    "volume": lambda: lake.reload(),
    "partitions": lambda: list(lake.list_partitions()),
    "partition": lambda: lake.partitions["part_1"].reload(),
    "files": lambda: list(lake.partitions["part_1"].list_files()),
    "begin read": lambda: post(base + "/tunnel/downloads", type="volumefile", target="sales/lake/part_1/secret.txt"),
    "read": lambda: o.rest.get(base + "/tunnel/downloads/" + DOWNLOAD, params={"data": "", "range": "(0,10)"}),
    "begin write": lambda: post(uploads, type="volumefile", target="sales/lake/part_1/"),
    "write": lambda: post(uploads + "/" + UPLOAD, b"\\0\\0\\0\\1", blockid="x"),
    "look": lambda: o.rest.get(uploads + "/" + UPLOAD),
    "commit": lambda: o.rest.put(uploads + "/" + UPLOAD, ""),
    "object": lambda: o.rest.get(base + "/volumes/disk", headers=path, params={"meta": ""}),
    "objects": lambda: o.rest.get(base + "/volumes/disk", headers={"x-odps-volume-fs-path": "/disk"}, params={"expectmarker": "true"}),
    "content": lambda: o.rest.get(base + "/volumes/disk", headers=dict(path, Range="bytes=0-9")),
    "put": lambda: o.rest.post(base + "/volumes/disk", b"\\0\\0\\0\\1", headers=path),
    "directory": lambda: post(base + "/volumes/disk", "<Item><Type>directory</Type><Path>/disk/mine</Path></Item>"),
    "move": lambda: o.rest.put(base + "/volumes/disk", "<Item><Path>/disk/mine</Path></Item>", headers=path, params={"meta": ""}),
    "put commit": lambda: o.rest.put(base + "/volumes/disk", "", headers=dict(path, **{"x-odps-volume-sessionid": UPLOAD})),
    "remove": lambda: o.rest.delete(base + "/volumes/disk", headers=path),
    "drop partition": lambda: lake.delete_partition("part_1"),
    "drop": lambda: o.delete_volume("lake"),
}
def answers():
    told = {name: refused(work) for name, work in tried.items()}
    return {name: why and why[0] for name, why in told.items()}
out = answers()
`;

const filled = `
from odps.tunnel import VolumeTunnel
lake, disk = o.create_parted_volume("lake"), o.create_fs_volume("disk")
with lake.open_writer("part_1") as writer:
    writer.write("secret.txt", "the secret")
with disk.open_writer("secret.txt") as writer:
    writer.write("the secret")
tunnel = VolumeTunnel(o)
out["download"] = tunnel.create_download_session("lake", "part_1", "secret.txt").id
session = tunnel.create_upload_session("lake", "part_1")
with session.open("more.txt") as writer:
    writer.write("more")
out["upload"] = session.id
`;

test("volumes are touched by who may, and by nobody else, with sessions of their own", async (t) => {
  const { asRoot, odps, user, running, account } = await startWorld(t, "sales");
  const [ann, eve] = [await user("ann"), await user("eve")];
  const name = `RAM$${account}:ann`;
  await asRoot(commands(`add user ${name}`, `grant Read on project sales to user ${name}`));
  const { download, upload } = await asRoot(filled);
  const script = `DOWNLOAD, UPLOAD = "${String(download)}", "${String(upload)}"\n${attempts}`;
  const ofNobody = await odps<Record<string, string | null>>(eve, "sales", script);
  for (const [what, kind] of Object.entries(ofNobody)) assert.equal(kind, "NoPermission", what);
  const ofMember = await odps<Record<string, string | null>>(ann, "sales", script);
  const sessions = ["read", "write", "look", "commit", "put commit"];
  // Who may read the project learns that no such session is hers, and no more.
  const isRefusal = (what: string, kind: string | null) =>
    kind === "NoPermission" || (kind === "ODPSError" && sessions.includes(what));
  for (const [what, kind] of Object.entries(ofMember)) {
    assert.ok(isRefusal(what, kind), `${what}: ${kind}`);
  }
  const { root: other } = await running.tenant("other");
  const elsewhere = await odps<Record<string, string | null>>(other, "sales", script);
  for (const [what, kind] of Object.entries(elsewhere)) assert.equal(kind, "NoSuchProject", what);

  await asRoot(
    commands(
      `grant Read on volume lake to user ${name}`,
      `grant Read on volume disk to user ${name}`,
    ),
  );
  const ofReader = await odps<Record<string, string | null>>(ann, "sales", script);
  const open = ["volume", "partitions", "partition", "files", "begin read", "object", "objects"];
  for (const [what, kind] of Object.entries(ofReader)) {
    if (open.includes(what) || what === "content") assert.equal(kind, null, what);
    else assert.ok(isRefusal(what, kind), `${what}: ${kind}`);
  }
  await asRoot(commands(`grant CreateVolume on project sales to user ${name}`));
  const own = await odps<Record<string, unknown>>(
    ann,
    "sales",
    `
with o.create_parted_volume("anns").open_writer("p") as writer:
    writer.write("f", "mine")
out["read"] = o.get_volume("anns").open_reader("p", "f").read().decode()
o.delete_volume("anns")
`,
  );
  assert.deepEqual(own, { read: "mine" }, "who made it may all");
  const kept = await asRoot(`
out["files"] = [one.name for one in o.get_volume_partition("lake", "part_1").list_files()]
out["disk"] = [one.path for one in o.get_volume("disk")]
o.delete_volume("lake")
o.create_parted_volume("lake")
`);
  assert.deepEqual(kept, { files: ["secret.txt"], disk: ["/disk/secret.txt"] });
  const again = await odps<Record<string, string | null>>(ann, "sales", script);
  assert.equal(again["volume"], "NoPermission", "a grant ends with the volume that it was for");
});

test("what is in a volume leaves a protected project as rows do", async (t) => {
  const { asRoot, odps, user, account } = await startWorld(t, "safe");
  const ann = await user("ann");
  const name = `RAM$${account}:ann`;
  const exception = JSON.stringify({
    Version: "1",
    Statement: [
      {
        ...{ Effect: "Allow", Principal: name, Action: ["odps:Read"] },
        Resource: "acs:odps:*:projects/safe/volumes/lake",
        Condition: { StringEquals: { "odps:TaskType": ["DT"] } },
      },
    ],
  });
  await asRoot(`${filled}${member(name)}
o.run_security_query("grant Read, Write on volume lake to user ${name}")
o.run_security_query("grant Read on volume disk to user ${name}")
o.run_security_query("set ProjectProtection=true")
`);
  const reads = `
base = o.endpoint + "/projects/safe"
def session():
    return o.rest.post(base + "/tunnel/downloads", "", params={"type": "volumefile", "target": "safe/lake/part_1/secret.txt"}).json()["DownloadID"]
def read(id):
    return o.rest.get(base + "/tunnel/downloads/" + id, params={"data": "", "range": "(0,10)"}).content[4:14].decode()
def content():
    return o.rest.get(base + "/volumes/disk", headers={"x-odps-volume-fs-path": "/disk/secret.txt", "Range": "bytes=0-9"}).content.decode()
`;
  const closed = await odps<Record<string, [string, string]>>(
    ann,
    "safe",
    `${reads}
out["session"] = refused(session)
out["content"] = refused(content)
out["about"] = o.get_volume_partition("lake", "part_1").length
`,
  );
  const [kind, why] = closed["session"] ?? ["", ""];
  assert.equal(kind, "NoPermission");
  assert.match(why, /volumes\/lake.*protected/);
  assert.equal(closed["content"]?.[0], "NoPermission");
  assert.equal(closed["about"], 10);
  const ofOwner = await asRoot(`${reads}out["content"] = refused(content)`);
  assert.equal((ofOwner["content"] as string[])[0], "NoPermission", "owners are not exempt");

  const excepted = `o.run_security_query('set ProjectProtection=true with exception ' + json.dumps(${JSON.stringify(exception)}))\n`;
  await asRoot(excepted);
  const opened = await odps<Record<string, unknown>>(
    ann,
    "safe",
    `${reads}
id = session()
out["read"] = read(id)
out["other"] = refused(content)[0]
out["id"] = id
`,
  );
  assert.deepEqual([opened["read"], opened["other"]], ["the secret", "NoPermission"]);
  await asRoot(`
with o.get_volume("lake").open_writer("part_1") as writer:
    writer.write("other.txt", "other")
`);
  const changed = await odps<Record<string, unknown>>(
    ann,
    "safe",
    `${reads}out["read"] = refused(lambda: read("${String(opened["id"])}"))[0]`,
  );
  assert.equal(changed["read"], "NoPermission", "an exception is for what was approved");
  await asRoot(commands("set ProjectProtection=false"));
  const free = await odps<Record<string, unknown>>(
    ann,
    "safe",
    `${reads}out["read"] = read("${String(opened["id"])}")`,
  );
  assert.equal(free["read"], "the secret");
  await asRoot(commands("set odps.security.enabledownloadprivilege=true"));
  const controlled = await odps<Record<string, unknown>>(
    ann,
    "safe",
    `${reads}out["read"] = [refused(session)[0], refused(content)[0]]`,
  );
  assert.deepEqual(controlled["read"], ["NoPermission", "NoPermission"]);
});

test("hostile names, streams and sessions are refused and leave nothing", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
import struct, zlib
from urllib.parse import quote
from odps.tunnel import VolumeTunnel
lake, disk = o.create_parted_volume("lake"), o.create_fs_volume("disk")
base = o.endpoint + "/projects/sales"
def create(name):
    return refused(lambda: o.rest.post(base + "/volumes", "<Meta><Name>" + name + "</Name></Meta>"))
long = "x" * 10000
out["volumes"] = [create(name)[0] for name in ["..", "a/b", "a%2Fb", "", "a b", "1a", long, "x\\u202e"]]
out["nul"] = create("a&#0;b")[1]
def begin(target):
    return refused(lambda: o.rest.post(base + "/tunnel/uploads", "", params={"type": "volumefile", "target": target}))
out["targets"] = [begin(target)[0] for target in ["", "other/lake/p/", "sales/lake//", "sales/lake/../", "sales/lake/a\\0/", "sales/lake/" + long + "/", "sales/disk/p/"]]
session = VolumeTunnel(o).create_upload_session("lake", "part_1")
url = base + "/tunnel/uploads/" + session.id
def frames(data=b"hello", size=1024, crc=None, cut=0):
    head = struct.pack(">I", size)
    body = head
    running = zlib.crc32(head)
    for at in range(0, len(data), size):
        running = zlib.crc32(data[at:at + size], running)
        body += data[at:at + size] + struct.pack(">I", running if crc is None else crc)
    return body[:len(body) - cut]
def put(name, body, **headers):
    return refused(lambda: o.rest.post(url, body, params={"blockid": name}, headers=headers))
def kind(told):
    return told and told[0]
out["files"] = [kind(put(name, frames())) for name in ["", "/", "..", "a/../b", "a/./b", "a\\0b", "a\\nb", "a\\\\b", long, "y/" * 40 + "z", "\\ud800".encode("utf-8", "surrogatepass")]]
bad = {
    "nothing": b"", "short head": b"\\0\\0", "no chunk": struct.pack(">I", 0), "huge chunk": struct.pack(">I", 0xffffffff),
    "wrong": frames(crc=1), "cut": frames(cut=1), "cut 4": frames(cut=4), "cut data": frames(cut=7), "more": frames() + b"x",
    "second": frames(b"x" * 3000)[:-4] + b"\\0\\0\\0\\0",
}
out["streams"] = {what: kind(put("f", body)) for what, body in bad.items()}
out["deflate"] = [kind(put("f", body, **{"Content-Encoding": "deflate"})) for body in [frames(), zlib.compress(frames())[:-3], zlib.compress(frames(crc=1))]]
out["encoding"] = kind(put("f", frames(), **{"Content-Encoding": "br"}))
out["left"] = o.rest.get(url).json()["FileList"]
out["good"] = [kind(put("small", frames(b"abc", 1))), kind(put("whole", frames(b"x" * 2048))), kind(put("empty", frames(b""))), kind(put("packed", zlib.compress(frames()), **{"Content-Encoding": "deflate"}))]
session.commit(["small", "whole", "empty", "packed"])
out["again"] = o.rest.put(url, "").json()["Status"]
out["late"] = kind(put("late", frames()))
out["content"] = [lake.open_reader("part_1", "small").read().decode(), len(lake.open_reader("part_1", "whole").read()), lake.open_reader("part_1", "empty").read()]
out["ranges"] = [kind(refused(lambda: o.rest.get(base + "/tunnel/downloads/" + VolumeTunnel(o).create_download_session("lake", "part_1", "whole").id, params={"data": "", "range": text}))) for text in ["(9999999999999999999,1)", "(-1,2)", "(0,2", "x"]]
header = "x-odps-volume-fs-path"
def look(path):
    return kind(refused(lambda: o.rest.get(base + "/volumes/disk", params={"meta": ""}, headers={header: path})))
out["paths"] = [look(path) for path in ["", "disk", "/lake/part_1", "/disk/../lake/part_1", "/disk/" + "x" * 4000]]
def post(path):
    return kind(refused(lambda: o.rest.post(base + "/volumes/disk", "<Item><Type>directory</Type><Path>" + path + "</Path></Item>")))
out["directories"] = [post(path) for path in ["/disk/..", "/disk/a/../../lake", "/other/x", "/disk/&#10;", "/disk"]]
disk.create_dir("a/b")
with disk.open_writer("a/file") as writer:
    writer.write("x")
def move(source, target):
    return kind(refused(lambda: o.rest.put(base + "/volumes/disk", "<Item><Path>" + target + "</Path></Item>", params={"meta": ""}, headers={header: source})))
out["moves"] = [move("/disk/a", "/disk/a/b/c"), move("/disk/a", "/lake/a"), move("/disk/a", "/disk"), move("/disk/a/b", "/disk/a/file"), move("/disk/a/b", "/disk/a/file/b"), move("/disk", "/disk/z"), move("/disk/a", "/disk/../x")]
deep = "/disk/" + "/".join(["d" * 200] * 4)
disk.create_dir(deep[6:])
disk.create_dir("w" * 200 + "/" + "v" * 200)
out["long"] = move("/disk/" + "w" * 200, deep + "/" + "u" * 190)
out["tree"] = [one.path for one in disk["a"]]
out["removed"] = kind(refused(lambda: o.rest.delete(base + "/volumes/disk", headers={header: "/disk"}, params={"recursive": "true"})))
`);
  const allRefused = (list: unknown, kinds: readonly string[]) =>
    Object.values(list as object).forEach((kind, at) => {
      assert.ok(kinds.includes(kind as string), `${at} of ${JSON.stringify(list)}`);
    });
  allRefused(out["volumes"], ["InvalidArgument"]);
  assert.match(String(out["nul"]), /MalformedXML/);
  allRefused(out["targets"], ["InvalidArgument", "NoSuchObject"]);
  allRefused(out["files"], ["InvalidArgument"]);
  allRefused(out["streams"], ["InvalidArgument"]);
  allRefused(out["deflate"], ["InvalidArgument"]);
  assert.equal(out["encoding"], "InvalidArgument");
  assert.deepEqual(out["left"], []);
  assert.deepEqual(out["good"], [null, null, null, null]);
  assert.deepEqual([out["again"], out["late"]], ["closed", "InvalidArgument"]);
  assert.deepEqual(out["content"], ["abc", 2048, null]);
  assert.deepEqual((out["ranges"] as unknown[]).slice(1), Array(3).fill("InvalidArgument"));
  allRefused(out["paths"], ["InvalidArgument"]);
  allRefused(out["directories"], ["InvalidArgument", "ObjectAlreadyExists"]);
  allRefused(out["moves"], ["InvalidArgument", "ObjectAlreadyExists", "NoSuchObject"]);
  assert.equal(out["long"], "InvalidArgument");
  assert.deepEqual(out["tree"], ["/disk/a/b", "/disk/a/file"]);
  assert.equal(out["removed"], "NoSuchObject");
});

test("an upload ends with its volume, its partition is another's when it is dropped meanwhile", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
from concurrent.futures import ThreadPoolExecutor
from odps.tunnel import VolumeTunnel
tunnel = VolumeTunnel(o)
def began(volume):
    session = tunnel.create_upload_session(volume, "part_1")
    with session.open("f") as writer:
        writer.write("x" * 100000)
    return session
lake = o.create_parted_volume("lake")
session = began("lake")
o.delete_volume("lake")
out["gone"] = refused(session._complete_upload)[1]
o.create_parted_volume("lake")
out["anew"] = refused(session._complete_upload)[1]
out["empty"] = [one.name for one in o.get_volume("lake").list_partitions()]
out["races"] = []
for _ in range(10):
    session = began("lake")
    with ThreadPoolExecutor(4) as pool:
        commits = [pool.submit(refused, session._complete_upload) for _ in range(3)]
        dropped = pool.submit(refused, lambda: o.delete_volume("lake"))
    told = sorted({(one.result() or ["done"])[0] for one in commits})
    out["races"].append([dropped.result(), o.exist_volume("lake"), told])
    o.create_parted_volume("lake")
out["after"] = [one.name for one in o.get_volume("lake").list_partitions()]
`);
  assert.match(String(out["gone"]), /does not exist/);
  assert.match(String(out["anew"]), /does not exist/);
  assert.deepEqual([out["empty"], out["after"]], [[], []]);
  for (const [dropped, there, told] of out["races"] as [unknown, boolean, string[]][]) {
    assert.deepEqual([dropped, there], [null, false]);
    assert.ok(told.every((one) => ["done", "TunnelError", "NoSuchObject"].includes(one)));
  }
});

test("a file that is written while its volume is dropped leaves nothing behind", async (t) => {
  const { asRoot, running, account } = await startWorld(t, "sales");
  const out = await asRoot(`
import struct, zlib
o.create_fs_volume("disk")
def body():
    head, data = struct.pack(">I", 1 << 20), b"x" * 100000
    yield head + data[:50000]
    o.delete_volume("disk")
    yield data[50000:] + struct.pack(">I", zlib.crc32(data, zlib.crc32(head)))
out["put"] = refused(lambda: o.rest.post(o.endpoint + "/projects/sales/volumes/disk", body(), headers={"x-odps-volume-fs-path": "/disk/f"}))
`);
  assert.ok(out["put"]);
  const store = running.bondstore.opened.parts.store.account(account);
  assert.deepEqual([...volumePartRows(store).range()], []);
  assert.deepEqual([...volumeUploadRows(store).range()], []);
});
