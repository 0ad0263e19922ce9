import assert from "node:assert/strict";
import { test } from "node:test";
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
