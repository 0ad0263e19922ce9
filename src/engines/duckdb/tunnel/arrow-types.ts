import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  Decimal,
  Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  IntervalYearMonth,
  List,
  Map_,
  Schema,
  Struct,
  TimestampMillisecond,
  TimestampNanosecond,
  Utf8,
} from "apache-arrow";
import type { Column, SqlType } from "../../../sql/types.ts";

/** Without its schema, as the tunnel has it, or with. `preview` has points in time as seconds and nanoseconds. */
export type ArrowForm = "arrow" | "stream" | "preview";

const plain: Partial<Record<SqlType["kind"], () => DataType>> = {
  tinyint: () => new Int8(),
  smallint: () => new Int16(),
  int: () => new Int32(),
  bigint: () => new Int64(),
  float: () => new Float32(),
  double: () => new Float64(),
  boolean: () => new Bool(),
  binary: () => new Binary(),
  date: () => new DateDay(),
  datetime: () => new TimestampMillisecond(),
  interval_year_month: () => new IntervalYearMonth(),
};

/** The Arrow type that clients expect for a type of MaxCompute. */
function arrowType(type: SqlType, form: ArrowForm): DataType {
  switch (type.kind) {
    case "decimal":
      return new Decimal(type.scale, type.precision, 128);
    case "timestamp":
    case "timestamp_ntz":
      return form === "preview" ? secondsAndNanos() : new TimestampNanosecond();
    case "interval_day_time":
      return secondsAndNanos();
    case "array":
      return new List(new Field("item", arrowType(type.element, form), true));
    case "map": {
      const key = new Field("key", arrowType(type.key, form), false);
      const value = new Field("value", arrowType(type.value, form), true);
      return new Map_(
        new Field("entries", new Struct<{ key: DataType; value: DataType }>([key, value]), false),
      );
    }
    case "struct":
      return new Struct(
        type.fields.map((field) => new Field(field.name, arrowType(field.type, form), true)),
      );
    default:
      return plain[type.kind]?.() ?? new Utf8();
  }
}

const secondsAndNanos = (): DataType =>
  new Struct([new Field("sec", new Int64(), true), new Field("nano", new Int32(), true)]);

/** The Arrow schema of a table. */
export const arrowSchema = (columns: readonly Column[], form: ArrowForm): Schema =>
  new Schema(columns.map(({ name, type }) => new Field(name, arrowType(type, form), true)));
