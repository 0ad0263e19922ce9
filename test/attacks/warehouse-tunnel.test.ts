import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../support/warehouse.ts";

/** `attack` sends a block as PyODPS makes it, after `bend` had its way with the bytes; the table must stay as it was. */
const story = `
import io, struct, zlib, pyarrow
from odps.tunnel import TableTunnel
from odps.tunnel.checksum import Checksum
o.execute_sql("create table t (a bigint, b string, l array<array<bigint>>)")
o.execute_sql("create table wide (a bigint, b string, l array<array<bigint>>, c bigint)")
o.execute_sql("create table other (a string, b bigint, l array<array<bigint>>)")
tunnel = TableTunnel(o)
class Sender:
    def __init__(self, client, send): self.client, self.send = client, send
    def __getattr__(self, name): return getattr(self.client, name)
    def put(self, url, data=None, params=None, headers=None): return self.send(self.client, url, b"".join(data), params, headers)
def written(table="t", arrow=False):
    """A block of 100 rows of a table, as the client sends it."""
    session = tunnel.create_upload_session(table)
    kept = []
    class Answer: status_code, headers, content, ok = 200, {}, b"", True
    session._client = Sender(session._client, lambda client, url, body, params, headers: (kept.append(body), Answer())[1])
    schema = o.get_table(table).table_schema
    with (session.open_arrow_writer(0) if arrow else session.open_record_writer(0)) as writer:
        if arrow:
            writer.write(pyarrow.table({"a": list(range(100)), "b": ["text"] * 100, "l": pyarrow.array([[[1], [2, 3]]] * 100, pyarrow.list_(pyarrow.list_(pyarrow.int64())))}))
        else:
            for at in range(100):
                values = {"a": at, "b": "text", "l": [[1], [2, 3]], "c": 1} if table != "other" else {"a": "x", "b": at, "l": [[1]]}
                writer.write(o.get_table(table).new_record([values[c.name] for c in schema.columns]))
    return kept[0]
def put(body, arrow=False, session=None, blockid="0", table="t", **headers):
    session = session or tunnel.create_upload_session(table)
    params = {"uploadid": session.id, "blockid": blockid}
    if arrow: params["arrow"] = ""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    data = iter([body]) if isinstance(body, bytes) else body
    told = refused(lambda: tunnel.tunnel_rest.put(session._table.table_resource(), data=data, params=params, headers={"Content-Type": "application/octet-stream", **headers}))
    session.reload()
    left = list(session.blocks or [])
    if told is None and left:
        session.commit(left)
    return told[0] if told and not left and told[0] == "InvalidArgument" else [told, left]
def crc(body):
    sum = Checksum("crc32c"); sum.update(body); return sum.getvalue() & 0xffffffff
def framed(body, size=65536):
    """Bytes in Arrow's frames, with right checksums."""
    parts = [struct.pack(">I", size)]
    at = 0
    while at + size <= len(body):
        parts.append(body[at:at + size] + struct.pack(">I", crc(body[at:at + size]))); at += size
    return b"".join(parts) + body[at:] + struct.pack(">I", crc(body))
def batch(table, **options):
    """A batch of rows as Arrow's stream has it, without the schema."""
    out = io.BytesIO()
    with pyarrow.ipc.new_stream(out, table.schema, options=pyarrow.ipc.IpcWriteOptions(**options)) as writer: writer.write_table(table)
    head = pyarrow.ipc.new_stream(io.BytesIO(), table.schema)
    whole = out.getvalue()
    size = struct.unpack("<i", whole[4:8])[0]
    return whole[8 + size:]
def snappy_framed(body):
    """Snappy's framed stream, as its description has it."""
    out = b"\\xff\\x06\\0\\0sNaPpY"
    for at in range(0, len(body), 65536):
        part = body[at:at + 65536]
        packed = pyarrow.compress(part, "snappy", asbytes=True)
        sum = crc(part)
        masked = (((sum >> 15) | (sum << 17)) + 0xa282ead8) & 0xffffffff
        out += b"\\0" + struct.pack("<I", len(packed) + 4)[:3] + struct.pack("<I", masked) + packed
    return out
def rows_there():
    return [rows("select count(*) from " + name)[0][0] for name in ["t", "other"]]
`;

