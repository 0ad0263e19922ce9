import type { TaskType } from "../flow.ts";

/** How data is moved in one group of paths. */
export interface EgressGroup {
  readonly kind: "inside" | "cross" | "external" | "download";
  readonly paths: Readonly<Record<string, TaskType>>;
  /**
   * By verdict and reason, the situations as digits: protection, download control, Select, Describe, Download, an
   * exception that matches, a trusted target, a package. `exception:*` ends in the task type of the path, or in
   * `unconditional` where no condition may name that type.
   */
  readonly cases: Readonly<Record<string, readonly string[]>>;
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Every combination of settings and privileges that matters, for every path on which data can leave. */
export const egressGroups: readonly EgressGroup[] = [
  {
    kind: "inside",
    paths: { select_in_project: "SQL", insert_in_project: "SQL" },
    cases: {
      "DENY no-select": words("00000000 10000000"),
      "ALLOW no-outflow": words("00000001 00100000 00100001 10000001 10100000 10100001"),
    },
  },
  {
    kind: "cross",
    paths: {
      ctas_cross_project: "SQL",
      insert_overwrite_cross_project: "SQL",
      multi_insert_cross_project: "SQL",
      merge_into_cross_project: "SQL",
      view_or_mv_in_other_project: "SQL",
      clone_table_cross_project: "SQL",
      udf_write_cross_project: "SQL",
      mapreduce_cross_project: "MapReduce",
      spark_cross_project: "Spark",
      graph_cross_project: "Graph",
      proxima_ce_cross_project: "Proxima",
      pai_cross_project: "PAI",
    },
    cases: {
      "DENY no-select": words(
        "00000000 00000010 00000100 00000110 10000000 10000010 10000100 10000110",
      ),
      "ALLOW unprotected": words(`
        00000001 00000011 00000101 00000111 00100000 00100001 00100010 00100011 00100100
        00100101 00100110 00100111`),
      "ALLOW package-overrides-protection": words(
        "10000001 10000011 10000101 10000111 10100001 10100011 10100101 10100111",
      ),
      "DENY protected": words("10100000"),
      "ALLOW trusted-project": words("10100010 10100110"),
      "ALLOW exception:*": words("10100100"),
    },
  },
  {
    kind: "external",
    paths: {
      udf_write_external_table: "SQL",
      insert_external_table: "SQL",
      unload_to_location: "SQL",
    },
    cases: {
      "DENY no-select": words("00000000 00000100 10000000 10000100"),
      "ALLOW unprotected": words("00000001 00000101 00100000 00100001 00100100 00100101"),
      "ALLOW package-overrides-protection": words("10000001 10000101 10100001 10100101"),
      "DENY protected": words("10100000"),
      "ALLOW exception:*": words("10100100"),
    },
  },
  {
    kind: "download",
    paths: {
      tunnel_download_cli: "DT",
      tunnel_download_sdk: "DT",
      tunnel_download_jdbc: "DT",
      instance_tunnel: "DT",
      storage_api_read: "DT",
    },
    cases: {
      "DENY no-select": words(`
        00000000 00000100 00001000 00001100 00010000 00010100 00011000 00011100 10000000
        10000100 10001000 10001100 10010000 10010100 10011000 10011100`),
      "ALLOW unprotected": words(`
        00000001 00000101 00001001 00001101 00010001 00010101 00011001 00011101 00100000
        00100001 00100100 00100101 00101000 00101001 00101100 00101101 00110000 00110001
        00110100 00110101 00111000 00111001 00111100 00111101`),
      "DENY no-download-privilege": words(`
        01000000 01000001 01000100 01000101 01001000 01001001 01001100 01001101 01010000
        01010001 01010100 01010101 01100000 01100001 01100100 01100101 01101000 01101001
        01101100 01101101 01110000 01110001 01110100 01110101 11000000 11000001 11000100
        11000101 11001000 11001001 11001100 11001101 11010000 11010001 11010100 11010101
        11100000 11100001 11100100 11100101 11101000 11101001 11101100 11101101 11110000
        11110001 11110100 11110101`),
      "ALLOW dc:download+describe": words(`
        01011000 01011001 01011100 01011101 01111000 01111001 01111100 01111101 11011000
        11011001 11011100 11011101 11111000 11111001 11111100 11111101`),
      "ALLOW package-overrides-protection": words(`
        10000001 10000101 10001001 10001101 10010001 10010101 10011001 10011101 10100001
        10100101 10101001 10101101 10110001 10110101 10111001 10111101`),
      "DENY protected": words("10100000 10101000 10110000 10111000"),
      "ALLOW exception:*": words("10100100 10101100 10110100 10111100"),
    },
  },
];
