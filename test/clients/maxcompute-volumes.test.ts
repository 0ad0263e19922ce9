import assert from "node:assert/strict";
import { test } from "node:test";
import { java } from "../support/java.ts";
import { startWorld } from "../support/warehouse.ts";

test("PyODPS makes, fills, reads, lists and drops a volume with partitions", async (t) => {
  const { asRoot, account } = await startWorld(t, "sales");
  const out = await asRoot(`
from odps.tunnel import VolumeTunnel, CompressOption
made = o.create_parted_volume("lake", comment="some files")
out["about"] = [made.name, made.owner, made.comment, made.type.value]
out["twice"] = refused(lambda: o.create_parted_volume("lake"))[0]
large = bytes(range(256)) * 8192
with made.open_writer("part_1") as writer:
    writer.write("words.txt", "one\\ntwo\\n")
    writer.write("large.bin", large[:1000])
    writer.write("large.bin", large[1000:])
    writer.write("deep/er.txt", "below")
out["lines"] = [line for line in made.open_reader("part_1", "words.txt")]
with made.open_reader("part_1", "large.bin") as reader:
    out["large"] = reader.read() == large
with made.open_reader("part_1", "large.bin", start=524288, length=10) as reader:
    out["range"] = reader.read() == large[524288:524298]
partition = o.get_volume_partition("lake", "part_1")
o.create_resource("words", "volumefile", volume_file=partition.files["words.txt"])
o.create_resource("packed", "volumearchive", volume_path="sales/volumes/lake/part_1/large.bin")
out["resources"] = [[type(one).__name__, one.volume_path] for one in [o.get_resource("words"), o.get_resource("packed")]]
out["no file"] = [refused(lambda: o.create_resource("wrong", "volumefile", volume_path=path))[0] for path in ["", "sales/volumes/", "sales/volumes/../x", "x"]]
again = partition.open_reader("words.txt")
out["reopened"] = partition.open_reader("words.txt", reopen=True).read().decode()
out["partition"] = [partition.name, partition.length, partition.file_number, partition.owner]
out["files"] = [one.name for one in partition.list_files()]
out["within"] = [one.name for one in partition.files.iterate(name="wo")]
tunnel = VolumeTunnel(o)
session = tunnel.create_upload_session("lake", "part_2", compress_algo="zlib")
with session.open("packed.txt", compress=True) as writer:
    writer.write("packed " * 1000)
with session.open("log.txt") as writer:
    writer.write("first ")
with session.open("log.txt", append=True) as writer:
    writer.write("second")
session.commit(["packed.txt", "log.txt"])
out["status"] = session.status.value
out["packed"] = len(made.open_reader("part_2", "packed.txt", compress_algo="zlib").read())
out["log"] = made.open_reader("part_2", "log.txt").read().decode()
out["partitions"] = [one.name for one in made.list_partitions()]
out["of listed"] = [[one.name for one in listed.list_files()] for listed in made.list_partitions()]
out["volumes"] = [[one.name, one.owner] for one in o.list_volumes()]
volume = o.get_volume("lake")
volume.reload()
out["all"] = [volume.length, volume.file_number]
with made.open_writer("part_2") as writer:
    writer.write("log.txt", "third")
out["replaced"] = [made.open_reader("part_2", "log.txt").read().decode(), sorted(one.name for one in o.get_volume_partition("lake", "part_2").list_files())]
made.delete_partition("part_1")
out["there"] = [o.exist_volume("lake"), o.exist_volume("sea"), "part_1" in made.partitions, "part_2" in made.partitions]
out["gone"] = refused(lambda: made.open_reader("part_1", "words.txt"))[0]
out["external"] = refused(lambda: o.create_external_volume("outside", location="oss://endpoint/bucket/dir"))
o.delete_volume("lake")
out["dropped"] = [o.exist_volume("lake"), [one.name for one in o.list_volumes()]]
`);
  const owner = `ALIYUN$${account}`;
  assert.deepEqual(out["about"], ["lake", owner, "some files", "OLD"]);
  assert.equal(out["twice"], "ObjectAlreadyExists");
  assert.deepEqual(out["lines"], ["one\n", "two\n"]);
  assert.deepEqual([out["large"], out["range"]], [true, true]);
  assert.equal(out["reopened"], "one\ntwo\n");
  assert.deepEqual(out["partition"], ["part_1", 8 + 256 * 8192 + 5, 3, owner]);
  assert.deepEqual(out["resources"], [
    ["VolumeFileResource", "sales/volumes/lake/part_1/words.txt"],
    ["VolumeArchiveResource", "sales/volumes/lake/part_1/large.bin"],
  ]);
  assert.deepEqual(out["no file"], Array(4).fill("InvalidArgument"));
  assert.deepEqual(out["files"], ["deep/", "large.bin", "words.txt"]);
  assert.deepEqual(out["within"], ["words.txt"]);
  assert.deepEqual([out["status"], out["packed"], out["log"]], ["CLOSED", 7000, "first second"]);
  assert.deepEqual(out["partitions"], ["part_1", "part_2"]);
  assert.deepEqual(out["of listed"], [
    ["deep/", "large.bin", "words.txt"],
    ["log.txt", "packed.txt"],
  ]);
  assert.deepEqual(out["volumes"], [["lake", owner]]);
  assert.deepEqual(out["all"], [8 + 256 * 8192 + 5 + 7000 + 12, 5]);
  assert.deepEqual(out["replaced"], ["third", ["log.txt", "packed.txt"]]);
  assert.deepEqual(out["there"], [true, false, false, true]);
  assert.equal(out["gone"], "NoSuchObject");
  const [kind, why] = out["external"] as [string, string];
  assert.equal(kind, "InvalidArgument");
  assert.match(why, /external volumes are not built/);
  assert.deepEqual(out["dropped"], [false, []]);
});

