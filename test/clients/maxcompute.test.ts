import assert from "node:assert/strict";
import { test } from "node:test";
import { GetSessionTokenCommand, STSClient } from "@aws-sdk/client-sts";
import { startWorld } from "../support/warehouse.ts";

test("PyODPS makes tables, runs SQL and reads results, by CSV and by the tunnel", async (t) => {
  const { odps, root, account } = await startWorld(t, "sales");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
p = o.get_project()
out["owner"] = p.owner
out["one"] = [rows("select 1 as a"), rows("select 1 as a", tunnel=False)]
o.create_table("orders", ("id bigint, customer string, amount double, at datetime, price decimal(10,2)", "ds string"), comment="all of them", lifecycle=30)
o.execute_sql("insert into orders partition (ds='20260101') values (1, 'ann', 1.5, datetime '2026-01-01 10:00:00', 12.30BD), (2, null, 2.5, null, null)")
out["rows"] = rows("select id, customer, amount, price, ds from orders where ds = '20260101' order by id limit 10")
out["tables"] = [table.name for table in o.list_tables()]
table = o.get_table("orders")
out["schema"] = [[c.name, str(c.type).lower()] for c in table.table_schema.columns]
out["about"] = [table.lifecycle, table.comment, table.owner, [str(one) for one in table.partitions]]
out["there"] = [o.exist_table("orders"), o.exist_table("nothing"), table.exist_partition("ds=20260101"), table.exist_partition("ds=20260102")]
out["errors"] = [refused(lambda: o.execute_sql("selec 1"))[0], refused(lambda: o.execute_sql("select * from nothing"))[0],
                 refused(lambda: entry("nowhere").get_project().reload())[0], refused(lambda: o.get_table("nothing").reload())[0]]
instance = o.execute_sql("select 1")
out["instance"] = [instance.is_successful(), instance.is_terminated(), instance.get_sql_query(), list(instance.get_task_names())]
out["progress"] = str(instance.get_task_progress(instance.get_task_names()[0]).stages[0].finished_percentage)
out["listed"] = instance.id in [one.id for one in o.list_instances()]
out["logview"] = "token=bst." in instance.get_logview_address()
`,
  );
  assert.equal(out["owner"], `ALIYUN$${account}`);
  assert.deepEqual(out["one"], [[[1]], [["1"]]]);
  assert.deepEqual(out["rows"], [
    [1, "ann", 1.5, "12.30", "20260101"],
    [2, null, 2.5, null, "20260101"],
  ]);
  assert.deepEqual(out["tables"], ["orders"]);
  assert.deepEqual(out["schema"], [
    ["id", "bigint"],
    ["customer", "string"],
    ["amount", "double"],
    ["at", "datetime"],
    ["price", "decimal(10,2)"],
    ["ds", "string"],
  ]);
  const about = [30, "all of them", `ALIYUN$${account}`, ["ds='20260101'"]];
  assert.deepEqual(out["about"], about);
  assert.deepEqual(out["there"], [true, false, true, false]);
  assert.deepEqual(out["errors"], ["ParseError", "NoSuchTable", "NoSuchProject", "NoSuchObject"]);
  assert.deepEqual(out["instance"], [true, true, "select 1;", ["AnonymousSQLTask"]]);
  assert.equal(out["progress"], "100");
  assert.deepEqual([out["listed"], out["logview"]], [true, true]);
});

test("PyODPS writes and reads tables by records, by Arrow, compressed and as DataFrames", async (t) => {
  const { odps, root } = await startWorld(t, "sales");
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
import datetime, decimal, pandas
from odps.tunnel import TableTunnel, CompressOption
options.local_timezone = False
types = "a bigint, b string, c double, d datetime, e decimal(10,2), f boolean, g array<bigint>, h map<string,bigint>, i date, j binary, k tinyint, l struct<x:bigint,y:string>, m timestamp"
o.execute_sql("create table wide (" + types + ")")
row = [7, "sieben", 7.5, datetime.datetime(2026, 1, 2, 3, 4, 5, 678000), decimal.Decimal("12.30"), True, [1, None, 2], {"x": 1}, datetime.date(2026, 1, 2), b"\\x00\\x01", 3, {"x": 1, "y": "z"}, pandas.Timestamp("2026-01-02 03:04:05.123456789")]
o.write_table("wide", [row, [None] * len(row)])
back = [list(record.values) for record in o.read_table("wide")]
out["same"] = [str(back[0][at]) == str(value) or (at, str(back[0][at]), str(value)) for at, value in enumerate(row) if at not in (11,)]
out["nulls"] = all(value is None for value in back[1])
o.execute_sql("create table many (a bigint, b string)")
o.write_table("many", [[at, "r%d" % at] for at in range(50000)])
tunnel = TableTunnel(o)
session = tunnel.create_download_session("many", compress_option=CompressOption())
with session.open_record_reader(49990, 10, compress=True) as reader:
    out["page"] = [record[0] for record in reader]
with o.get_table("many").open_reader(arrow=True) as reader:
    out["arrow"] = len(reader.to_pandas())
upload = tunnel.create_upload_session("many", compress_option=CompressOption(), overwrite=True)
with upload.open_record_writer(0, compress=True) as writer:
    writer.write(o.get_table("many").new_record([1, "only"]))
import pyarrow, types
class Packer:
    """In the place of a package that PyODPS asks for, and that is not installed here."""
    def __init__(self): self.sink = pyarrow.BufferOutputStream(); self.out = pyarrow.CompressedOutputStream(self.sink, "zstd")
    def compress(self, data): self.out.write(data); return b""
    def flush(self): self.out.close(); return self.sink.getvalue().to_pybytes()
sys.modules["zstandard"] = types.ModuleType("zstandard")
sys.modules["zstandard"].ZstdCompressor = type("ZstdCompressor", (), {"compressobj": lambda self: Packer()})
o.execute_sql("create table packed (a bigint, b string)")
packed = tunnel.create_upload_session("packed", compress_option=CompressOption("zstd"))
with packed.open_arrow_writer(0, compress=True) as writer: writer.write(pyarrow.table({"a": list(range(100000)), "b": ["r%d" % at for at in range(100000)]}))
with packed.open_record_writer(1, compress=True) as writer:
    for at in range(20000): writer.write(packed.new_record([at, "r%d" % at]))
packed.commit([0, 1])
out["zstd"] = rows("select count(*), sum(a), max(b) from packed")
before = rows("select count(*) from many")
upload.commit([0])
out["overwritten"] = [before, rows("select count(*) from many")]
o.write_table("frames", pandas.DataFrame({"x": [1, 2], "y": ["a", None]}), create_table=True)
out["frame"] = [list(record.values) for record in o.get_table("frames").open_reader()]
out["head"] = [list(record.values) for record in o.get_table("frames").head(1)]
o.create_table("parted", ("a bigint", "ds string"))
o.write_table("parted", [[1], [2]], partition="ds=x", create_partition=True)
out["parted"] = rows("select a, ds from parted where ds = 'x' order by a limit 9")
`,
  );
  for (const same of out["same"] as unknown[]) assert.equal(same, true);
  assert.equal(out["nulls"], true);
  assert.deepEqual(
    out["page"],
    Array.from({ length: 10 }, (_, at) => 49_990 + at),
  );
  assert.equal(out["arrow"], 50_000);
  assert.deepEqual(out["zstd"], [[120_000, 4_999_950_000 + 199_990_000, "r99999"]]);
  assert.deepEqual(out["overwritten"], [[[50_000]], [[1]]]);
  assert.deepEqual(out["frame"], [
    [1, "a"],
    [2, null],
  ]);
  assert.deepEqual(out["head"], [[1, "a"]]);
  assert.deepEqual(out["parted"], [
    [1, "x"],
    [2, "x"],
  ]);
});

