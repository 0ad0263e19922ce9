import assert from "node:assert/strict";
import { test } from "node:test";
import { opened } from "../../src/engines/duckdb/tunnel/compression/compressions.ts";
import { startWorld } from "../support/warehouse.ts";

/** PyODPS opens Zstandard and LZ4 by packages that are not installed here: pyarrow does their work. */
const packages = `
import base64, pyarrow, types
import odps.tunnel.tabletunnel as tabletunnel, odps.tunnel.instancetunnel as instancetunnel
from odps.tunnel import TableTunnel, CompressOption, InstanceTunnel
def opener(codec):
    class Opener:
        def __init__(self): self.seen = b""
        def decompressobj(self): return self
        def decompress(self, data):
            self.seen += data
            try: return pyarrow.CompressedInputStream(pyarrow.BufferReader(self.seen), codec).read()
            except OSError: return b""
    return Opener
sys.modules["zstandard"] = types.ModuleType("zstandard")
sys.modules["zstandard"].ZstdDecompressor = opener("zstd")
sys.modules["lz4"] = types.ModuleType("lz4")
sys.modules["lz4.frame"] = sys.modules["lz4"].frame = types.ModuleType("lz4.frame")
sys.modules["lz4.frame"].LZ4FrameDecompressor = opener("lz4")
told = []
for module in [tabletunnel, instancetunnel]:
    def noted(response, option=None, opens=module.get_decompress_stream):
        told.append(option.algorithm.value if option else None)
        return opens(response, option)
    module.get_decompress_stream = noted
`;

test("what a client reads is compressed as it asks: records, Arrow, rows of a job", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(
    `${packages}
o.execute_sql("create table t (a bigint, b string, c double)")
o.write_table("t", [[at, "row %d" % (at * 7919 % 1000), at / 7] for at in range(30000)])
tunnel = TableTunnel(o)
job = o.execute_sql("select a, b from t")
for name in ["zstd", "lz4", "zlib", "raw"]:
    session = tunnel.create_download_session("t", compress_option=CompressOption(name))
    with session.open_record_reader(0, 30000, compress=True) as reader: records = [record[0] + len(record[1]) for record in reader]
    with session.open_arrow_reader(5, 29990, compress=True) as reader: arrow = sum(reader.to_pandas()["a"])
    theirs = InstanceTunnel(o).create_download_session(job, compress_option=CompressOption(name))
    with theirs.open_record_reader(0, 30000, compress=True) as reader: rows_of_job = sum(record[0] for record in reader)
    out[name] = [sum(records), int(arrow), rows_of_job, told[:]]
    told.clear()
def raw(encoding):
    answer = session._client.get(session._table.table_resource(), stream=True, actions=["data"], params={"downloadid": session.id, "rowrange": "(0,30000)"}, headers={"Accept-Encoding": encoding})
    return [answer.headers.get("Content-Encoding"), base64.b64encode(answer.raw.read(decode_content=False)).decode()]
out["raw bytes"] = {encoding: raw(encoding) for encoding in ["identity", "x-snappy-framed", "x-lz4-frame", "ZSTD", "gzip, deflate, zstd", "br", "", "zstd;q=1", "x" * 5000]}
`,
  );
  const sum = Array.from({ length: 30_000 }, (_, at) => at + `row ${(at * 7919) % 1000}`.length);
  const numbers = (30_000 * 29_999) / 2;
  const some = numbers - 10 - (29_995 + 29_996 + 29_997 + 29_998 + 29_999);
  for (const [name, algorithm] of Object.entries({ zstd: "ZSTD", lz4: "LZ4", zlib: "ZLIB" }))
    assert.deepEqual(
      out[name],
      [sum.reduce((a, b) => a + b), some, numbers, Array(3).fill(algorithm)],
      name,
    );
  assert.deepEqual((out["raw"] as unknown[])[3], [null, null, null]);
  const told = out["raw bytes"] as Record<string, readonly [encoding: string | null, data: string]>;
  const bytes = (encoding: string) => Buffer.from(told[encoding]?.[1] ?? "", "base64");
  const plain = bytes("identity");
  for (const none of ["gzip, deflate, zstd", "br", "", "zstd;q=1", "x".repeat(5000)]) {
    assert.equal(told[none]?.[0], null, none);
    assert.ok(bytes(none).equals(plain), none);
  }
  for (const [asked, compression] of [
    ["x-snappy-framed", "x-snappy-framed"],
    ["x-lz4-frame", "x-lz4-frame"],
    ["ZSTD", "zstd"],
  ] as const) {
    assert.equal(told[asked]?.[0], compression);
    assert.ok(bytes(asked).length < 0.8 * plain.length);
    const back: Uint8Array[] = [];
    for await (const part of opened(asStream(bytes(asked)), compression)) back.push(part);
    assert.ok(Buffer.concat(back).equals(plain), asked);
  }
});

async function* asStream(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

test("the Storage API's buffers are compressed as its client asks", async (t) => {
  const { asRoot } = await startWorld(t, "sales");
  const out = await asRoot(
    `
import pyarrow
from odps.apis.storage_api import StorageApiArrowClient, TableBatchScanRequest, ReadRowsRequest, Compression
o.execute_sql("create table t (a bigint, b string, c array<string>, d struct<x:double,y:boolean>, e bigint)")
o.execute_sql("""insert into t select a, concat('row ', a % 1000), array('x', cast(a as string)), named_struct('x', a / 7, 'y', a % 2 = 0), null from
  (select explode(sequence(0, 29999)) as a) s""")
client = StorageApiArrowClient(o, o.get_table("t"))
session = client.create_read_session(TableBatchScanRequest())
def whole(compression):
    stream = client.read_rows_stream(ReadRowsRequest(session_id=session.session_id, compression=compression))
    bytes = stream.read()
    return len(bytes), pyarrow.ipc.open_stream(bytes).read_all()
plain, lz4, zstd = [whole(one) for one in [Compression.UNCOMPRESSED, Compression.LZ4_FRAME, Compression.ZSTD]]
out["same"] = [plain[1].num_rows, plain[1].equals(lz4[1]), plain[1].equals(zstd[1])]
out["less"] = [lz4[0] / plain[0], zstd[0] / plain[0]]
`,
  );
  assert.deepEqual(out["same"], [30_000, true, true]);
  for (const share of out["less"] as number[]) assert.ok(share < 0.8, `${share} of the bytes`);
});
