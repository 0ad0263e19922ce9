import { sparkAnswers } from "../sql/answers.ts";
import { clusterTables } from "./tables.ts";

/**
 * The program in the cell that asks a cluster: a client of Spark Connect, which reaches that cluster's server alone. For
 * each question that runs it has a session, tells it how the tables are read, and has it run its queries, the last into
 * the place for its rows. No row comes this way. INVARIANT: as of the program that runs Spark itself.
 */
export const clusterProgram = `
import http.server, json, logging, os, shutil, sys, time
logging.disable(logging.CRITICAL)
from pyspark.sql.connect.client import ChannelBuilder
from pyspark.sql.connect.client.retries import DefaultPolicy
from pyspark.sql.connect.session import SparkSession
${clusterTables}

started = json.loads(sys.argv[1])
told = {"port": started["port"]}
sessions = {}
# A cluster starts processes for each session: one that has done well is used again, while its server keeps it.
idle = []
IDLE_SECONDS = 600
silence = os.open(os.devnull, os.O_WRONLY)
os.dup2(silence, 1)
os.dup2(silence, 2)


class Channel(ChannelBuilder):
    def __init__(self, token):
        super().__init__([("grpc.max_receive_message_length", 16 << 20)], {"user_id": "bondstore"})
        self.bearer = token

    def toChannel(self):
        return self._insecure_channel(started["cluster"])

    @property
    def host(self):
        return "cluster"

    def metadata(self):
        return [("authorization", "Bearer " + self.bearer)] if self.bearer else []


def listed(files):
    # Spark itself reads a path's %E4 as one character for each byte, and the texts count on that.
    parts = lambda path: (part.split("=", 1) for part in path.split("/")[2:-1])
    return [
        {**file, "values": {name: urllib.parse.unquote(value, encoding="latin-1") for name, value in parts(file["name"])}}
        for file in files
    ]


def session_for(token):
    while idle:
        session, used = idle.pop()
        if time.monotonic() - used < IDLE_SECONDS:
            return session
        session.stop()
    session = SparkSession.builder.channelBuilder(Channel(token)).create()
    session.client.set_retry_policies([DefaultPolicy(max_retries=4, max_backoff=2000)])
    return session


def checkpoint(session, step):
    frame = session.sql(step["sql"]).localCheckpoint(eager=True)
    frame.createOrReplaceTempView(step["name"])
    return frame


def run(asked):
    session = session_for(asked["token"])
    sessions[asked["id"]] = session
    try:
        settings = {**started["settings"], "spark.sql.session.timeZone": asked["timezone"]}
        session.conf._set_all(configs=settings, silent=False)
        files = {table["name"]: listed(table["files"]) for table in asked["tables"]}
        session.dataSource.register(source_of(asked["door"], files))
        for table in asked["tables"]:
            reader = session.read.format("bondstore").options(table=table["name"], columns=table["schema"])
            reader.load().createOrReplaceTempView(table["name"])
        # An executor that is lost takes its part of them along: the job fails then, and calculates none of it anew.
        kept = [(step["name"], checkpoint(session, step)) for step in asked["steps"]]
        session.sql(asked["sql"]).write.format("bondstore").mode("append").save()
        for name, _ in kept:
            session.catalog.dropTempView(name)
    except BaseException:
        session.stop()
        raise
    finally:
        del sessions[asked["id"]]
    idle.append((session, time.monotonic()))
    return {"files": []}


def cancel(asked):
    if asked["id"] in sessions:
        sessions[asked["id"]].interruptAll()
    return {}


questions = {"/run": run, "/cancel": cancel, "/drop": lambda asked: {}}
${sparkAnswers}`;
