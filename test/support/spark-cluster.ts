import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { connect, createServer } from "node:net";
import { delimiter, dirname, join } from "node:path";
import type { TestContext } from "node:test";
import type { ClusterAddress } from "../../src/engines/spark/cluster/address.ts";
import { findSpark } from "../../src/engines/spark/spark-home.ts";
import { temporary } from "./bondstore.ts";
import { cache } from "./python.ts";

/** What a cluster's server asks of its clients. */
const token = "cluster-token";

/**
 * A standalone cluster on this machine, of the distribution that is installed: master, one worker and a Spark Connect
 * server, in processes of their own that end with the test.
 */
export async function startSparkCluster(t: TestContext): Promise<ClusterAddress> {
  const installed = findSpark(cache);
  assert.ok(installed, "npm test installs Spark and Java");
  const { sparkHome, javaHome, packages } = installed;
  const work = temporary(t);
  const [master = 0, worker = 0, connectPort = 0, driver = 0, blocks = 0] = await freePorts(5);
  const env = {
    ...{ PATH: process.env["PATH"], SPARK_HOME: sparkHome, JAVA_HOME: javaHome },
    ...{ SPARK_LOCAL_IP: "127.0.0.1", SPARK_LOCAL_DIRS: work, PYSPARK_PYTHON: "/usr/bin/python3" },
    // Its launcher looks for no directory of a build then.
    SPARK_SCALA_VERSION: "2.13",
    PYTHONPATH: [dirname(sparkHome), packages].join(delimiter),
  };
  const start = (memory: string, ...words: readonly string[]) => {
    const classes = ["-cp", `${sparkHome}/jars/*`];
    const child = spawn(
      join(javaHome, "bin/java"),
      [`-Xmx${memory}`, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", ...classes, ...words],
      {
        cwd: work,
        env,
        stdio: ["ignore", "ignore", process.env["SPARK_LOG"] ? "inherit" : "ignore"],
      },
    );
    t.after(() => ended(child));
  };
  const place = ["--host", "127.0.0.1", "--port"];
  const at = `spark://127.0.0.1:${master}`;
  const masterClass = "org.apache.spark.deploy.master.Master";
  const noRest = "-Dspark.master.rest.enabled=false";
  start("256m", noRest, masterClass, ...place, `${master}`, "--webui-port", "0");
  const one = [...place, `${worker}`, "--webui-port", "0", "--cores", "2", "--memory", "1g"];
  start("256m", "org.apache.spark.deploy.worker.Worker", ...one, "--work-dir", work, at);
  const settings = {
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.connect.grpc.binding.port": connectPort,
    "spark.connect.authenticate.token": token,
    "spark.driver.host": "127.0.0.1",
    "spark.driver.port": driver,
    "spark.blockManager.port": blocks,
    "spark.executor.memory": "768m",
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.warehouse.dir": join(work, "warehouse"),
  };
  start(
    "768m",
    ...opened.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
    ...["org.apache.spark.deploy.SparkSubmit", "--master", at],
    ...Object.entries(settings).flatMap(([name, value]) => ["--conf", `${name}=${value}`]),
    ...["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"],
  );
  await listens(connectPort);
  return { host: "127.0.0.1", port: connectPort, tls: false, token };
}

const opened = ["java.lang", "java.lang.invoke", "java.nio", "java.util", "sun.nio.ch", "java.net"];
const graceMs = 5_000;
const pauseMs = 200;
const startMs = 180_000;

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise((resolve) => child.once("exit", resolve));
  // A worker ends its executors then.
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await over;
  clearTimeout(late);
}

/**
 * Ports by chance, below those that the system gives to connections and to who asks for any: what else runs here takes
 * none of them until the cluster does.
 */
async function freePorts(count: number): Promise<readonly number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = randomInt(10_000, 32_768);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

async function listens(port: number): Promise<void> {
  for (let waited = 0; waited < startMs; waited += pauseMs) {
    const there = await new Promise<boolean>((resolve) => {
      const link = connect(port, "127.0.0.1");
      link.once("connect", () => resolve(true)).once("error", () => resolve(false));
      link.once("connect", () => link.destroy());
    });
    if (there) return;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  assert.fail("the Spark Connect server does not listen");
}
