/** How values come to a user's code and back, in Java: by the types of the function's signature. */
export const javaValues = String.raw`
package bondstore;

import com.aliyun.odps.data.Binary;
import com.aliyun.odps.data.Char;
import com.aliyun.odps.data.SimpleStruct;
import com.aliyun.odps.data.Struct;
import com.aliyun.odps.data.Varchar;
import com.aliyun.odps.type.TypeInfo;
import com.aliyun.odps.type.TypeInfoFactory;
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

final class Values {
  /** A value that is not of the type that it should have. */
  static final class Wrong extends RuntimeException {}

  interface Convert {
    Object of(Object value);
  }

  private static final DateTimeFormatter MOMENT =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS");

  private static String kind(Map<?, ?> type) {
    return (String) type.get("kind");
  }

  private static Map<?, ?> part(Map<?, ?> type, String name) {
    return (Map<?, ?>) type.get(name);
  }

  /** From JSON to the object that MaxCompute has for the type. */
  static Convert reader(Map<?, ?> type) {
    Convert convert = plainReader(type);
    return value -> value == null ? null : convert.of(value);
  }

  private static Convert plainReader(Map<?, ?> type) {
    switch (kind(type)) {
      case "tinyint":
        return value -> ((Long) value).byteValue();
      case "smallint":
        return value -> ((Long) value).shortValue();
      case "int":
        return value -> ((Long) value).intValue();
      case "double":
        return value -> number((String) value);
      case "float":
        return value -> (float) number((String) value);
      case "decimal":
        return value -> new BigDecimal((String) value);
      case "varchar":
        return value -> new Varchar((String) value);
      case "char":
        return value -> new Char((String) value);
      case "binary":
        return value -> new Binary(Base64.getMimeDecoder().decode((String) value));
      case "date":
        return value -> java.sql.Date.valueOf((String) value);
      case "datetime":
        return value -> new Date(Timestamp.valueOf((String) value).getTime());
      case "timestamp":
        return value -> Timestamp.valueOf((String) value);
      case "timestamp_ntz":
        return value -> LocalDateTime.parse(((String) value).replace(' ', 'T'));
      case "array":
        return arrayReader(reader(part(type, "element")));
      case "map":
        return mapReader(reader(part(type, "key")), reader(part(type, "value")));
      case "struct":
        return structReader(type);
      default:
        return value -> value;
    }
  }

  /** DuckDB's words for what is no number are not Java's. */
  private static double number(String text) {
    if (text.endsWith("inf")) {
      return text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    return text.endsWith("nan") ? Double.NaN : Double.parseDouble(text);
  }

  private static Convert arrayReader(Convert element) {
    return value -> {
      List<Object> list = new ArrayList<>();
      for (Object one : (List<?>) value) list.add(element.of(one));
      return list;
    };
  }

  private static Convert mapReader(Convert key, Convert item) {
    return value -> {
      Map<Object, Object> map = new LinkedHashMap<>();
      for (Object one : (List<?>) value) {
        Map<?, ?> entry = (Map<?, ?>) one;
        map.put(key.of(entry.get("key")), item.of(entry.get("value")));
      }
      return map;
    };
  }

  private static Convert structReader(Map<?, ?> type) {
    List<String> names = new ArrayList<>();
    List<TypeInfo> types = new ArrayList<>();
    List<Convert> readers = new ArrayList<>();
    for (Object one : (List<?>) type.get("fields")) {
      Map<?, ?> field = (Map<?, ?>) one;
      names.add((String) field.get("name"));
      types.add(info(part(field, "type")));
      readers.add(reader(part(field, "type")));
    }
    return value -> {
      List<Object> fields = new ArrayList<>();
      for (int at = 0; at < names.size(); at += 1) {
        fields.add(readers.get(at).of(((Map<?, ?>) value).get("f" + at)));
      }
      return new SimpleStruct(TypeInfoFactory.getStructTypeInfo(names, types), fields);
    };
  }

  /** The type as the SDK has it. */
  static TypeInfo info(Map<?, ?> type) {
    switch (kind(type)) {
      case "array":
        return TypeInfoFactory.getArrayTypeInfo(info(part(type, "element")));
      case "map":
        return TypeInfoFactory.getMapTypeInfo(info(part(type, "key")), info(part(type, "value")));
      case "struct": {
        List<String> names = new ArrayList<>();
        List<TypeInfo> types = new ArrayList<>();
        for (Object one : (List<?>) type.get("fields")) {
          names.add((String) ((Map<?, ?>) one).get("name"));
          types.add(info(part((Map<?, ?>) one, "type")));
        }
        return TypeInfoFactory.getStructTypeInfo(names, types);
      }
      case "decimal": {
        int precision = ((Long) type.get("precision")).intValue();
        return TypeInfoFactory.getDecimalTypeInfo(precision, ((Long) type.get("scale")).intValue());
      }
      case "varchar":
        return TypeInfoFactory.getVarcharTypeInfo(((Long) type.get("length")).intValue());
      case "char":
        return TypeInfoFactory.getCharTypeInfo(((Long) type.get("length")).intValue());
      default:
        return TypeInfoFactory.getPrimitiveTypeInfo(
            com.aliyun.odps.OdpsType.valueOf(kind(type).toUpperCase()));
    }
  }

  /** As a method takes it that names another class for the type. */
  static Object as(Object value, Class<?> wanted) {
    if (value == null || wanted.isInstance(value)) return value;
    if (com.aliyun.odps.io.Writable.class.isAssignableFrom(wanted)) return Writables.wrap(value);
    if (wanted == byte[].class) return ((Binary) value).data();
    if (wanted == LocalDate.class) return ((java.sql.Date) value).toLocalDate();
    if (wanted == Instant.class) return ((Timestamp) value).toInstant();
    if (wanted == ZonedDateTime.class) {
      return ((Date) value).toInstant().atZone(ZoneId.systemDefault());
    }
    return value;
  }

  /** From what a user's code gives to JSON. Throws Wrong. */
  static Convert writer(Map<?, ?> type) {
    Convert convert = plainWriter(type);
    return given -> {
      Object value = Writables.unwrap(given);
      return value == null ? null : convert.of(value);
    };
  }

  private static Convert plainWriter(Map<?, ?> type) {
    switch (kind(type)) {
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
        return Values::date;
      case "datetime":
      case "timestamp":
      case "timestamp_ntz":
        return value -> MOMENT.format(moment(value));
      case "binary":
        return value -> Base64.getEncoder().encodeToString(
            value instanceof byte[] ? (byte[]) value : expect(value, Binary.class).data());
      case "array":
        return arrayWriter(writer(part(type, "element")));
      case "map":
        return mapWriter(writer(part(type, "key")), writer(part(type, "value")));
      case "struct":
        return structWriter((List<?>) type.get("fields"));
      default:
        return Values::text;
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

  private static Convert arrayWriter(Convert element) {
    return value -> {
      List<Object> out = new ArrayList<>();
      for (Object one : expect(value, List.class)) out.add(element.of(one));
      return out;
    };
  }

  private static Convert mapWriter(Convert key, Convert item) {
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

  private static Convert structWriter(List<?> fields) {
    List<Convert> writers = new ArrayList<>();
    for (Object field : fields) writers.add(writer(part((Map<?, ?>) field, "type")));
    return value -> {
      List<?> values = value instanceof Struct
          ? ((Struct) value).getFieldValues()
          : expect(value, List.class);
      if (values.size() != writers.size()) throw new Wrong();
      return row(writers, values.toArray());
    };
  }

  /** Values by the names that the query has for them. */
  static Map<String, Object> row(List<Convert> writers, Object[] values) {
    Map<String, Object> out = new LinkedHashMap<>();
    for (int at = 0; at < values.length; at += 1) out.put("f" + at, writers.get(at).of(values[at]));
    return out;
  }
}
`;
