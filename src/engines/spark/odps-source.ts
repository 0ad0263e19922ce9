/**
 * Tables of the warehouse as a source of Spark's, as text: a module that Spark finds by its name, so that
 * `spark.read.format("odps")` works in every language. It is a client of the tunnel, by PyODPS, with what the
 * environment says.
 */
export const odpsSource = `
import pyarrow as pa
from odps import ODPS, errors, options, types
from odps.tunnel import TableTunnel
from odps.tunnel.io.types import odps_schema_to_arrow_schema
from pyspark.sql import types as spark
from pyspark.sql.datasource import (
    DataSource, DataSourceArrowWriter, DataSourceReader, InputPartition, WriterCommitMessage
)
from pyspark.sql.pandas.types import to_arrow_schema

ROWS_OF_A_PART = 1_000_000

SIMPLE = {
    "tinyint": spark.ByteType(), "smallint": spark.ShortType(), "int": spark.IntegerType(),
    "bigint": spark.LongType(), "float": spark.FloatType(), "double": spark.DoubleType(),
    "boolean": spark.BooleanType(), "string": spark.StringType(), "binary": spark.BinaryType(),
    "date": spark.DateType(), "datetime": spark.TimestampType(), "timestamp": spark.TimestampType(),
    "timestamp_ntz": spark.TimestampNTZType(),
}


def entry():
    """The project of the job, as who has submitted it."""
    # Instants as they are, not as a clock shows them.
    options.local_timezone = False
    return ODPS.from_environments()


def spark_type(kind):
    if isinstance(kind, types.Array):
        return spark.ArrayType(spark_type(kind.value_type))
    if isinstance(kind, types.Map):
        return spark.MapType(spark_type(kind.key_type), spark_type(kind.value_type))
    if isinstance(kind, types.Struct):
        fields = kind.field_types.items()
        return spark.StructType([spark.StructField(name, spark_type(one)) for name, one in fields])
    if isinstance(kind, types.Decimal):
        return spark.DecimalType(kind.precision or 38, 18 if kind.scale is None else kind.scale)
    if isinstance(kind, (types.Varchar, types.Char)):
        return spark.StringType()
    return SIMPLE[kind.name.lower()]


def table_of(given):
    name = given.get("table") or given.get("path")
    if not name:
        raise ValueError("name a table: option('table', …), load(…) or save(…)")
    return entry().get_table(name)


class Part(InputPartition):
    def __init__(self, partition, session, start, count):
        self.partition, self.session, self.start, self.count = partition, session, start, count


class Blocks(WriterCommitMessage):
    def __init__(self, blocks):
        self.blocks = blocks


class Reader(DataSourceReader):
    def __init__(self, given, schema):
        self.given, self.schema = given, schema

    def partitions(self):
        table = table_of(self.given)
        tunnel = TableTunnel(table.odps)
        asked = self.given.get("partition")
        if not table.table_schema.partitions:
            wanted = [None]
        elif asked:
            wanted = [asked]
        else:
            wanted = [str(one.partition_spec) for one in table.partitions]
        parts = []
        for partition in wanted:
            session = tunnel.create_download_session(table, partition_spec=partition)
            for start in range(0, session.count, ROWS_OF_A_PART):
                count = min(ROWS_OF_A_PART, session.count - start)
                parts.append(Part(partition, session.id, start, count))
        return parts

    def read(self, part):
        if part is None:
            return
        table = table_of(self.given)
        tunnel = TableTunnel(table.odps)
        session = tunnel.create_download_session(
            table, partition_spec=part.partition, download_id=part.session
        )
        values = dict(types.PartitionSpec(part.partition).kv) if part.partition else {}
        stored = [one.name for one in table.table_schema.simple_columns]
        fields = [to_arrow_schema(spark.StructType([field])).field(0) for field in self.schema.fields]
        columns = [field.name for field in fields if field.name in stored] or stored[:1]
        with session.open_arrow_reader(part.start, part.count, columns=columns) as reader:
            for batch in reader:
                yield pa.RecordBatch.from_arrays(
                    [
                        pa.array([values[field.name]] * batch.num_rows).cast(field.type)
                        if field.name in values
                        else batch.column(field.name).cast(field.type, safe=False)
                        for field in fields
                    ],
                    schema=pa.schema(fields),
                )


class Writer(DataSourceArrowWriter):
    def __init__(self, given, schema, overwrite):
        table = table_of(given)
        self.given, self.overwrite, self.partition = given, overwrite, given.get("partition")
        own = [column.name for column in table.table_schema.simple_columns]
        if sorted(own) != sorted(name.lower() for name in schema.fieldNames()):
            raise ValueError("columns to write are those of the table: " + ", ".join(own))
        self.id = self.session(table).id

    def session(self, table, upload_id=None):
        return TableTunnel(table.odps).create_upload_session(
            table, partition_spec=self.partition, overwrite=self.overwrite, upload_id=upload_id,
            create_partition=bool(self.partition) and upload_id is None,
        )

    def write(self, batches):
        from pyspark import TaskContext

        table = table_of(self.given)
        block = TaskContext.get().partitionId()
        schema = odps_schema_to_arrow_schema(table.table_schema)
        wrote = False
        with self.session(table, self.id).open_arrow_writer(block) as writer:
            for batch in batches:
                given = {name.lower(): batch.column(at) for at, name in enumerate(batch.schema.names)}
                columns = [given[field.name].cast(field.type) for field in schema]
                writer.write(pa.RecordBatch.from_arrays(columns, schema=schema))
                wrote = True
        return Blocks([block])

    def commit(self, messages):
        blocks = [block for message in messages if message for block in message.blocks]
        self.session(table_of(self.given), self.id).commit(blocks)

    def abort(self, messages):
        """What was not committed is not in the table."""


class DefaultSource(DataSource):
    @classmethod
    def name(cls):
        return "odps"

    def schema(self):
        columns = table_of(self.options).table_schema.columns
        return spark.StructType(
            [spark.StructField(column.name, spark_type(column.type)) for column in columns]
        )

    def reader(self, schema):
        return Reader(dict(self.options), schema)

    def writer(self, schema, overwrite):
        return Writer(dict(self.options), schema, overwrite)
`;
