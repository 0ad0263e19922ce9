import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { cache } from "./python.ts";

/** TPC-H's tables, as a project has them. */
export const tpchTables: Readonly<Record<string, string>> = {
  region: "r_regionkey int, r_name string, r_comment string",
  nation: "n_nationkey int, n_name string, n_regionkey int, n_comment string",
  supplier:
    "s_suppkey bigint, s_name string, s_address string, s_nationkey int, s_phone string, s_acctbal decimal(15,2), s_comment string",
  customer:
    "c_custkey bigint, c_name string, c_address string, c_nationkey int, c_phone string, c_acctbal decimal(15,2), c_mktsegment string, c_comment string",
  part: "p_partkey bigint, p_name string, p_mfgr string, p_brand string, p_type string, p_size int, p_container string, p_retailprice decimal(15,2), p_comment string",
  partsupp:
    "ps_partkey bigint, ps_suppkey bigint, ps_availqty bigint, ps_supplycost decimal(15,2), ps_comment string",
  orders:
    "o_orderkey bigint, o_custkey bigint, o_orderstatus string, o_totalprice decimal(15,2), o_orderdate date, o_orderpriority string, o_clerk string, o_shippriority int, o_comment string",
  lineitem:
    "l_orderkey bigint, l_partkey bigint, l_suppkey bigint, l_linenumber bigint, l_quantity decimal(15,2), l_extendedprice decimal(15,2), l_discount decimal(15,2), l_tax decimal(15,2), l_returnflag string, l_linestatus string, l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct string, l_shipmode string, l_comment string",
};

/** The 22 queries in MaxCompute's dialect, in their order. */
export const tpchQueries = (): readonly string[] =>
  readdirSync("test/tpch")
    .sort()
    .map((name) => readFileSync(join("test/tpch", name), "utf8"));

/** A DuckDB that makes the benchmark's data and knows its queries: for tests and the bench only. */
export async function openTpch(threads = "2"): Promise<DuckDBConnection> {
  const connection = await (await DuckDBInstance.create(":memory:", { threads })).connect();
  await connection.run(`LOAD '${extension()}'`);
  return connection;
}

/** Makes the data at a scale and leaves each table as `<folder>/<table>.parquet`. */
export async function writeTpch(
  connection: DuckDBConnection,
  scale: number,
  folder: string,
): Promise<void> {
  await connection.run(`CALL dbgen(sf = ${scale})`);
  for (const table of Object.keys(tpchTables)) {
    const target = join(folder, `${table}.parquet`);
    await connection.run(`COPY ${table} TO '${target}' (FORMAT parquet, COMPRESSION zstd)`);
  }
}

/** Where the set-up has put DuckDB's extension. */
function extension(): string {
  const lib = join(cache, "tpch", "lib");
  const [python = "missing"] = readdirSync(lib);
  const home = join(lib, python, "site-packages", "duckdb_extension_tpch", "extensions");
  const [version = "missing"] = readdirSync(home);
  return join(home, version, "tpch.duckdb_extension");
}

/** A script of PyODPS that makes the tables and loads them through the tunnel, in Arrow's form. */
export const loadTpch = (folder: string): string => `
import pyarrow, pyarrow.parquet
from odps.tunnel import TableTunnel
def load_tpch(tables=${JSON.stringify(tpchTables)}):
    for name, columns in tables.items():
        o.execute_sql("create table %s (%s)" % (name, columns))
        session = TableTunnel(o).create_upload_session(name)
        with session.open_arrow_writer(0) as writer:
            for batch in pyarrow.parquet.ParquetFile("${folder}/%s.parquet" % name).iter_batches(65536):
                writer.write(batch)
        session.commit([0])
load_tpch()
`;
