import { sparkSettings } from "../../../sql/spark/emit.ts";

/** How Spark reads and writes files so that DuckDB means the same by them, and what its texts rely on. */
export const sparkSqlSettings: Readonly<Record<string, string>> = {
  ...sparkSettings,
  "spark.sql.runSQLOnFiles": "false",
  "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
  "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
  "spark.sql.parquet.compression.codec": "zstd",
  "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
  "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
  "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
  "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
  "spark.sql.shuffle.partitions": "8",
};
