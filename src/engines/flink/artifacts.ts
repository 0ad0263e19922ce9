import { sha256Hex } from "../../lib/hash.ts";
import type { Artifact } from "../pinned-set.ts";

/** One file of the Flink set. */
interface FlinkArtifact extends Artifact {
  /** Folder of the Flink home that it belongs in. */
  readonly folder: string;
}

/** The version of Flink that this Bondstore runs. */
export const flinkVersion = "1.20.5";

/** Flink itself: a source archive that holds the jars of lib, opt and bin. */
export const distribution: FlinkArtifact = {
  from: "pypi",
  name: "apache-flink-libraries==1.20.5",
  file: "apache_flink_libraries-1.20.5.tar.gz",
  sizeBytes: 231_999_354,
  sha256: "e6aee62ea1a1fe7b32e28894ad079f3f1a50a372a4caac3df52405267f4228c8",
  folder: "",
};

/** What is not in the distribution. Versions differ because not every one is published everywhere. */
export const artifacts: readonly FlinkArtifact[] = [
  {
    from: "maven",
    name: "org.apache.flink:flink-connector-kinesis:4.3.0-1.19",
    file: "flink-connector-kinesis-4.3.0-1.19.jar",
    sizeBytes: 60_333_059,
    sha256: "458071bc89150ebe541c19dda851f6d65c12909d42a778ba558630b6332b035b",
    folder: "lib",
  },
  {
    from: "maven",
    name: "joda-time:joda-time:2.8.1",
    file: "joda-time-2.8.1.jar",
    sizeBytes: 621_931,
    sha256: "b4670b95f75957c974284c5f3ada966040be2578f643c5c6083d262162061fa2",
    folder: "lib",
  },
  {
    from: "maven",
    name: "commons-logging:commons-logging:1.2",
    file: "commons-logging-1.2.jar",
    sizeBytes: 61_829,
    sha256: "daddea1ea0be0f56978ab3006b8ac92834afeefbd9b7e4e6316fca57df0fa636",
    folder: "lib",
  },
  {
    from: "maven",
    name: "org.apache.flink:flink-connector-datagen:1.20.5",
    file: "flink-connector-datagen-1.20.5.jar",
    sizeBytes: 22_920,
    sha256: "1f9fd4b0f142f87ea92f443952d257a83d4c1cd0bf0e342ef146e059e93d6ccc",
    folder: "lib",
  },
  {
    from: "maven",
    name: "org.apache.flink:flink-sql-gateway:1.20.3",
    file: "flink-sql-gateway-1.20.3.jar",
    sizeBytes: 1_021_907,
    sha256: "f80e1c5b7a8a9e0bd57bbde5a56ca6731192acce8cfb1bce43e307a33a417c8f",
    folder: "opt",
  },
  {
    from: "maven",
    name: "org.apache.flink:flink-sql-gateway-api:1.20.3",
    file: "flink-sql-gateway-api-1.20.3.jar",
    sizeBytes: 38_554,
    sha256: "f621b1e1fb3a7d20c5ce339fd4980aa71e84aa1f8901215fe2c73ca4a2afb298",
    folder: "opt",
  },
  {
    from: "maven",
    name: "org.apache.flink:flink-s3-fs-hadoop:1.20.1",
    file: "flink-s3-fs-hadoop-1.20.1.jar",
    sizeBytes: 31_260_339,
    sha256: "4dabe5d51519984f88d677c477b99c5e18cec924af2e41816da67df527a5c679",
    folder: "plugins/s3-fs-hadoop",
  },
  {
    from: "maven",
    name: "org.apache.flink:flink-examples-streaming:1.20.0",
    file: "flink-examples-streaming-1.20.0.jar",
    sizeBytes: 124_124,
    sha256: "4b841187f2ab7d4a1e1e348e5d646509fa20d4834a7da0bf45ab2341b5d9df12",
    folder: "examples",
  },
];

/** Changes whenever the set does, so that two sets never share a folder. */
export const setName = `flink-${flinkVersion}-${sha256Hex(
  JSON.stringify([distribution, artifacts]),
).slice(0, 8)}`;
