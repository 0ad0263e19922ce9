import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../support/until.ts";
import { startWorld } from "../support/warehouse.ts";

/** Asks with a signature, and hangs up amid what is sent or answered; tells how many bytes came until then. */
const cutOff = `
import requests, socket, struct, time
from urllib.parse import urlsplit
from odps.tunnel import InstanceTunnel, TableTunnel
def cut(method, path, headers, sent=b""):
    asked = requests.Request(method, o.endpoint + "/projects/sales" + path, headers=headers).prepare()
    o.account.sign_request(asked, o.endpoint)
    at = urlsplit(asked.url)
    link = socket.create_connection((at.hostname, at.port))
    lines = ["%s %s%s HTTP/1.1" % (method, at.path, at.query and "?" + at.query), "host: " + at.netloc]
    if sent: lines.append("transfer-encoding: chunked")
    lines += ["%s: %s" % (k, v if isinstance(v, str) else v.decode()) for k, v in asked.headers.items() if k.lower() != "content-length"]
    link.sendall("\\r\\n".join(lines + ["", ""]).encode())
    if sent: link.sendall(b"%x\\r\\n" % len(sent) + sent + b"\\r\\n")
    told = b"" if sent else link.recv(1000)
    time.sleep(0.03)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()
    return told[:15].decode()
`;

test("what is broken off amid its bytes leaves no file and nothing open", async (t) => {
  const { asRoot, running } = await startWorld(t, "sales");
  const files = () => readdirSync(join(running.data, "store", "blobs")).length;
  const open = () => readdirSync("/proc/self/fd").length;
  await asRoot(`
import os
with o.create_fs_volume("disk").open_writer("large") as writer: writer.write(os.urandom(4000000))
with o.create_parted_volume("lake").open_writer("part") as writer: writer.write("large", os.urandom(4000000))
o.execute_sql("create table t (a bigint, b string)")
o.write_table("t", [[n, os.urandom(500).hex()] for n in range(4000)])
o.create_resource("large.txt", "file", file_obj=os.urandom(2000000).hex())
rows("select count(*) from t")
`);
  const before = { files: files(), open: open() };
  const out = await asRoot(`${cutOff}
tunnel = TableTunnel(o)
of_table = tunnel.create_download_session("t").id
upload = tunnel.create_upload_session("t").id
job = o.execute_sql("select * from t limit 4000")
of_rows = InstanceTunnel(o).create_download_session(job).id
rows_of = "/instances/%s?downloadid=%s&data&rowrange=(0,4000)" % (job.id, of_rows)
v5, text = {"x-odps-tunnel-version": "5"}, {"x-odps-resource-type": "file", "x-odps-resource-name": "cut.txt", "content-type": "text/plain"}
of_disk = lambda path: {"x-odps-volume-fs-path": path}
for _ in range(6):
    out.setdefault("read", []).extend([
        cut("GET", "/volumes/disk", of_disk("/disk/large")), cut("GET", "/resources/large.txt", {}),
        cut("GET", "/tables/t?downloadid=%s&data&rowrange=(0,4000)" % of_table, v5), cut("GET", rows_of, v5)])
    for method in ["PUT", "POST"]: cut(method, "/volumes/disk", of_disk("/disk/cut"), bytes(300000))
    cut("POST", "/resources/", text, bytes(300000))
    cut("PUT", "/tables/t?uploadid=%s&blockid=0" % upload, v5, os.urandom(300000))
out["left"] = ["cut" in o.get_volume("disk"), o.exist_resource("cut.txt"), list(tunnel.create_upload_session("t", upload_id=upload).blocks)]
time.sleep(1)
`);
  assert.deepEqual(new Set(out["read"] as string[]), new Set(["HTTP/1.1 200 OK"]));
  assert.deepEqual(out["left"], [false, false, []]);
  // The rows of the job are one file more.
  await until("files to go", async () => files() <= before.files + 1);
  await until("what is open to be closed", async () => open() <= before.open + 8);
});
