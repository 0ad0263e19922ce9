/**
 * The files that a job reads, as a source of Spark's, and the one place that it writes to, as a sink: text of Python that
 * the program in the cell sends to the cluster, whose executors come with it to the front door. `door` is what a job has
 * of it: its credentials, and who vouches for the address.
 */
export const clusterTables = `
import base64, email.utils, hashlib, hmac, http.client, io, json, ssl, tempfile, urllib.parse
from concurrent.futures import ThreadPoolExecutor
import pyarrow as pa
import pyarrow.parquet as parquet
from pyspark.sql.datasource import (
    DataSource, DataSourceArrowWriter, DataSourceReader, InputPartition, WriterCommitMessage
)
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

PART_BYTES = 64 << 20
ANSWER_BYTES = 16 << 20
WAIT_SECONDS = 300


class Door:
    def __init__(self, told):
        self.told, self.link = told, None

    def connect(self):
        url = urllib.parse.urlsplit(self.told["endpoint"])
        if url.scheme == "https":
            trust = ssl.create_default_context(cadata=self.told["ca"])
            return http.client.HTTPSConnection(url.hostname, url.port, context=trust, timeout=WAIT_SECONDS)
        return http.client.HTTPConnection(url.hostname, url.port, timeout=WAIT_SECONDS)

    def ask(self, method, query, body=None, length=None):
        told = self.told
        date = email.utils.formatdate(usegmt=True)
        kind = "" if body is None else "application/octet-stream"
        named = "&".join(name + "=" + value for name, value in sorted(query.items()))
        text = "\\n".join([method, "", kind, date, told["path"] + "?" + named])
        mac = hmac.new(told["secret"].encode(), text.encode(), hashlib.sha1).digest()
        headers = {
            "Date": date,
            "Authorization": "ODPS " + told["key"] + ":" + base64.b64encode(mac).decode(),
            "authorization-sts-token": told["token"],
        }
        if body is not None:
            headers.update({"Content-Type": kind, "Content-Length": str(length)})
        for last in (body is not None or self.link is None, True):
            self.link = self.link or self.connect()
            try:
                self.link.request(method, told["path"] + "?" + urllib.parse.urlencode(query), body, headers)
                answer = self.link.getresponse()
                given = answer.read()
                break
            except (OSError, http.client.HTTPException):
                self.link = None
                if last:
                    raise
        if answer.status >= 300:
            raise OSError("the front door refuses: " + given[:2000].decode("utf-8", "replace"))
        return given


class RemoteFile(io.RawIOBase):
    def __init__(self, door, at, size):
        self.door, self.file, self.size, self.place = door, at, size, 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self.place

    def seek(self, offset, whence=0):
        self.place = offset + (0, self.place, self.size)[whence]
        return self.place

    def readall(self):
        return self.read(self.size - self.place)

    def read(self, count=-1):
        end = self.size if count is None or count < 0 else min(self.size, self.place + count)
        pieces = []
        while self.place < end:
            upto = min(end, self.place + ANSWER_BYTES)
            query = {"sparkfile": str(self.file), "start": str(self.place), "end": str(upto)}
            piece = self.door.ask("GET", query)
            if len(piece) != upto - self.place:
                raise OSError("a file came short")
            pieces.append(piece)
            self.place = upto
        return b"".join(pieces)


def opened(told, file):
    return parquet.ParquetFile(pa.PythonFile(RemoteFile(Door(told), file["at"], file["size"]), mode="r"), pre_buffer=True)


class Part(InputPartition):
    def __init__(self):
        self.groups, self.bytes = {}, 0


class Reader(DataSourceReader):
    def __init__(self, told, files, schema):
        self.told, self.files, self.schema = told, files, schema

    def groups(self, index):
        known = opened(self.told, self.files[index]).metadata
        return [(index, at, known.row_group(at).total_byte_size) for at in range(known.num_row_groups)]

    def partitions(self):
        parts = [Part()]
        with ThreadPoolExecutor(8) as pool:
            for index, at, size in (one for some in pool.map(self.groups, range(len(self.files))) for one in some):
                if parts[-1].bytes > 0 and parts[-1].bytes + size > PART_BYTES:
                    parts.append(Part())
                parts[-1].groups.setdefault(index, []).append(at)
                parts[-1].bytes += size
        return parts

    def read(self, part):
        fields = [to_arrow_schema(StructType([field])).field(0) for field in self.schema.fields]
        for index, groups in part.groups.items():
            file = opened(self.told, self.files[index])
            values = self.files[index]["values"]
            stored = file.schema_arrow.names
            columns = [field.name for field in fields if field.name in stored] or stored[:1]
            for batch in file.iter_batches(row_groups=groups, columns=columns):
                yield pa.RecordBatch.from_arrays(
                    [
                        pa.array([values[field.name]] * batch.num_rows, field.type)
                        if field.name in values
                        else batch.column(field.name).cast(field.type, safe=False)
                        if field.name in stored
                        else pa.nulls(batch.num_rows, field.type)
                        for field in fields
                    ],
                    schema=pa.schema(fields),
                )


class Done(WriterCommitMessage):
    def __init__(self, name):
        self.name = name


class Writer(DataSourceArrowWriter):
    def __init__(self, told, schema):
        self.told, self.schema = told, schema

    def write(self, batches):
        from pyspark import TaskContext

        context = TaskContext.get()
        name = "%05d-%d" % (context.partitionId(), context.taskAttemptId())
        with tempfile.TemporaryFile() as file:
            rows = None
            for batch in batches:
                rows = rows or parquet.ParquetWriter(file, batch.schema, compression="zstd")
                rows.write_batch(batch)
            (rows or parquet.ParquetWriter(file, to_arrow_schema(self.schema))).close()
            size = file.tell()
            file.seek(0)
            Door(self.told).ask("PUT", {"sparkpart": name}, file, size)
        return Done(name)

    def commit(self, messages):
        text = json.dumps([one.name for one in messages if one]).encode()
        Door(self.told).ask("PUT", {"sparkcommit": "1"}, text, len(text))

    def abort(self, messages):
        pass


def source_of(told, files):
    class Tables(DataSource):
        @classmethod
        def name(cls):
            return "bondstore"

        def schema(self):
            return self.options["columns"]

        def reader(self, schema):
            return Reader(told, files[self.options["table"]], schema)

        def writer(self, schema, overwrite):
            return Writer(told, schema)

    return Tables
`;
