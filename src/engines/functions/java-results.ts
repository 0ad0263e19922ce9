/** How values come back from a user's code, in Java: by the types of the function's signature. */
export const javaResults = String.raw`
package bondstore;

import com.aliyun.odps.data.Binary;
import com.aliyun.odps.data.Char;
import com.aliyun.odps.data.Struct;
import com.aliyun.odps.data.Varchar;
import java.math.BigDecimal;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

final class Results {
  /** A value that is not of the type that it should have. */
  static final class Wrong extends RuntimeException {}

  private static final DateTimeFormatter MOMENT =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS");

  /** From what a user's code gives to JSON. Throws Wrong. */
  static Values.Convert writer(Map<?, ?> type) {
    Values.Convert convert = plainWriter(type);
    return given -> {
      Object value = Writables.unwrap(given);
      return value == null ? null : convert.of(value);
    };
  }

  private static Values.Convert plainWriter(Map<?, ?> type) {
    switch (Values.kind(type)) {
      case "tinyint":
        return value -> integer(value, Byte.MIN_VALUE, Byte.MAX_VALUE);
      case "smallint":
        return value -> integer(value, Short.MIN_VALUE, Short.MAX_VALUE);
      case "int":
        return value -> integer(value, Integer.MIN_VALUE, Integer.MAX_VALUE);
      case "bigint":
        return value -> integer(value, Long.MIN_VALUE, Long.MAX_VALUE);
      case "boolean":
        return value -> expect(value, Boolean.class);
      case "float":
      case "double":
        return value -> real(expect(value, Number.class).doubleValue());
      case "decimal":
        return value -> expect(value, BigDecimal.class).toPlainString();
      case "date":
        return Results::date;
      case "datetime":
      case "timestamp":
      case "timestamp_ntz":
        return value -> MOMENT.format(moment(value));
      case "binary":
        return value -> Base64.getEncoder().encodeToString(
            value instanceof byte[] ? (byte[]) value : expect(value, Binary.class).data());
      case "array":
        return arrayWriter(writer(Values.part(type, "element")));
      case "map":
        return mapWriter(writer(Values.part(type, "key")), writer(Values.part(type, "value")));
      case "struct":
        return structWriter((List<?>) type.get("fields"));
      default:
        return Results::text;
    }
  }

  private static <Kind> Kind expect(Object value, Class<Kind> kind) {
    if (!kind.isInstance(value)) throw new Wrong();
    return kind.cast(value);
  }

  private static Object integer(Object value, long least, long most) {
    boolean whole = value instanceof Long || value instanceof Integer;
    if (!whole && !(value instanceof Short) && !(value instanceof Byte)) throw new Wrong();
    long number = ((Number) value).longValue();
    if (number < least || number > most) throw new Wrong();
    return number;
  }

  private static String real(double value) {
    if (Double.isNaN(value)) return "nan";
    return Double.isInfinite(value) ? (value < 0 ? "-inf" : "inf") : Double.toString(value);
  }

  private static Object text(Object value) {
    boolean known = value instanceof Varchar || value instanceof Char;
    return known ? value.toString() : expect(value, String.class);
  }

  private static Object date(Object value) {
    if (value instanceof LocalDate) return value.toString();
    return expect(value, java.sql.Date.class).toLocalDate().toString();
  }

  private static LocalDateTime moment(Object value) {
    if (value instanceof LocalDateTime) return (LocalDateTime) value;
    if (value instanceof Timestamp) return ((Timestamp) value).toLocalDateTime();
    if (value instanceof ZonedDateTime) {
      return LocalDateTime.ofInstant(((ZonedDateTime) value).toInstant(), ZoneId.systemDefault());
    }
    Instant instant = value instanceof Instant
        ? (Instant) value
        : Instant.ofEpochMilli(expect(value, Date.class).getTime());
    return LocalDateTime.ofInstant(instant, ZoneId.systemDefault());
  }

  private static Values.Convert arrayWriter(Values.Convert element) {
    return value -> {
      List<Object> out = new ArrayList<>();
      for (Object one : expect(value, List.class)) out.add(element.of(one));
      return out;
    };
  }

  private static Values.Convert mapWriter(Values.Convert key, Values.Convert item) {
    return value -> {
      List<Object> out = new ArrayList<>();
      for (Map.Entry<?, ?> one : ((Map<?, ?>) expect(value, Map.class)).entrySet()) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("key", key.of(one.getKey()));
        entry.put("value", item.of(one.getValue()));
        out.add(entry);
      }
      return out;
    };
  }

  private static Values.Convert structWriter(List<?> fields) {
    List<Values.Convert> writers = new ArrayList<>();
    for (Object field : fields) writers.add(writer(Values.part((Map<?, ?>) field, "type")));
    return value -> {
      List<?> values = value instanceof Struct
          ? ((Struct) value).getFieldValues()
          : expect(value, List.class);
      if (values.size() != writers.size()) throw new Wrong();
      return row(writers, values.toArray());
    };
  }

  /** Values by the names that the query has for them. */
  static Map<String, Object> row(List<Values.Convert> writers, Object[] values) {
    Map<String, Object> out = new LinkedHashMap<>();
    for (int at = 0; at < values.length; at += 1) out.put("f" + at, writers.get(at).of(values[at]));
    return out;
  }
}
`;