const refused = "InvalidArgument";

test("a hostile upload is refused, leaves no block and no row, and the next one goes on", async (t) => {
  const { odps, root } = await startWorld(t, "sales");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `${story}
block, arrow = written(), written(arrow=True)
tried = {}
for name, size in [["nothing", 0], ["one byte", 1], ["a half", len(block) // 2], ["all but a byte", len(block) - 1]]:
    tried["records, " + name] = put(block[:size])
for name, size in [["nothing", 0], ["one byte", 1], ["a half", len(arrow) // 2], ["all but a byte", len(arrow) - 1]]:
    tried["arrow, " + name] = put(arrow[:size], arrow=True)
for at in range(0, len(block), 53):
    tried["records, byte %d" % at] = put(block[:at] + bytes([block[at] ^ 0x10]) + block[at + 1:])
for at in range(0, len(arrow), 97):
    tried["arrow, byte %d" % at] = put(arrow[:at] + bytes([arrow[at] ^ 0x10]) + arrow[at + 1:], arrow=True)
tried["twice"] = put(block + block)
tried["bytes after"] = put(arrow + b"x", arrow=True)
tried["more columns"] = put(written("wide"))
tried["other types"] = put(written("other"))
tried["as arrow"] = put(block, arrow=True)
tried["as records"] = put(arrow)
tried["a text of 4 GiB"] = put(bytes.fromhex("12ffffffff0f"))
tried["4 G elements"] = put(bytes.fromhex("1affffffff0f"))
tried["a length without end"] = put(b"\\x12" + b"\\xff" * 1000)
tried["gzip"] = put(zlib.compress(block), Content_Encoding="gzip")
tried["deflated once, told twice"] = put(zlib.compress(block), Content_Encoding="deflate, deflate")
tried["not deflated"] = put(block, Content_Encoding="deflate")
tried["half deflated"] = put(zlib.compress(block)[:-20], Content_Encoding="deflate")
tried["a bomb"] = put(zlib.compress(b"\\0" * (1 << 27), 9), Content_Encoding="deflate")
tried["a bomb of a text"] = put(zlib.compress(b"\\x12\\x80\\x80\\x80\\x80\\x04" + b"x" * (1 << 27), 9), Content_Encoding="deflate")
tried["a bomb as arrow"] = put(zlib.compress(b"\\0\\1\\0\\0" + b"\\0" * (1 << 27), 9), arrow=True, Content_Encoding="deflate")
whole = {"x-lz4-frame": pyarrow.compress(block, "lz4", asbytes=True), "zstd": pyarrow.compress(block, "zstd", asbytes=True),
         "x-snappy-framed": snappy_framed(block), "deflate": zlib.compress(block)}
for name, packed in whole.items():
    out[name] = put(packed, Content_Encoding=name)
    for at in range(0, len(packed), max(1, len(packed) // 12)):
        tried["%s, byte %d" % (name, at)] = [taken for taken in [put(packed[:at], Content_Encoding=name), put(packed[:at] + bytes([packed[at] ^ 0x44]) + packed[at + 1:], Content_Encoding=name)]
                                             if taken not in ["InvalidArgument", [None, [0]]]] or "InvalidArgument"
    tried[name + ", of another name"] = [taken for taken in [put(packed, Content_Encoding=other) for other in whole if other != name] if taken != "InvalidArgument"] or "InvalidArgument"
tried["a bomb of lz4"] = put(pyarrow.compress(b"\\0" * (1 << 28), "lz4", asbytes=True), Content_Encoding="x-lz4-frame")
tried["a bomb of zstd"] = put(pyarrow.compress(b"\\0" * (1 << 28), "zstd", asbytes=True), Content_Encoding="zstd")
tried["a bomb of zstd's blocks"] = put(bytes.fromhex("28b52ffd0058") + (struct.pack("<I", (1 << 20) | 2)[:3] + b"\\0") * 100000, Content_Encoding="zstd")
tried["a window of zstd"] = put(bytes.fromhex("28b52ffd00f8") + b"\\0" * 100, Content_Encoding="zstd")
out["after bombs"] = rows("select count(*) from t")
good = pyarrow.table({"a": [1, 2], "b": ["x", "y"], "l": pyarrow.array([[[1]], None], pyarrow.list_(pyarrow.list_(pyarrow.int64())))})
bent = bytearray(batch(good))
length = struct.pack("<q", 2)
for name, with_ in [["rows", 1 << 62], ["rows without memory", 1 << 22], ["negative", -1]]:
    whole = bytes(bent)
    tried["arrow, count: " + name] = put(framed(whole.replace(length, struct.pack("<q", with_))), arrow=True)
for column, other in [["b", pyarrow.array([1, 2], pyarrow.int64())], ["a", pyarrow.array(["x", "y"])], ["l", pyarrow.array([1, 2])]]:
    swapped = good.set_column(good.schema.get_field_index(column), column, other)
    tried["arrow, type of " + column] = put(framed(batch(swapped)), arrow=True)
large = pyarrow.table({"a": pyarrow.repeat(0, 100000), "b": pyarrow.repeat("x" * 1400, 100000), "l": pyarrow.nulls(100000, pyarrow.list_(pyarrow.list_(pyarrow.int64())))})
for codec in ["lz4", "zstd"]:
    tried["arrow, a bomb of " + codec] = put(framed(batch(large.combine_chunks(), compression=codec)), arrow=True)
    packed = batch(pyarrow.concat_tables([good] * 50).combine_chunks(), compression=codec)
    for at in range(len(packed) // 2, len(packed), len(packed) // 20):
        told = put(framed(packed[:at] + bytes([packed[at] ^ 0x44]) + packed[at + 1:]), arrow=True)
        tried["arrow, %s, byte %d" % (codec, at)] = told if told != [None, [0]] else "InvalidArgument"
o.execute_sql("truncate table t")
tried["arrow, more columns"] = put(framed(batch(good.append_column("c", pyarrow.array([1, 2])))), arrow=True)
tried["arrow, fewer columns"] = put(framed(batch(good.drop_columns(["l"]))), arrow=True)
tried["arrow, with a schema"] = put(arrow[:4] + b"\\xff\\xff\\xff\\xff" + arrow[4:], arrow=True)
def broken():
    yield block[: len(block) // 2]
    raise RuntimeError("the client is gone")
tried["cut off"] = put(broken())
for blockid in ["-1", "20000", "1e3", "0x1", "", "99999999999999999999", "0/../1"]:
    tried["block " + blockid] = put(block, blockid=blockid)
for at in range(12):
    tried["much nothing, %d" % at] = put(b"\\x1a\\x01\\x00" * 100000 * (1 + at))
out["tried"] = tried
out["count"] = rows_there()
out["alive"] = [put(block), put(arrow, arrow=True), put(framed(batch(good)), arrow=True)]
out["packed"] = [put(framed(batch(good, compression=codec)), arrow=True) for codec in ["lz4", "zstd"]]
out["taken"] = rows("select count(*), count(l), min(b), max(b) from t")
`,
  );
  const tried = Object.entries(out["tried"] as Record<string, unknown>);
  assert.ok(tried.length > 100, String(tried.length));
  for (const [what, told] of tried) {
    const expected = what === "cut off" ? [["RuntimeError", "the client is gone"], []] : refused;
    assert.deepEqual(told, expected, what);
  }
  assert.deepEqual(out["count"], [0, 0]);
  assert.deepEqual(out["alive"], [
    [null, [0]],
    [null, [0]],
    [null, [0]],
  ]);
  assert.deepEqual(out["taken"], [[206, 203, "text", "y"]]);
  assert.deepEqual(out["packed"], [
    [null, [0]],
    [null, [0]],
  ]);
  for (const name of ["deflate", "x-lz4-frame", "x-snappy-framed", "zstd"])
    assert.deepEqual(out[name], [null, [0]], name);
});