test("PyODPS signs in version 4, with sessions of STS and with bearer tokens", async (t) => {
  const { odps, root, account, running } = await startWorld(t, "sales");
  const sts = new STSClient(running.client(root));
  t.after(() => sts.destroy());
  const { Credentials } = await sts.send(new GetSessionTokenCommand({}));
  const session = [
    Credentials?.AccessKeyId,
    Credentials?.SecretAccessKey,
    Credentials?.SessionToken,
  ].map((word) => JSON.stringify(word));
  const out = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
from odps import accounts
versions = []
sign = accounts.CloudAccount.calc_auth_str
def noted(self, text, region_name=None):
    versions.append(2 if region_name is None else 4)
    return sign(self, text, region_name)
accounts.CloudAccount.calc_auth_str = noted
def other(account, **more):
    return ODPS(account=account, project="sales", endpoint=o.endpoint, **more)
words = (${session.slice(0, 2).join(", ")})
out["sts"] = rows("select 1", other(accounts.StsAccount(*words, ${session[2]})))
out["no token"] = refused(lambda: other(accounts.CloudAccount(*words)).get_project().reload())[0]
out["version 2"] = 2 in versions
versions.clear()
four = other(accounts.CloudAccount(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]), region_name="us-east-1")
out["four"] = rows("select 4", four)
out["version 4"] = 4 in versions
job = o.execute_sql("select 5 as a")
policy = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["odps:Read"], "Resource": "acs:odps:*:projects/sales/instances/" + job.id}]}
token = o.get_project().generate_auth_token(policy, "bearer", 1)
bearer = other(accounts.BearerTokenAccount(token, expired_hours=None))
out["bearer"] = bearer.get_instance(job.id).is_successful()
out["bound"] = [refused(lambda: bearer.get_project().reload())[0], refused(lambda: list(bearer.list_tables()))[0],
                refused(lambda: bearer.execute_sql("select 1"))[0], refused(lambda: bearer.run_security_query("whoami"))[0],
                refused(lambda: bearer.get_project().generate_auth_token(policy, "bearer", 1))[0]]
