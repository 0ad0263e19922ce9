import assert from "node:assert/strict";
import { test } from "node:test";
import {
  volumePartRows,
  volumeUploadRows,
} from "../../src/services/maxcompute/volumes/sessions.ts";
import { until } from "../support/until.ts";
import { startWorld } from "../support/warehouse.ts";

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
  await until("what it wrote to go", async () =>
    [volumePartRows, volumeUploadRows].every((rows) => [...rows(store).range()].length === 0),
  );
});
