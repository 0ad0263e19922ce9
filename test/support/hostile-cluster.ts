import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { delimiter, dirname } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import type { ClusterAddress } from "../../src/engines/spark/cluster/address.ts";
import type { JobDoor } from "../../src/engines/spark/cluster/cluster.ts";
import { findSpark } from "../../src/engines/spark/spark-home.ts";
import { cache } from "./python.ts";

/**
 * A Spark Connect server that runs nothing: told what it was asked to run, it does with a job's credentials what a test
 * says. Commands and answers are lines of JSON.
 */
const program = `
import io, json, queue, sys, threading, time, uuid
from concurrent.futures import ThreadPoolExecutor
import grpc
import pyarrow as pa
import pyarrow.parquet as parquet
from pyspark import cloudpickle
from pyspark.sql.connect.proto import base_pb2 as base, base_pb2_grpc as services

commands, answers = queue.Queue(), threading.Lock()

def tell(value):
    with answers:
        print(json.dumps(value), flush=True)

class Hostile(services.SparkConnectServiceServicer):
    known = {}

    def Config(self, request, context):
        return base.ConfigResponse(session_id=request.session_id, server_side_session_id="s")

    def AnalyzePlan(self, request, context):
        return base.AnalyzePlanResponse(session_id=request.session_id, server_side_session_id="s")

    def ReleaseExecute(self, request, context):
        return base.ReleaseExecuteResponse(session_id=request.session_id, server_side_session_id="s")

    def ReleaseSession(self, request, context):
        return base.ReleaseSessionResponse(session_id=request.session_id, server_side_session_id="s")

    def Interrupt(self, request, context):
        time.sleep(3600)

    def answer(self, request, **more):
        return base.ExecutePlanResponse(
            session_id=request.session_id, server_side_session_id="s",
            operation_id=request.operation_id, response_id=str(uuid.uuid4()), **more)

    def ExecutePlan(self, request, context):
        command = request.plan.command
        if command.HasField("register_data_source"):
            kind = cloudpickle.loads(command.register_data_source.python_data_source.command)
            Hostile.known[request.session_id] = kind({}).writer(None, False)
        if command.HasField("write_operation"):
            writer = Hostile.known[request.session_id]
            Door = type(writer).commit.__globals__["Door"]
            tell({"asked": writer.told})
            while True:
                asked = commands.get()
                if asked["do"] == "end":
                    break
                if asked["do"] == "flood":
                    while context.is_active():
                        yield self.answer(request, extension={"value": bytes(1 << 20)})
                    return
                tell(done(Door, {**writer.told, **asked.get("as", {})}, asked))
        yield self.answer(request, result_complete={})

def plain(Door):
    """A door at which who has no token sends none."""
    def connect(self):
        link = Door.connect(self)
        ask = link.request
        link.request = lambda method, path, body, headers: ask(
            method, path, body, {name: value for name, value in headers.items() if value})
        return link
    return type("Plain", (Door,), {"connect": connect})

def done(Door, told, asked):
    try:
        body = None
        if "rows" in asked:
            file = io.BytesIO()
            parquet.write_table(pa.table(asked["rows"]), file)
            body = file.getvalue()
        elif "text" in asked:
            body = asked["text"].encode()
        given = plain(Door)(told).ask(asked["method"], asked["query"], body, len(body or b""))
        return {"bytes": len(given)}
    except Exception as error:
        return {"refused": str(error)}

server = grpc.server(ThreadPoolExecutor(16))
services.add_SparkConnectServiceServicer_to_server(Hostile(), server)
tell({"port": server.add_insecure_port("127.0.0.1:0")})
server.start()
for line in sys.stdin:
    asked = json.loads(line)
    if asked["do"] == "late":
        Door = type(next(iter(Hostile.known.values()))).commit.__globals__["Door"]
        tell(done(Door, asked["as"], asked))
    else:
        commands.put(asked)
`;

/** What such a cluster is told to ask at the front door. */
interface Ask {
  readonly method: "GET" | "PUT";
  readonly query: Readonly<Record<string, string>>;
  /** Changes of what the job was given. */
  readonly as?: Partial<JobDoor>;
  readonly text?: string;
  /** Columns of a file of Parquet. */
  readonly rows?: Readonly<Record<string, readonly unknown[]>>;
}

export interface HostileCluster {
  readonly address: ClusterAddress;
  /** What the next job has of the front door, once it runs here. */
  asked(): Promise<JobDoor>;
  /** Asks at the front door, within the job: how many bytes came, or what was refused. */
  ask(asked: Ask): Promise<{ readonly bytes?: number; readonly refused?: string }>;
  /** The same when no job runs any more. */
  late(asked: Ask & { readonly as: JobDoor }): ReturnType<HostileCluster["ask"]>;
  /** Says that all is done, or answers without end. */
  say(what: "end" | "flood"): void;
}

/** Starts one; it ends with the test. */
export async function startHostileCluster(t: TestContext): Promise<HostileCluster> {
  const installed = findSpark(cache);
  assert.ok(installed?.client, "npm test installs Spark and its client");
  const libraries = [dirname(installed.sparkHome), installed.packages, installed.client];
  const child = spawn("/usr/bin/python3", ["-c", program], {
    env: { PATH: process.env["PATH"], PYTHONPATH: libraries.join(delimiter) },
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const line = await lines.next();
    assert.ok(!line.done, "the hostile cluster ended");
    return JSON.parse(line.value);
  };
  const send = (command: object) => void child.stdin.write(`${JSON.stringify(command)}\n`);
  const { port } = await next();
  return {
    address: { host: "127.0.0.1", port, tls: false },
    asked: async () => (await next()).asked,
    ask(asked) {
      send({ do: "ask", ...asked });
      return next();
    },
    late(asked) {
      send({ do: "late", ...asked });
      return next();
    },
    say: (what) => send({ do: what }),
  };
}