forged = token[:-3] + ("A" if token[-3] != "A" else "B") + token[-2:]
out["forged"] = refused(lambda: other(accounts.BearerTokenAccount(forged, expired_hours=None)).get_instance(job.id).reload())[0]
`,
  );
  assert.deepEqual([out["sts"], out["four"], out["bearer"]], [[[1]], [[4]], true]);
  assert.deepEqual([out["version 2"], out["version 4"]], [true, true]);
  assert.deepEqual(
    out["bound"],
    Array.from({ length: 5 }, () => "NoPermission"),
  );
  assert.ok(out["no token"] !== undefined && out["forged"] !== undefined);
  assert.notEqual(out["no token"], null);
  const { trail } = running.bondstore.opened;
  const codes = (await trail.find({ account, limit: 200 })).map(({ event }) => event.errorCode);
  assert.ok(codes.filter((code) => code === "ODPS-0410051").length >= 2, "both are in the trail");
});

test("members have what they are granted, and security commands answer as the client reads them", async (t) => {
  const { odps, root, user, account } = await startWorld(t, "sales");
  const ann = await user("ann");
  const name = `RAM$${account}:ann`;
  await odps(
    root,
    "sales",
    `
o.execute_sql("create table t (a bigint, b string)")
o.execute_sql("insert into t values (1, 'x')")
for query in ["add user ${name}", "create role reader", "grant Select, Describe on table t to role reader", "grant CreateInstance, List, Read on project sales to role reader", "grant reader to ${name}"]:
    o.run_security_query(query)
`,
  );
  const seen = await odps<Record<string, unknown>>(
    ann,
    "sales",
    `
out["rows"] = rows("select * from t")
out["whoami"] = o.run_security_query("whoami")["DisplayName"]
out["write"] = refused(lambda: o.execute_sql("insert into t values (2, 'y')"))
out["make"] = refused(lambda: o.execute_sql("create table u (a bigint)"))[0]
out["drop"] = refused(lambda: o.execute_sql("drop table t"))[0]
out["command"] = refused(lambda: o.run_security_query("add user RAM$${account}:bob"))[0]
out["protect"] = refused(lambda: o.get_project().security_options.reload())[0]
`,
  );
  assert.deepEqual(seen["rows"], [[1, "x"]]);
  assert.equal(seen["whoami"], name);
  const [kind, why] = seen["write"] as [string, string];
  assert.equal(kind, "NoPermission");
  assert.match(why, /You have NO privilege 'odps:Update' on \{acs:odps:\*:projects\/sales/);
  for (const what of ["make", "drop", "command", "protect"])
    assert.equal(seen[what], "NoPermission");
  const told = await odps<Record<string, unknown>>(
    root,
    "sales",
    `
out["users"] = [one.display_name for one in o.list_users()]
out["roles"] = [one.name for one in o.list_roles()]
out["has"] = [one.name for one in o.get_project().users["${name}"].roles]
options_ = o.get_project().security_options
options_.reload()
out["options"] = [options_.check_permission_using_acl, options_.project_protection.protected]
o.get_project().policy = {"Version": "1", "Statement": [{"Effect": "Deny", "Principal": "${name}", "Action": ["odps:Select"], "Resource": "acs:odps:*:projects/sales/tables/t"}]}
out["policy"] = o.get_project().policy["Version"]
`,
  );
  assert.deepEqual(told["users"], [`ALIYUN$${account}`, name]);
  assert.ok((told["roles"] as string[]).includes("reader"));
  assert.deepEqual(told["has"], ["reader"]);
  assert.deepEqual(told["options"], [true, false]);
  assert.equal(told["policy"], "1");
  const denied = await odps<Record<string, unknown>>(
    ann,
    "sales",
    `out["rows"] = refused(lambda: rows("select * from t"))`,
  );
  assert.match((denied["rows"] as string[])[1] ?? "", /Explicitly denied/);
});