test("a session of the tunnel is its user's and its table's, and ends with the right to it", async (t) => {
  const { odps, root, user, account } = await startWorld(t, "sales", "plain");
  const [ann, bob] = [await user("ann"), await user("bob")];
  const ids = await odps<Record<string, string>>(
    root,
    "sales",
    `${story}
for name in ["ann", "bob"]:
    for query in ["add user RAM$${account}:%s" % name, "grant Select, Update, Describe on table t to user RAM$${account}:%s" % name]:
        o.run_security_query(query)
o.write_table("t", [[1, "x", None]])
out["up"] = tunnel.create_upload_session("t").id
out["down"] = tunnel.create_download_session("t").id
`,
  );
  const script = `
from odps.tunnel import TableTunnel
tunnel = TableTunnel(o)
up = tunnel.create_upload_session("t", upload_id=None)
out["own"] = [up.id, tunnel.create_download_session("t").id]
out["stolen"] = [refused(lambda: tunnel.create_upload_session("t", upload_id="${ids["up"]}")), refused(lambda: tunnel.create_download_session("t", download_id="${ids["down"]}"))]
`;
  const annSaw = await odps<{ own: string[]; stolen: unknown[] }>(ann, "sales", script);
  for (const told of annSaw.stolen) assert.match(JSON.stringify(told), /does not exist or has/);
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
from odps.tunnel import TableTunnel
tunnel = TableTunnel(o)
o.execute_sql("create table twin (a bigint, b string, l array<array<bigint>>)")
out["other table"] = [refused(lambda: tunnel.create_upload_session("twin", upload_id="${ids["up"]}")), refused(lambda: tunnel.create_download_session("twin", download_id="${ids["down"]}"))]
up = tunnel.create_upload_session("t", upload_id="${ids["up"]}")
with up.open_record_writer(0) as writer: writer.write(o.get_table("t").new_record([2, "y", None]))
o.execute_sql("drop table t")
o.execute_sql("create table t (a bigint, b string, l array<array<bigint>>)")
out["made anew"] = refused(lambda: up.commit([0]))
out["rows"] = rows("select count(*) from t")
o.run_security_query("grant Update on table t to user RAM$${account}:bob")
`,
  );
  assert.doesNotMatch(JSON.stringify([out["other table"], out["made anew"]]), /null/);
  assert.deepEqual(out["rows"], [[0]]);
  const bobSaw = await odps<Record<string, unknown>>(
    bob,
    "sales",
    `
from odps.tunnel import TableTunnel
tunnel = TableTunnel(o)
owner = ODPS("${root.accessKeyId}", "${root.secretAccessKey}", "sales", endpoint=o.endpoint)
up = tunnel.create_upload_session("t")
record = up.new_record([2, "y", None])
with up.open_record_writer(0) as writer: writer.write(record)
owner.run_security_query("revoke Update on table t from user RAM$${account}:bob")
out["block"] = refused(lambda: up._client.put(up._table.table_resource(), data=iter([b"x"]), params={"uploadid": up.id, "blockid": "1"}))[0]
out["commit"] = refused(lambda: up.commit([0]))[0]
`,
  );
  assert.match(String(bobSaw["block"]), /NoPermission|TunnelError/);
  assert.match(String(bobSaw["commit"]), /NoPermission|TunnelError/);
});