test("PyODPS keeps files and directories in a volume that is a file system", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
made = o.create_fs_volume("disk")
out["type"] = made.type.value
made.create_dir("in/out")
large = bytes(range(256)) * 8192
with made.open_writer("in/large.bin", replication=2) as writer:
    writer.write(large)
with made["in"].open_writer("words.txt") as writer:
    writer.write("one\\ntwo\\n")
with made.open_reader("in/large.bin") as reader:
    out["large"] = reader.read() == large
with made.open_reader("in/large.bin", start=524288, length=10) as reader:
    out["range"] = reader.read() == large[524288:524298]
out["none"] = [made.open_reader("in/large.bin", start=start, length=0).read() for start in [0, 5]]
out["lines"] = [line for line in made["in"].open_reader("words.txt")]
last = o.rest.get(made.resource(), headers={"x-odps-volume-fs-path": "/disk/in/words.txt", "Range": "bytes=-4"}).content
out["last"] = [b"two\\n" in last, b"one" in last]
out["listed"] = [[one.path, type(one).__name__] for one in made["in"]]
out["there"] = ["in/words.txt" in made and True, "in/nothing" in made]
file = made["in/large.bin"]
out["file"] = [file.path, file.length, file.replication, file.basename]
file.replication = 5
out["replication"] = made["in/large.bin"].replication
file.move("moved.bin")
out["moved"] = ["in/large.bin" in made, made["in/moved.bin"].replication, made["in/moved.bin"].length]
made["in"].move("/disk/else")
out["renamed"] = [one.path for one in made["else"]]
out["full"] = refused(lambda: made["else"].delete())[0]
made["else/words.txt"].delete()
made["else"].delete(recursive=True)
out["empty"] = [one.path for one in made]
out["other"] = refused(lambda: made._client.get(made.resource()))[0]
o.delete_volume("disk")
out["dropped"] = o.exist_volume("disk")
`);
  assert.equal(out["type"], "NEW");
  assert.deepEqual([out["large"], out["range"], out["none"]], [true, true, [null, null]]);
  assert.deepEqual(out["lines"], ["one\n", "two\n"]);
  assert.deepEqual(out["last"], [true, false]);
  assert.deepEqual(out["listed"], [
    ["/disk/in/large.bin", "FSVolumeFile"],
    ["/disk/in/out", "FSVolumeDir"],
    ["/disk/in/words.txt", "FSVolumeFile"],
  ]);
  assert.deepEqual(out["there"], [true, false]);
  assert.deepEqual(out["file"], ["/disk/in/large.bin", 256 * 8192, 2, "large.bin"]);
  assert.equal(out["replication"], 5);
  assert.deepEqual(out["moved"], [false, 5, 256 * 8192]);
  assert.deepEqual(out["renamed"], [
    "/disk/else/moved.bin",
    "/disk/else/out",
    "/disk/else/words.txt",
  ]);
  assert.equal(out["full"], "InvalidArgument");
  assert.deepEqual(out["empty"], []);
  assert.equal(out["other"], "InvalidArgument");
  assert.equal(out["dropped"], false);
});

test("pages of a listing leave nothing out, however names are written", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(`
import re
lake, disk = o.create_parted_volume("lake"), o.create_fs_volume("disk")
names = ["B", "a", "C", "_", "1"]
strange = ["\\uff01", "\\U0001f600", "B", "a"]
for name in names:
    with lake.open_writer(name) as writer:
        for file in strange: writer.write(file, "x")
for name in strange:
    o.rest.post(disk.resource(), ("<Item><Type>directory</Type><Path>/disk/" + name + "</Path></Item>").encode())
def paged(url, element, **how):
    marker, found = "", []
    for _ in range(10):
        text = o.rest.get(url, params={"expectmarker": "true", "maxitems": "1", "marker": marker}, **how).content.decode()
        found += re.findall("<" + element + ">([^<]*)</" + element + ">", text)
        marker = (re.findall("<Marker>([^<]+)</Marker>", text) or [""])[0]
        if marker == "": return found
out["partitions"] = paged(lake.resource(), "Name") == sorted(names)
out["files"] = paged(lake.partitions["a"].resource(), "Name") == sorted(strange, key=lambda name: name.encode("utf-16-be"))
out["objects"] = len(paged(disk.resource(), "Path", headers={"x-odps-volume-fs-path": "/disk"}))
`);
  assert.deepEqual(out, { partitions: true, files: true, objects: 4 });
});

test("the Java SDK does the same", async (t) => {
  const { running, root, account } = await startWorld(t, "sales");
  const source = "test/support/java/WarehouseVolumes.java";
  const out = await java("warehouse-java", running, root, source, "sales");
  assert.deepEqual(out, {
    about: ["lake", "OLD", "some files", `ALIYUN$${account}`],
    status: "CLOSED",
    lengths: [2, 700_000],
    partitions: ["part_1"],
    files: ["a/", "large.bin"],
    within: ["words.txt"],
    partition: [700_002, 2],
    read: [2, 700_000],
    deleted: false,
    items: ["/disk/in", "/disk/in/large.bin"],
    length: 5,
    file: "bytes",
    left: [false, false],
    refused: "NoSuchObject",
  });
});
